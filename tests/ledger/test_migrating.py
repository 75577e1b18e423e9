"""Migrations go forwards only: what was released stays as it was, and old data come along whole."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.books import Books, Desk, Server, new_id
from tests.ledger.lives import AMOUNT, CREDITS

SQL = Path(__file__).resolve().parents[2] / "sql"
RELEASED = SQL / "released.sha256"
MIGRATIONS = sorted((SQL / "supabase" / "migrations").glob("*.sql"))
SUPABASE = sorted((SQL.parent / "sandbox" / "postgres").glob("*.sql"))
# Credits can be bought, held and spent once these are applied; from each of them on, a database
# with data in it must survive all files that follow.
BUYING, HOLDING = "buying", "holds"
# What was released first: the shop that sold by hosted checkout alone.
FIRST_RELEASE = [path for path in MIGRATIONS if path.name < "20261121100000"]
# Everything a user of that shop sees of his payments.
SEEN = """
select payment_id::text, status, amount, amount_refunded, credits, credits_refunded, payment_url,
       expires_at, paid_at, error, ui_mode
from public.payments order by payment_id
"""
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


def shop_of_the_first_release(desk: Desk, users: list[str]) -> dict[str, Any]:
    """Payments in every state, credits in every state; what is open is answered by name."""
    opened, late, orphan = desk.order(users[0]), desk.order(users[0]), new_id("pi")
    desk.facts(
        payment_id=opened["payment_id"],
        checkout_session_id="cs_open",
        payment_url="https://checkout.stripe.com/c/pay/cs_open",
        expires_at="2100-01-01T00:00:00Z",
    )
    desk.facts(payment_id=late["payment_id"], checkout_session_id="cs_late", processing=True)
    desk.facts(payment_id=desk.order(users[0])["payment_id"], ended="canceled")
    desk.facts(payment_id=desk.order(users[0])["payment_id"], paid=True, amount=1, currency="usd")
    kept = desk.buy(users[0])
    desk.dispute(desk.buy(users[0]), AMOUNT, "warning_needs_response")
    desk.refund(desk.buy(users[1]), 100)
    spent = desk.buy(users[2])
    desk.spend(users[2], 250, feature="docx_processing")  # all of it, at two credits each
    desk.dispute(spent, AMOUNT, "needs_response")  # so this makes debt
    desk.refund(orphan, AMOUNT)
    desk.spend(users[0], 3, "spent", feature="docx_processing")
    hold = desk.hold(users[0], 2, "held", feature="docx_processing")
    order = {**OLD_ORDER, "p_user_id": users[0]}
    [keyed] = desk.connection.execute(OLD_CREATE_PAYMENT, order).fetchone() or [{}]
    return {
        "opened": opened, "late": late, "orphan": orphan, "kept": kept, "spent": spent,
        "hold": hold, "keyed": keyed["payment"], "order": order,
    }  # fmt: skip


# As the backend of the first release called it.
OLD_ORDER = {
    "p_user_id": None, "p_package_id": "creator", "p_currency": "eur", "p_default_currency": "usd",
    "p_livemode": False, "p_ui_mode": "embedded", "p_return_url": "https://shop.example/back",
    "p_locale": "zh", "p_idempotency_key": "one key", "p_request_hash": "one request",
}  # fmt: skip
OLD_CREATE_PAYMENT = "select public.create_payment({})".format(
    ", ".join(f"{name} => %({name})s" for name in OLD_ORDER)
)


def test_the_shop_of_the_first_release_lives_on(server: Server) -> None:
    """Open, late, disputed, overtaken: each goes on under the new files as it would have before."""
    with bare(server) as books:
        apply(books, FIRST_RELEASE)
        users = [books.new_user() for _ in range(3)]
        with books.desk() as desk:
            there = shop_of_the_first_release(desk, users)
            known, seen = books.rows(BALANCES), books.rows(SEEN)
            apply(books, MIGRATIONS[len(FIRST_RELEASE) :])
            assert books.rows(BALANCES) == known
            assert books.rows(SEEN) == seen
            assert books.broken_laws() == []

            spent = desk.spend(users[0], 3, "spent", feature="docx_processing")
            assert (spent["replayed"], spent["amount"]) == (True, 6)
            assert desk.capture(there["hold"]["hold_id"], 1)["amount"] == 2
            # A retry from before the upgrade still finds its order.
            again = desk.connection.execute(OLD_CREATE_PAYMENT, there["order"]).fetchone()
            assert again and again[0]["payment"]["payment_id"] == there["keyed"]["payment_id"]
            for name, status in (("opened", "pending"), ("late", "processing")):
                before = there[name]["payment_id"]
                assert desk.call("get_order", payment_id=before)["payment"]["status"] == status
                desk.pay({**there[name], "payment_id": before})
            assert desk.facts(payment_intent_id=there["kept"])["status"] == "succeeded"
            overtaken = desk.order(users[1])
            paid = {"paid": True, "amount": AMOUNT, "currency": "usd"}
            payment_id = overtaken["payment_id"]
            answer = desk.facts(payment_id=payment_id, payment_intent_id=there["orphan"], **paid)
            assert answer["status"] == "refunded"
            [(dispute,)] = books.rows("select id from public.disputes where user_id = %s", users[2])
            desk.dispute(there["spent"], AMOUNT, "won", dispute)
        balances = dict(books.rows("select user_id::text, balance from public.user_credits"))
        before = {user_id: balance for user_id, balance, *_ in known}
        assert balances == {
            users[0]: before[users[0]] + 2 * CREDITS - 2,
            users[1]: before[users[1]],
            users[2]: before[users[2]] + CREDITS,
        }
