-- The roles of a hosted Supabase project (facts: github.com/supabase/postgres, migrations/db).
-- The superuser supabase_admin runs this; initdb made it.

-- What people and migrations connect as: powerful, and not a superuser.
create role postgres login createrole createdb replication bypassrls;

-- Who calls through the API: nobody known, somebody signed in, a server with the secret key.
create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;

-- PostgREST connects as this and may only become one of the three.
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;

-- Auth connects as this and owns schema auth.
create role supabase_auth_admin login noinherit;

-- From Postgres 16 on, creating roles no longer implies ruling the existing ones.
grant anon, authenticated, service_role to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;

alter database postgres owner to postgres;
alter role postgres set search_path to "$user", public, extensions;
alter role supabase_admin set search_path to "$user", public, auth, extensions;
alter role supabase_auth_admin set search_path to auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout to '60s';

-- Supabase's time limits; PostgREST applies those of the role it becomes.
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
