"""The audit finds each way in which books can be wrong, by the name of the broken law."""

import re
from typing import Any

import psycopg
import pytest

from tests.sql.books import Books

Connection = psycopg.Connection[dict[str, Any]]
CAPTURED = "what was captured is the order, less discount, with tax"
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
    "a lot below nothing": (
        "update credit_lots set remaining = -1 where user_id = %(user)s",
        "no lot is negative or above its grant",
    ),
    "a lot that reserves more than it has": (
        "update credit_lots set held = remaining + 1 where user_id = %(user)s",
        "no lot is negative or above its grant",
    ),
    "a lot that is hidden from spending": (
        "update credit_lots set exhausted = true where user_id = %(user)s",
        "a lot is exhausted when nothing remains",
    ),
    "an empty lot that looks open": (
        "update credit_lots set remaining = 0, held = 0 where user_id = %(user)s",
        "a lot is exhausted when nothing remains",
    ),
    "credits held by nobody": (
        "update user_credits set held = held + 1 where user_id = %(user)s",
        "held is what the lots reserve",
    ),
    "lots of nobody": (
        "update credit_lots set user_id = gen_random_uuid() where user_id = %(user)s",
        "every lot belongs to an account",
    ),
    "a hold that is gone": (
        "delete from credit_holds where user_id = %(user)s",
        "held is the sum of active holds",
    ),
    "a hold that ended and let go of nothing": (
        "update credit_holds set status = 'released' where user_id = %(user)s",
        "held is the sum of active holds",
    ),
    "a hold that took from no lot": (
        "update credit_holds set lot_parts = array[0::bigint] where user_id = %(user)s",
        "a lot reserves what its active holds took",
    ),
    "a debt out of nowhere": (
        "update user_credits set debt = debt + 1 where user_id = %(user)s",
        "debt is what no lot has covered",
    ),
    "a debt beside free credits": (
        "update user_credits set debt = 1, balance = balance - 1 where user_id = %(user)s",
        "who owes has no free credits",
    ),
    "a lifetime that is too good": (
        "update user_credits set lifetime_granted = lifetime_granted + 1 where user_id = %(user)s",
        "lifetime sums are those of the ledger",
    ),
    "a lifetime without its spending": (
        "update user_credits set lifetime_spent = 0 where user_id = %(user)s",
        "lifetime sums are those of the ledger",
    ),
    "a transaction that changed nothing": (
        "insert into credit_transactions (user_id, type, amount, balance_after, available_after,"
        " description) select user_id, 'bonus', 0, balance, balance - held, 'nothing'"
        " from user_credits where user_id = %(user)s",
        "no transaction is of nothing",
    ),
    "a purchase without a payment": (
        "update credit_transactions set payment_id = null where user_id = %(user)s "
        "and type = 'purchase'",
        "every ledger row has a cause",
    ),
    "a spend on nothing": (
        "update credit_transactions set feature = null where user_id = %(user)s and type = 'spend'",
        "every ledger row has a cause",
    ),
    "a present without a word": (
        "update credit_transactions set type = 'bonus', description = null "
        "where user_id = %(user)s and type = 'purchase'",
        "every ledger row has a cause",
    ),
    "an adjustment without a word": (
        "update credit_transactions set type = 'adjustment', description = null "
        "where user_id = %(user)s and type = 'spend'",
        "every ledger row has a cause",
    ),
    "an expiry of no lot": (
        "update credit_transactions set type = 'expiry', lot_ids = '{}', lot_amounts = '{}' "
        "where user_id = %(user)s and type = 'spend'",
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
    "a payment that says it gave other credits": (
        "update payment_orders set credits_granted = credits_granted + 1 where user_id = %(user)s",
        "a payment's credits are what its facts imply",
    ),
    "a payment that was credited twice": (
        "insert into credit_lots (user_id, source, payment_id, granted, remaining) "
        "select user_id, source, payment_id, granted, granted from credit_lots "
        "where user_id = %(user)s",
        "who has paid gets credits once",
    ),
    "a payment of less than was ordered": (
        "update payment_orders set amount_captured = amount_captured - 1 where user_id = %(user)s",
        CAPTURED,
    ),
    "a payment of more than was ordered": (
        "update payment_orders set amount_captured = amount_captured + 1 where user_id = %(user)s",
        CAPTURED,
    ),
    "a discount that was not given": (
        "update payment_orders set amount_discount = 1 where user_id = %(user)s",
        CAPTURED,
    ),
    "a recharge above the limit": (
        "with recharged as (update payment_orders set kind = 'auto_recharge'"
        " where user_id = %(user)s returning *) "
        "insert into auto_recharges (user_id, livemode, enabled, threshold, package_id, currency,"
        " amount, monthly_limit, consented_at) select user_id, livemode, true, 100, package_id,"
        " currency, amount, amount - 1, created_at from recharged",
        "auto-recharge keeps to the limit it was given",
    ),
}
CONSTRAINED = ["user_credits", "credit_lots", "credit_holds", "payment_orders"]
LAW = re.compile(r"select\s+'((?:[^']|'')+)'\s*,")


@pytest.fixture
def owner(books: Books) -> str:
    """Somebody who bought, spent and holds, and whose books are in order."""
    user_id = books.new_user()
    books.buy(user_id)
    books.spend(user_id, 20)
    books.hold(user_id, 5)
    return user_id


def broken_laws(connection: Connection) -> set[str]:
    return {row["law"] for row in connection.execute("select * from private.audit()")}


@pytest.mark.parametrize(("corruption", "law"), CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_no_corruption_goes_unnoticed(
    superuser: Connection, owner: str, corruption: str, law: str
) -> None:
    assert broken_laws(superuser) == set()
    superuser.execute("set local session_replication_role = replica")
    drop_constraints(superuser)
    changed = superuser.execute(corruption, {"user": owner}).rowcount
    assert changed == 1
    assert law in broken_laws(superuser)


def drop_constraints(connection: Connection) -> None:
    """Constraints hold even for a superuser; somebody with their keys could drop them."""
    constraints = connection.execute(
        "select conrelid::regclass::text as table, conname as name from pg_constraint "
        "where conrelid = any(%s::regclass[]) and contype in ('c', 'u')",
        [CONSTRAINED],
    )
    for constraint in constraints.fetchall():
        connection.execute('alter table {table} drop constraint "{name}"'.format(**constraint))


def test_every_law_is_shown_to_be_broken(superuser: Connection) -> None:
    """Read from the audit itself: a new law without a corruption fails here."""
    source = superuser.execute(
        "select prosrc from pg_proc where oid = 'private.audit()'::regprocedure"
    ).fetchone()
    assert source
    laws = [name.replace("''", "'") for name in LAW.findall(source["prosrc"])]
    assert len(laws) == source["prosrc"].count("union all") + 1
    assert set(laws) == {law for _, law in CORRUPTIONS.values()}
