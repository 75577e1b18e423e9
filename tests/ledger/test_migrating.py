"""Migrations go forwards only: what was released stays as it was, and old data come along whole."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.books import Books, Desk, Server
from tests.ledger.lives import AMOUNT, CREDITS

SQL = Path(__file__).resolve().parents[2] / "sql"
RELEASED = SQL / "released.sha256"
MIGRATIONS = sorted((SQL / "supabase" / "migrations").glob("*.sql"))
SUPABASE = sorted((SQL.parent / "sandbox" / "postgres").glob("*.sql"))
# Credits can be bought, held and spent once these are applied; from each of them on, a database
# with data in it must survive all files that follow.
BUYING, HOLDING = "buying", "holds"
BALANCES = """
select user_id::text, balance, held, lifetime_granted, lifetime_spent,
       (select array_agg(status order by id) from public.payment_orders o where o.user_id = a.user_id)
from public.user_credits a order by user_id
"""


def released() -> dict[str, str]:
    """Hash by file, relative to sql/."""
    if not RELEASED.exists():
        pytest.skip("nothing has been released yet")
    lines = RELEASED.read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_released_migrations_are_unchanged() -> None:
    """A mistake in a released file is mended by a new file. `make release-migrations` writes the
    list."""
    for name, digest in released().items():
        assert hashlib.sha256((SQL / name).read_bytes()).hexdigest() == digest, name


def test_new_migrations_come_after_released_ones() -> None:
    """The CLI refuses a file that sorts before one that is applied already."""
    names = [str(path.relative_to(SQL)) for path in MIGRATIONS]
    assert names[: len(released())] == sorted(released())


@contextmanager
def bare(server: Server) -> Iterator[Books]:
    """A new Supabase project without any of our files."""
    bare = Books(server.port, "bare")
    with Books(server.port, "template1").connect("supabase_admin") as connection:
        connection.execute(f"create database {bare.name} owner postgres")
        try:
            with bare.connect("supabase_admin") as superuser:
                for script in SUPABASE:
                    if "roles" not in script.name:  # the server has them already
                        superuser.execute(script.read_text())
            yield bare
            assert bare.broken_laws() == []
        finally:
            connection.execute(f"drop database {bare.name} with (force)")


def apply(books: Books, files: list[Path]) -> None:
    with books.connect("postgres") as owner:
        for path in files:
            with owner.transaction():
                owner.execute(path.read_text().encode())


def splits() -> list[Any]:
    """Each place between two files at which there can be data already."""
    subjects = [path.stem.partition("_")[2] for path in MIGRATIONS]
    first = subjects.index(BUYING) + 1
    return [
        pytest.param(nth, id=f"after {subjects[nth - 1]}") for nth in range(first, len(subjects))
    ]


def live(desk: Desk, users: list[str], has_holds: bool) -> None:
    """Payments in every state, and what else can be done with these files."""
    desk.order(users[0])
    desk.buy(users[0])
    desk.refund(desk.buy(users[1]), 100)
    desk.dispute(desk.buy(users[2]), AMOUNT, "needs_response")
    if has_holds:
        desk.spend(users[0], 3, "before", feature="docx_processing")
        desk.hold(users[0], 2, "held", feature="docx_processing")


@pytest.mark.parametrize("split", splits())
def test_a_database_in_use_migrates_without_losing_a_credit(server: Server, split: int) -> None:
    before, after = MIGRATIONS[:split], MIGRATIONS[split:]
    has_holds = any(HOLDING in path.stem for path in before)
    with bare(server) as books:
        apply(books, before)
        users = [books.new_user() for _ in range(3)]
        with books.desk() as desk:
            live(desk, users, has_holds)
            known = books.rows(BALANCES)
            assert sum(balance for _, balance, *_ in known) > 2 * CREDITS - 200
            apply(books, after)
            assert books.rows(BALANCES) == known
            # And life goes on: old keys are remembered, old credits can be spent.
            left = desk.spend(users[0], 3, "before", feature="docx_processing")
            assert left["replayed"] == has_holds
            assert desk.spend(users[1], 1, feature="docx_processing")["amount"] > 0
