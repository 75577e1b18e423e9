"""The audit finds each way in which books can be wrong, by the name of the broken law."""

import psycopg
import pytest

from tests.sql.books import Books

Connection = psycopg.Connection[dict]
CORRUPTIONS: dict[str, tuple[str, str]] = {
    "a balance out of nowhere": (
        "update user_credits set balance = balance + 1 where user_id = %(user)s",
        "balance is the sum of the ledger",
    ),
    "an account that is gone": (
        "delete from user_credits where user_id = %(user)s",
        "balance is the sum of the ledger",
    ),
    "a ledger row that is gone": (
        "delete from credit_transactions where user_id = %(user)s and type = 'purchase'",
        "balance is the sum of the ledger",
    ),
    "a ledger row that was changed": (
        "update credit_transactions set amount = amount + 1 where user_id = %(user)s "
        "and type = 'spend'",
        "the running balance has no gap",
    ),
    "a running balance that was changed": (
        "update credit_transactions set balance_after = balance_after + 1 "
        "where user_id = %(user)s and type = 'spend'",
        "the running balance has no gap",
    ),
    "a lot that grew": (
        "update credit_lots set remaining = remaining + 1 where user_id = %(user)s",
        "a lot holds what its transactions left in it",
    ),
    "a lot that is gone": (
        "delete from credit_lots where user_id = %(user)s",
        "balance is what the lots hold, less debt",
    ),
    "a lot above its grant": (
        "update credit_lots set remaining = granted + 1 where user_id = %(user)s",
        "no lot is negative or above its grant",
    ),
    "credits held by nobody": (
        "update user_credits set held = held + 1 where user_id = %(user)s",
        "held is what the lots reserve",
    ),
    "a debt out of nowhere": (
        "update user_credits set debt = debt + 1 where user_id = %(user)s",
        "debt is what no lot has covered",
    ),
    "a lifetime that is too good": (
        "update user_credits set lifetime_granted = lifetime_granted + 1 where user_id = %(user)s",
        "lifetime sums are those of the ledger",
    ),
    "a purchase without a payment": (
        "update credit_transactions set payment_id = null where user_id = %(user)s "
        "and type = 'purchase'",
        "every ledger row has a cause",
    ),
    "a payment that was never paid": (
        "update payment_orders set paid_at = null where user_id = %(user)s",
        "a payment's credits are what its facts imply",
    ),
    "a refund that nobody settled": (
        "insert into refunds (id, stripe_payment_intent_id, payment_id, user_id, amount, currency,"
        " status) select 're_forged', stripe_payment_intent_id, id, user_id, amount, currency,"
        " 'succeeded' from payment_orders where user_id = %(user)s",
        "a payment's credits are what its facts imply",
    ),
    "a chargeback that nobody settled": (
        "insert into disputes (id, stripe_payment_intent_id, payment_id, user_id, amount, currency,"
        " status) select 'du_forged', stripe_payment_intent_id, id, user_id, amount, currency,"
        " 'lost' from payment_orders where user_id = %(user)s",
        "a payment's credits are what its facts imply",
    ),
}


@pytest.fixture
def owner(books: Books) -> str:
    """Somebody who bought and spent, and whose books are in order."""
    user_id = books.new_user()
    books.buy(user_id)
    books.spend(user_id, 20)
    return user_id


def broken_laws(connection: Connection) -> set[str]:
    return {row["law"] for row in connection.execute("select * from private.audit()")}


@pytest.mark.parametrize(("corruption", "law"), CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_no_corruption_goes_unnoticed(
    superuser: Connection, owner: str, corruption: str, law: str
) -> None:
    assert broken_laws(superuser) == set()
    superuser.execute("set local session_replication_role = replica")
    drop_checks(superuser, "credit_lots")
    superuser.execute(corruption, {"user": owner})
    assert law in broken_laws(superuser)


def drop_checks(connection: Connection, table: str) -> None:
    """Constraints hold even for a superuser; somebody with their keys could drop them."""
    checks = connection.execute(
        "select conname from pg_constraint where conrelid = %s::regclass and contype = 'c'", [table]
    ).fetchall()
    for check in checks:
        connection.execute(f'alter table {table} drop constraint "{check["conname"]}"')


def test_whoever_has_paid_gets_credits_once(superuser: Connection, owner: str) -> None:
    superuser.execute("set local session_replication_role = replica")
    superuser.execute("alter table credit_lots drop constraint credit_lots_payment_id_key")
    superuser.execute(
        "insert into credit_lots (user_id, source, payment_id, granted, remaining) "
        "select user_id, source, payment_id, granted, granted from credit_lots where user_id = %s",
        [owner],
    )
    assert "who has paid gets credits once" in broken_laws(superuser)
