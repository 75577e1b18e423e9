\set n random(1, :users)
select public.spend(md5(:name || :n)::uuid, 'docx_processing', 1, md5(random()::text));
