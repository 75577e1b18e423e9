-- Known by their text: which functions of this database are what the files make, and which are older or
-- were changed by hand.
--
-- Does:  creates get_function_hashes, which only the service may call.
-- Locks: none.
-- Undo:  drop function public.get_function_hashes;

-- {"schema.name": [MD5 of the body, for each function of that name]} of the schemas public and private.
-- Line ends count as \n, however the text came here.
create function public.get_function_hashes()
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_object_agg(name, hashes)
  from (
    select n.nspname || '.' || p.proname as name, jsonb_agg(md5(replace(p.prosrc, E'\r', ''))) as hashes
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private')
    group by 1
  ) functions
$$;
revoke all on function public.get_function_hashes() from public, anon, authenticated, service_role;
grant execute on function public.get_function_hashes() to service_role;
