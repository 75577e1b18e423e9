-- Foundations: the schema `private`, closed defaults, and the one way to say no.
--
-- Does:  creates schema `private` (PostgREST does not expose it) and stops new objects of this
--        role in `public` from being granted to anon, authenticated, service_role and PUBLIC.
--        Objects that exist already keep their grants.
-- Locks: none that matter.
-- Undo:  drop schema private cascade;
--        alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
--        (likewise sequences, functions) and
--        alter default privileges grant execute on functions to public;

create schema private;
revoke all on schema private from public;

-- Supabase grants everything in `public` to the API roles by default. Tomorrow's table must not
-- be open because somebody forgot a line: from here on, each grant is written beside its object.
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;
alter default privileges revoke execute on functions from public;

-- Ends the transaction with a problem that the HTTP layer passes on unchanged.
-- p_status is the HTTP status, p_code the contract's stable word, p_detail the sentence a person
-- can act on, p_members extra members of the answer. PostgREST turns SQLSTATE PTxxx into status
-- xxx (https://postgrest.org/en/stable/references/errors.html).
create function private.fail(p_status integer, p_code text, p_detail text, p_members jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT' || p_status, message = p_code, hint = p_detail, detail = p_members::text;
end
$$;

create function private.fail_for_reused_key()
returns void
language sql
set search_path = ''
as $$
  select private.fail(409, 'idempotency_conflict',
    'This Idempotency-Key was used for a different request. Use a new key.')
$$;

-- Whoever moves money or credits must exist and be neither deleted, banned nor anonymous: a token
-- outlives all three by up to an hour.
create function private.require_active_user(p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (
    select from auth.users u
    where u.id = p_user_id
      and u.deleted_at is null
      and (u.banned_until is null or u.banned_until <= now())
      and u.is_anonymous is not true
  ) then
    perform private.fail(403, 'forbidden', 'This account may not buy or spend credits.');
  end if;
end
$$;
