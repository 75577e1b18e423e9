"""The open lot: spends take from the account alone, and nobody can tell it from the lots."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.ledger.books import UNIT, Books, Desk, Refused
from tests.ledger.crowd import crowd, rush
from tests.ledger.meanwhile import held_up
from tests.sandbox_process import ROOT

DOC = (ROOT / "docs" / "database.md").read_text()
LOTS = "select remaining from public.credit_lots order by created_at"
WRITTEN = """
select relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_xact_user_tables
where n_tup_ins + n_tup_upd + n_tup_del > 0 order by relname
"""


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def lots_by_row_security(books: Books, user_id: str) -> list[Any]:
    claims = json.dumps({"sub": user_id}, separators=(",", ":"))
    with books.connect("authenticated", **{"request.jwt.claims": claims}) as caller:
        return caller.execute(LOTS).fetchall()


def test_a_spend_writes_the_account_and_the_ledger_whatever_the_lots(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, 1000)
    with books.connect() as connection, connection.transaction():
        for _ in range(2):
            Desk(connection).spend(user_id, 10)
        written = connection.execute(WRITTEN).fetchall()
    # Twice each; and no lot.
    assert written == [("credit_transactions", 2, 0, 0), ("user_credits", 0, 2, 0)]


def test_whoever_reads_sees_each_lot_as_it_is(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, 1000)
    stranger = books.new_user()
    desk.grant(stranger, 500)
    desk.spend(user_id, 30)
    desk.spend(user_id, 12)
    assert books.one("select remaining from private.credit_lots where granted = 1000") == 1000
    assert books.rows(LOTS) == [(958,), (500,)]
    assert lots_by_row_security(books, user_id) == [(958,)]
    assert lots_by_row_security(books, stranger) == [(500,)]


@pytest.mark.parametrize("quantities", [(60, 39, 1), (60, 40), (99, 1), (100,)])
def test_a_lot_is_spent_to_its_last_credit(
    books: Books, desk: Desk, user_id: str, quantities: tuple[int, ...]
) -> None:
    desk.grant(user_id, 100, tomorrow())
    desk.grant(user_id, 200)
    for quantity in quantities:
        desk.spend(user_id, quantity)
    assert books.rows(LOTS) == [(0,), (200,)]
    desk.spend(user_id, 5)
    assert books.rows(LOTS) == [(0,), (195,)]


def test_what_expires_sooner_is_spent_first_though_another_lot_was_open(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, 200)
    desk.spend(user_id, 10)
    desk.grant(user_id, 300, tomorrow())
    desk.spend(user_id, 10)
    assert books.rows(LOTS) == [(190,), (290,)]


def test_an_open_lot_that_expires_is_not_spent_from(books: Books, desk: Desk, user_id: str) -> None:
    """The clock passes by itself: no other change closes the lot."""
    ends = datetime.now(UTC) + timedelta(seconds=1)
    desk.grant(user_id, 1000, ends)
    desk.grant(user_id, 80)
    desk.spend(user_id, 10)
    time.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()) + 0.05)
    desk.spend(user_id, 5)
    assert books.rows(LOTS) == [(0,), (75,)]
    with pytest.raises(Refused, match="insufficient_credits"):
        desk.spend(user_id, 76)


def test_an_admin_who_moves_the_expiry_of_an_open_lot_is_heard(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, 1000, tomorrow())
    desk.grant(user_id, 80)
    desk.spend(user_id, 10)
    books.rows("update public.credit_lots set expires_at = now() where expires_at is not null")
    desk.spend(user_id, 5)
    assert books.rows(LOTS) == [(0,), (75,)]


def test_credits_are_made_to_last_longer_as_the_docs_say(
    books: Books, desk: Desk, user_id: str
) -> None:
    """While a hold is under way: neither waits for the other in a circle."""
    [block] = re.findall(r"## Making credits last longer\n.*?```sql\n(.*?)```", DOC, re.DOTALL)
    desk.buy(user_id)
    desk.spend(user_id, 10)
    hold = f"select public.hold('{user_id}', '{UNIT}', 100, 900, 'a key')"
    with held_up(books, hold, lambda _: books.rows(block)):
        pass
    desk.spend(user_id, 10)
    assert books.rows("select remaining, expires_at::date - current_date from credit_lots") == [
        (480, 183 + 30)
    ]


def test_an_open_lot_is_not_written_behind_the_accounts_back(
    books: Books, desk: Desk, user_id: str
) -> None:
    """By a call that began before lots could be open, or by hand."""
    desk.grant(user_id, 1000)
    desk.spend(user_id, 10)
    reserve = "update private.credit_lots set held = held + 1"
    give_back = "update private.credit_lots set held = held - 1"
    with books.connect("postgres") as owner:
        with pytest.raises(psycopg.errors.SerializationFailure):
            owner.execute(reserve)
        owner.execute("select private.lock_user_credits(%s)", [user_id])
        owner.execute(reserve)
        owner.execute(give_back)


def test_holds_reserve_what_spends_have_left(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, 300)
    desk.spend(user_id, 100)
    with pytest.raises(Refused, match="insufficient_credits"):
        desk.hold(user_id, 201)
    hold_id = desk.hold(user_id, 80)["hold_id"]
    desk.spend(user_id, 20)
    assert books.rows("select remaining, held from public.credit_lots") == [(180, 80)]
    desk.capture(hold_id, 50)
    desk.spend(user_id, 20)
    assert books.rows("select remaining, held from public.credit_lots") == [(110, 0)]


def test_a_lot_that_is_reserved_whole_is_passed(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, 100, tomorrow())
    desk.grant(user_id, 200)
    desk.hold(user_id, 100)
    desk.spend(user_id, 5)
    desk.spend(user_id, 6)
    assert books.rows("select remaining, held from public.credit_lots order by held") == [
        (189, 0),
        (100, 100),
    ]
    assert books.one("select open_lot_free from public.user_credits") == 189


def test_a_refund_takes_what_spends_have_left(books: Books, desk: Desk, user_id: str) -> None:
    intent_id = desk.buy(user_id)
    desk.spend(user_id, 100)
    desk.refund(intent_id, 499)
    account = books.rows("select balance, debt from public.user_credits")
    assert account == [(-100, 100)]
    assert books.rows(LOTS) == [(0,)]


def test_a_key_that_comes_again_takes_nothing_from_the_open_lot(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, 1000)
    first = desk.spend(user_id, 10, key="a key")
    assert desk.spend(user_id, 10, key="a key") == first | {"replayed": True}
    with pytest.raises(Refused, match="idempotency_conflict"):
        desk.spend(user_id, 11, key="a key")
    assert books.rows(LOTS) == [(990,)]


def test_many_first_spends_at_once_open_one_lot(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, 1000, tomorrow())
    desk.grant(user_id, 1000)
    with crowd(books, 50) as desks:
        rush(desks, *[lambda desk: desk.spend(user_id, 2)] * 50)
    assert books.rows(LOTS) == [(900,), (1000,)]


def test_a_lot_is_opened_as_it_is_behind_the_lock(books: Books, desk: Desk, user_id: str) -> None:
    """The spend begins before the hold is committed, and must not open what was there before it."""
    desk.grant(user_id, 1000)
    hold = f"select public.hold('{user_id}', '{UNIT}', 400, 900, 'a key')"
    with held_up(books, hold, lambda other: other.spend(user_id, 10)):
        pass
    assert books.rows("select remaining, held from public.credit_lots") == [(990, 400)]
    assert books.one("select open_lot_free from public.user_credits") == 590
