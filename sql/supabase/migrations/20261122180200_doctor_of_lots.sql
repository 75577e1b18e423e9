-- The doctor, of lots: their row security is that of a table in schema private now.
--
-- Does:  replaces health_report() of the file on the doctor; `relations` names each one's schema, and has what
--        callers read of schema private through views.
-- Locks: none.
-- Undo:  create it anew as it stands in that file.

-- {now, server_version, migrations, roles, relations, functions, private_schema_open_to,
-- default_privileges_open_to, ledger_is_append_only, holds_test_credits, failed_events, last_event_at,
-- broken_laws}:
--   migrations       versions that the Supabase CLI has applied; null where it never did
--   roles            {name: {bypasses_row_security, authenticator_may_become}} of those there are
--   relations        of schema public, and what callers read of schema private through views: {schema, name,
--                    is_table, row_security, security_invoker, policies (their number), grants: {anon:
--                    [privilege], authenticated: […]}}
--   functions        {name, search_path_is_pinned, callers: [anon, authenticated]}
--   holds_test_credits  whether credits were bought with test money: the ledger does not tell them apart
--   broken_laws      {count, first: the first ten rows of private.audit()}; it reads all the books, so
--                    null without p_with_audit
create or replace function public.health_report(p_with_audit boolean default true)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_migrations jsonb;
  v_laws jsonb;
begin
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    execute 'select jsonb_agg(version order by version) from supabase_migrations.schema_migrations' into v_migrations;
  end if;
  if p_with_audit then
    select jsonb_build_object('count', count(*), 'first', coalesce(jsonb_agg(law) filter (where n <= 10), '[]'))
    into v_laws
    from (select to_jsonb(broken) as law, row_number() over () as n from private.audit() broken) laws;
  end if;

  return (
    with role as (
      select r.oid, r.rolname as name, r.rolbypassrls from pg_catalog.pg_roles r
      where r.rolname in ('anon', 'authenticated', 'service_role', 'authenticator')
    ), caller as (
      select * from role where name in ('anon', 'authenticated')
    ), relation as (
      select c.oid, n.nspname as schema, c.relname as name,
             c.relkind in ('r', 'p') as is_table, c.relrowsecurity as row_security,
             coalesce('security_invoker=true' = any (c.reloptions), false) as security_invoker,
             (select count(*) from pg_catalog.pg_policy p where p.polrelid = c.oid) as policies
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm') and (n.nspname = 'public' or n.nspname = 'private' and exists (
        select from caller where has_any_column_privilege(caller.oid, c.oid, 'select, insert, update, references')))
    ), granted as (
      select relation.oid, caller.name as caller, jsonb_agg(privilege order by privilege) as privileges
      from relation, caller,
           unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) privilege
      where has_table_privilege(caller.oid, relation.oid, privilege)
         or privilege in ('select', 'insert', 'update', 'references')
            and has_any_column_privilege(caller.oid, relation.oid, privilege)
      group by relation.oid, caller.name
    ), routine as (
      select p.proname as name, coalesce(p.proconfig, '{}') && array['search_path=""', 'search_path='''''] as is_pinned,
             (select coalesce(jsonb_agg(caller.name order by caller.name), '[]') from caller
              where has_function_privilege(caller.oid, p.oid, 'execute')) as callers
      from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace
    )
    select jsonb_build_object(
      'now', clock_timestamp(),
      'server_version', current_setting('server_version'),
      'migrations', v_migrations,
      'roles', (
        select coalesce(jsonb_object_agg(role.name, jsonb_build_object(
          'bypasses_row_security', role.rolbypassrls,
          'authenticator_may_become', coalesce((
            select pg_has_role(authenticator.oid, role.oid, 'member') from role authenticator
            where authenticator.name = 'authenticator'), false))), '{}')
        from role),
      'relations', (
        select coalesce(jsonb_agg(to_jsonb(relation) - 'oid' || jsonb_build_object('grants', (
          select coalesce(jsonb_object_agg(caller, privileges), '{}') from granted where granted.oid = relation.oid))
          order by schema desc, name), '[]')
        from relation),
      'functions', (
        select coalesce(jsonb_agg(jsonb_build_object(
          'name', name, 'search_path_is_pinned', is_pinned, 'callers', callers) order by name), '[]')
        from routine),
      'private_schema_open_to', (
        select coalesce(jsonb_agg(name order by name), '[]') from caller
        where has_schema_privilege(caller.oid, 'private', 'usage')),
      'default_privileges_open_to', (
        select coalesce(jsonb_agg(distinct caller.name), '[]')
        from pg_catalog.pg_default_acl d
        cross join lateral aclexplode(d.defaclacl) acl
        join caller on caller.oid = acl.grantee
        where d.defaclnamespace = 'public'::regnamespace and d.defaclrole = current_user::regrole),
      'ledger_is_append_only', exists (
        select from pg_catalog.pg_trigger t
        where t.tgrelid = 'public.credit_transactions'::regclass
          and t.tgfoid = 'private.refuse_change()'::regprocedure and t.tgenabled <> 'D'),
      'holds_test_credits', exists (
        select from public.payment_orders where not livemode and credits_granted > 0),
      'failed_events', (select count(*) from public.stripe_events where status = 'failed'),
      'last_event_at', (select max(received_at) from public.stripe_events),
      'broken_laws', v_laws));
end
$$;
