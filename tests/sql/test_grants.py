"""Who may touch what, asked of the catalog: so that a table of next year is asked too."""

from collections.abc import Iterator

import psycopg
import pytest

Connection = psycopg.Connection[dict]
CALLERS = ("anon", "authenticated", "service_role")
WRITES = ("insert", "update", "delete", "truncate", "references", "trigger")
RELATIONS = """
    select c.oid, c.relname as name, c.relkind as kind, c.relrowsecurity as secured, c.reloptions
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm') and (n.nspname = 'public' or n.nspname = 'private' and (
      select bool_or(has_any_column_privilege(caller, c.oid, 'select, insert, update, references'))
      from unnest(array['anon', 'authenticated', 'service_role']) caller))
"""
FUNCTIONS = """
    select p.oid::regprocedure::text as name, p.proname, p.oid, p.prosecdef as definer,
           coalesce(p.proconfig, '{}') as config, n.nspname as schema
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private')
"""


def relations_that(database: Connection, role: str, privilege: str) -> set[str]:
    """The names of the relations, also those behind views, on which the role has the privilege."""
    query = f"select name from ({RELATIONS}) r where has_table_privilege(%s, oid, %s)"
    return {row["name"] for row in database.execute(query, [role, privilege])}


def functions_that(database: Connection, role: str, schema: str = "public") -> set[str]:
    """The names of the functions that the role may execute."""
    query = f"""select proname from ({FUNCTIONS}) f
                where has_function_privilege(%s, oid, 'execute') and schema = %s"""
    return {row["proname"] for row in database.execute(query, [role, schema])}


def test_row_security_is_on_for_every_table(database: Connection) -> None:
    tables = database.execute(f"select * from ({RELATIONS}) r where kind in ('r', 'p')").fetchall()
    assert len(tables) > 10
    assert [table["name"] for table in tables if not table["secured"]] == []


def test_every_view_sees_with_its_readers_eyes(database: Connection) -> None:
    views = database.execute(f"select * from ({RELATIONS}) r where kind in ('v', 'm')").fetchall()
    assert views
    blind = [v["name"] for v in views if "security_invoker=true" not in (v["reloptions"] or [])]
    assert blind == []


def test_the_anonymous_key_reads_packages_and_nothing_else(database: Connection) -> None:
    assert relations_that(database, "anon", "select") == {
        "credit_packages",
        "credit_package_prices",
    }
    assert functions_that(database, "anon") == {"list_packages"}


@pytest.mark.parametrize("privilege", WRITES)
@pytest.mark.parametrize("role", CALLERS)
def test_no_caller_writes_any_table(database: Connection, role: str, privilege: str) -> None:
    """The service writes too, but only through functions."""
    assert relations_that(database, role, privilege) == set()


def test_users_see_nothing_of_the_inbox_and_the_keys(database: Connection) -> None:
    hidden = {"stripe_events", "idempotency_keys"}
    assert not hidden & relations_that(database, "authenticated", "select")


def test_users_execute_reading_functions_only(database: Connection) -> None:
    """And those run as the user, so that row security decides."""
    functions = database.execute(
        f"select * from ({FUNCTIONS}) f where has_function_privilege('authenticated', oid, %s)",
        ["execute"],
    ).fetchall()
    assert [f["name"] for f in functions if f["definer"]] == []
    assert [f["name"] for f in functions if not f["proname"].startswith(("get_", "list_"))] == []


def test_everybody_has_no_function_of_ours(database: Connection) -> None:
    """A grant to PUBLIC would reach roles that nobody thinks of."""
    query = f"""select f.name from ({FUNCTIONS}) f join pg_proc p using (oid),
                lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
                where acl.grantee = 0 and f.schema = 'public'"""
    assert database.execute(query).fetchall() == []


@pytest.mark.parametrize("role", CALLERS)
def test_the_private_schema_is_closed(database: Connection, role: str) -> None:
    [row] = database.execute(
        "select has_schema_privilege(%s, 'private', 'usage') as open", [role]
    ).fetchall()
    assert row["open"] is False


def test_every_function_pins_its_search_path(database: Connection) -> None:
    functions = database.execute(FUNCTIONS).fetchall()
    assert [f["name"] for f in functions if 'search_path=""' not in f["config"]] == []


def test_every_policy_only_reads_and_asks_for_the_user_once_a_statement(
    database: Connection,
) -> None:
    policies = database.execute("select * from pg_policies where schemaname = 'public'").fetchall()
    assert [p["policyname"] for p in policies if p["cmd"] != "SELECT"] == []
    per_row = [
        p["policyname"]
        for p in policies
        if "auth." in p["qual"] and "( SELECT auth.uid()" not in p["qual"]
    ]
    assert per_row == []
    assert [p["policyname"] for p in policies if "public" in p["roles"]] == []


TOMORROW = {
    "table": "create table public.tomorrow (id bigint generated always as identity, secret text)",
    "view": "create view public.tomorrow as select 1 as secret",
    "function": "create function public.tomorrow() returns int language sql as 'select 1'",
}


@pytest.fixture
def undone(database: Connection) -> Iterator[Connection]:
    """The owner, in a transaction that is rolled back."""
    with database.transaction(force_rollback=True):
        yield database


@pytest.mark.parametrize("kind", ["table", "view"])
@pytest.mark.parametrize("role", CALLERS)
def test_tomorrows_table_is_closed_until_it_is_opened(
    undone: Connection, role: str, kind: str
) -> None:
    undone.execute(TOMORROW[kind])
    for privilege in ("select", *WRITES):
        assert "tomorrow" not in relations_that(undone, role, privilege)
    if kind == "table":
        query = "select has_sequence_privilege(%s, 'public.tomorrow_id_seq', 'usage') as open"
        assert undone.execute(query, [role]).fetchone() == {"open": False}


@pytest.mark.parametrize("schema", ["public", "private"])
@pytest.mark.parametrize("role", CALLERS)
def test_tomorrows_function_is_closed_until_it_is_opened(
    undone: Connection, role: str, schema: str
) -> None:
    undone.execute(TOMORROW["function"].replace("public.", f"{schema}."))
    assert "tomorrow" not in functions_that(undone, role, schema)


REFUSALS = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.RestrictViolation,
    psycopg.errors.FeatureNotSupported,  # another table refers to it
)
LEDGER = "public.credit_transactions"
REWRITES = {
    "update": f"update {LEDGER} set amount = amount + 1",
    "delete": f"delete from {LEDGER}",
    "truncate": f"truncate {LEDGER}",
    "truncate cascade": f"truncate {LEDGER} cascade",
}


@pytest.mark.parametrize("rewrite", REWRITES.values(), ids=REWRITES)
@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role", "postgres"])
def test_nobody_rewrites_the_ledger(undone: Connection, role: str, rewrite: str) -> None:
    """Not even its owner; whoever is wrong writes a new row."""
    undone.execute(f"set local role {role}")
    with pytest.raises(REFUSALS), undone.transaction():
        undone.execute(rewrite)
