\set n random(1, :users)
select bench.spend(md5(:name || :n)::uuid, 2);
