\set n random(1, :users)
select public.hold(md5(:name || :n)::uuid, 'docx_processing', 1, 900, md5(random()::text)) ->> 'hold_id' as hold_id \gset
select public.capture(:hold_id);
