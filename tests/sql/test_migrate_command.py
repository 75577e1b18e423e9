"""`make migrate`: what it would do, what it does, that twice is once, and what it says when it
can't."""

import os
import re
import subprocess

import psycopg
import pytest

from tests.sql import test_migrations

ROOT, MIGRATIONS = test_migrations.ROOT, test_migrations.MIGRATIONS
VERSIONS = [path.name.partition("_")[0] for path in MIGRATIONS]
NOWHERE = "postgresql://postgres:hunter2@127.0.0.1:9/postgres"
PASSWORD = "hunter2"
fresh = test_migrations.fresh


@pytest.fixture
def url(fresh: str) -> str:
    """Where a password is asked for by nobody, and TLS is not spoken, which the CLI would want."""
    return fresh.replace("//postgres@", f"//postgres:{PASSWORD}@") + "?sslmode=disable"


def migrate(*arguments: str) -> tuple[int, str]:
    """The exit code, and what was said on either channel."""
    done = subprocess.run(
        ["scripts/migrate.sh", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


def named(said: str) -> list[str]:
    """The migration files that are named, in that order."""
    return re.findall(r"\d{14}_\w+\.sql", said)


def listed(said: str) -> list[tuple[str, str]]:
    """(here, there): the versions in the table at the end."""
    return re.findall(r"^ *`(\d{14})` *\| *`(\d{14}| )`", said, re.MULTILINE)


def applied(url: str) -> list[str]:
    """What the database itself has written down; nothing if it holds none of our tables either."""
    with psycopg.connect(url) as connection:
        [[history, ours]] = connection.execute(
            "select to_regclass('supabase_migrations.schema_migrations')::text, "
            "(select count(*) from pg_class where relkind = 'r' and "
            "relnamespace in (select oid from pg_namespace where nspname in ('public', 'private')))"
        ).fetchall()
        if not ours:
            return []
        query = f"select version from {history} order by version"
        return [version for (version,) in connection.execute(query)]


def test_it_shows_then_does_then_has_nothing_to_do(url: str) -> None:
    files = [path.name for path in MIGRATIONS]

    code, said = migrate(url, "--dry-run")
    assert (code, named(said), applied(url)) == (0, files, []), said
    assert listed(said) == [(version, " ") for version in VERSIONS]

    code, said = migrate(url)
    assert (code, named(said), applied(url)) == (0, files, VERSIONS), said
    assert listed(said) == [(version, version) for version in VERSIONS]
    with psycopg.connect(url) as connection:
        assert connection.execute("select * from private.audit()").fetchall() == []

    for options in ([], ["--dry-run"]):
        code, said = migrate(url, *options)
        assert (code, named(said), applied(url)) == (0, [], VERSIONS), said
        assert "up to date" in said
        assert listed(said) == [(version, version) for version in VERSIONS]


def test_a_file_that_fails_leaves_nothing_of_itself_and_says_so(url: str) -> None:
    """A table of somebody else's is in the way of the second file."""
    with psycopg.connect(url) as connection:
        connection.execute("create table public.credit_packages (id text)")
    code, said = migrate(url)
    assert code != 0
    assert 'relation "credit_packages" already exists' in said
    assert applied(url) == VERSIONS[:1]
    with psycopg.connect(url) as connection:
        connection.execute("drop table public.credit_packages")
    code, said = migrate(url)
    assert (code, applied(url)) == (0, VERSIONS), said


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_beside_an_app_with_migrations_of_its_own_it_changes_nothing_and_says_the_way(
    url: str, options: list[str]
) -> None:
    """The CLI suggests a repair that would drop the app's own history."""
    with psycopg.connect(url) as connection:
        connection.execute("create schema supabase_migrations")
        connection.execute("create table supabase_migrations.schema_migrations (version text)")
        connection.execute(
            "insert into supabase_migrations.schema_migrations values ('20250101000000')"
        )
    code, said = migrate(url, *options)
    assert code != 0
    assert "Do not run the repair" in said
    assert "your app's supabase/migrations" in said.split("Do not run the repair")[1]
    assert applied(url) == []


@pytest.mark.parametrize("arguments", [[], [""], ["", "--dry-run"]])
def test_without_an_address_it_says_how_to_give_one(arguments: list[str]) -> None:
    code, said = migrate(*arguments)
    assert code == 1
    assert said.startswith("Say where: make migrate URL=postgresql://")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("postgresql://postgres@127.0.0.1:9/postgres", "failed to connect to `host=127.0.0.1"),
        ("no-address", "it begins with postgresql://"),
        ("abcdefghijklmnopqrst", "it begins with postgresql://"),  # it looks like a hosted project
    ],
)
@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_wrong_address_is_named_and_nothing_follows(
    wrong: str, why: str, options: list[str]
) -> None:
    code, said = migrate(wrong, *options)
    assert code != 0
    assert why in said
    assert (named(said), listed(said)) == ([], [])


def test_a_database_that_is_not_there_is_named(fresh: str) -> None:
    code, said = migrate(f"{fresh}_no_more?sslmode=disable")
    assert code != 0
    assert 'database "fresh_no_more" does not exist' in said


def test_it_never_prints_the_password(url: str) -> None:
    for address in (url, NOWHERE):
        assert PASSWORD in address
        assert PASSWORD not in migrate(address, "--dry-run")[1]


@pytest.mark.parametrize(("given", "passed_on"), [("", ""), ("DRY_RUN=1", "--dry-run")])
def test_make_passes_on_where_and_whether_only_to_show(given: str, passed_on: str) -> None:
    url = NOWHERE.replace(PASSWORD, "pa$word`id`")  # as it is, by make and by the shell
    told = ["make", "--dry-run", "migrate", f"URL={url}", *given.split()]
    # Inside `make test` these would make it speak of levels and folders.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        told, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1].strip() == (
        f"scripts/migrate.sh '{url}' {passed_on}".strip()
    )
