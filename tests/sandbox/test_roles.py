"""The database gives a project what Supabase gives it, no more and no less."""

import psycopg
import pytest

API_ROLES = ("anon", "authenticated", "service_role")


def test_postgres_is_no_superuser_and_bypasses_row_security(bare: dict[str, str]) -> None:
    with psycopg.connect(bare["SUPABASE_DB_URL"]) as database:
        rights = database.execute(
            "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " from pg_roles where rolname = current_user"
        ).fetchone()
    assert rights == (False, True, True, True, True)


@pytest.mark.parametrize("role", API_ROLES)
def test_a_forgotten_revoke_leaves_a_new_table_and_function_open(
    bare: dict[str, str], role: str
) -> None:
    with psycopg.connect(bare["SUPABASE_DB_URL"]) as database:
        database.execute("create table public.forgotten (id bigint generated always as identity)")
        database.execute("create function public.also() returns int language sql return 1")
        # What many believe to be enough.
        database.execute("revoke all on function public.also() from public")
        for privilege in ("select", "insert", "update", "delete", "truncate"):
            query = "select has_table_privilege(%s, 'public.forgotten', %s)"
            assert database.execute(query, [role, privilege]).fetchone() == (True,)
        query = "select has_function_privilege(%s, 'public.also()', 'execute')"
        assert database.execute(query, [role]).fetchone() == (True,)
        database.rollback()


def test_a_migration_may_reference_and_hand_on_the_users_table(bare: dict[str, str]) -> None:
    with psycopg.connect(bare["SUPABASE_DB_URL"]) as database:
        database.execute(
            "create table public.profile (id uuid references auth.users on delete cascade)"
        )
        database.execute("grant select on auth.users to service_role")
        database.rollback()


@pytest.mark.parametrize("role", API_ROLES)
def test_the_api_roles_cannot_read_users(bare: dict[str, str], role: str) -> None:
    with psycopg.connect(bare["SUPABASE_DB_URL"]) as database:
        database.execute(f"set role {role}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("select from auth.users")


def test_who_calls_is_null_for_the_anon_key(bare: dict[str, str]) -> None:
    with psycopg.connect(bare["SUPABASE_DB_URL"]) as database:
        database.execute("""select set_config('request.jwt.claims', '{"role": "anon"}', true)""")
        caller = database.execute("select auth.uid(), auth.role(), auth.email()").fetchone()
    assert caller == (None, "anon", None)


def test_commits_are_durable(bare: dict[str, str]) -> None:
    with psycopg.connect(bare["SUPABASE_DB_URL"]) as database:
        assert database.execute("show fsync").fetchone() == ("on",)
        assert database.execute("show synchronous_commit").fetchone() == ("on",)
