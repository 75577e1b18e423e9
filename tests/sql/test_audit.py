"""The audit finds each way in which books can be wrong, by the name of the broken law."""

import re
from typing import Any

import psycopg
import pytest

from tests.sql.books import Books, refund

Connection = psycopg.Connection[dict[str, Any]]
CAPTURED = "what was captured is the order, less discount, with tax"
PRICED_SPEND = "a spend is of its quantity, at its price"
PRICED_HOLD = "a hold is of its quantity, at its price"
NAMED = "a captured hold and its ledger row name each other"
WITHIN = "what is captured is part of the hold"
STATUS = "a payment's status is what its facts imply"
REFUNDED = "a payment's refunded money is that of its refunds"
GRANTED = "a lot is of its grant, and of what was given back"
OPEN = "an open lot has what its account says, and more"
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
        "update private.credit_lots set remaining = remaining + 1 where user_id = %(user)s",
        "a lot holds what its transactions left in it",
    ),
    "a lot that is gone": (
        "delete from private.credit_lots where user_id = %(user)s",
        "balance is what the lots hold, less debt",
    ),
    "a lot above its grant": (
        "update private.credit_lots set remaining = granted + 1 where user_id = %(user)s",
        "no lot is negative or above its grant",
    ),
    "a lot below nothing": (
        "update private.credit_lots set remaining = -1 where user_id = %(user)s",
        "no lot is negative or above its grant",
    ),
    "a lot that reserves more than it has": (
        "update private.credit_lots set held = remaining + 1 where user_id = %(user)s",
        "no lot is negative or above its grant",
    ),
    "a lot that is hidden from spending": (
        "update private.credit_lots set exhausted = true where user_id = %(user)s",
        "a lot is exhausted when nothing remains",
    ),
    "an empty lot that looks open": (
        "update private.credit_lots set remaining = 0, held = 0 where user_id = %(user)s",
        "a lot is exhausted when nothing remains",
    ),
    "credits held by nobody": (
        "update user_credits set held = held + 1 where user_id = %(user)s",
        "held is what the lots reserve",
    ),
    "lots of nobody": (
        "update private.credit_lots set user_id = gen_random_uuid() where user_id = %(user)s",
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
        "insert into private.credit_lots (user_id, source, payment_id, granted, remaining) "
        "select user_id, source, payment_id, granted, granted from private.credit_lots "
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
    "a spend of seven times as much": (
        "update credit_transactions set quantity = quantity * 7 where user_id = %(user)s "
        "and type = 'spend'",
        PRICED_SPEND,
    ),
    "a spend of nobody knows how much": (
        "update credit_transactions set quantity = null where user_id = %(user)s "
        "and type = 'spend'",
        PRICED_SPEND,
    ),
    "a spend at a price that never was": (
        "update credit_transactions set price_version = 99 where user_id = %(user)s "
        "and type = 'spend'",
        PRICED_SPEND,
    ),
    "a spend for less than it costs": (
        "update credit_transactions set amount = -1 where user_id = %(user)s and type = 'spend'",
        PRICED_SPEND,
    ),
    "a spend on something dearer": (
        "update credit_transactions set feature = 'image_generation' where user_id = %(user)s "
        "and type = 'spend'",
        PRICED_SPEND,
    ),
    "a price that was changed behind what was bought": (
        "update feature_costs set credits = 2 where feature = 'test'",
        PRICED_SPEND,
    ),
    "a hold for less than it costs": (
        "update credit_holds set amount = 1 where user_id = %(user)s",
        PRICED_HOLD,
    ),
    "a hold at a price that never was": (
        "update credit_holds set price_version = 99 where user_id = %(user)s",
        PRICED_HOLD,
    ),
    "a payment that was never under way": (
        "update payment_orders set status = 'pending' where user_id = %(user)s",
        STATUS,
    ),
    "a payment that ended before it was paid": (
        "update payment_orders set status = 'failed', ended = 'failed' where user_id = %(user)s",
        STATUS,
    ),
    "money that nobody gave back": (
        "update payment_orders set amount_refunded = 1 where user_id = %(user)s",
        REFUNDED,
    ),
    "a lot of more than was granted": (
        "update private.credit_lots set granted = granted + 1000 where user_id = %(user)s",
        GRANTED,
    ),
    "a lot of less than was granted": (
        "update private.credit_lots set granted = granted - 1 where user_id = %(user)s",
        GRANTED,
    ),
}
# Of somebody whose hold was captured in part, and whose payment was refunded in part.
LATER_CORRUPTIONS: dict[str, tuple[str, str]] = {
    "a captured row of no hold": (
        "update credit_transactions set hold_id = gen_random_uuid() where user_id = %(user)s "
        "and type = 'spend'",
        NAMED,
    ),
    "a captured row that forgot its hold": (
        "update credit_transactions set hold_id = null where user_id = %(user)s and type = 'spend'",
        NAMED,
    ),
    "a captured hold that forgot its row": (
        "update credit_holds set transaction_id = null where user_id = %(user)s",
        NAMED,
    ),
    "a captured hold of another row": (
        "update credit_holds set transaction_id = (select id from credit_transactions"
        " where user_id = %(user)s and type = 'purchase') where user_id = %(user)s",
        NAMED,
    ),
    "a captured hold that looks released": (
        "update credit_holds set status = 'released' where user_id = %(user)s",
        NAMED,
    ),
    "a captured hold that is gone": (
        "delete from credit_holds where user_id = %(user)s",
        NAMED,
    ),
    "a capture that is no spend": (
        "update credit_transactions set type = 'adjustment' where user_id = %(user)s "
        "and type = 'spend'",
        WITHIN,
    ),
    "a capture from somebody else": (
        "update credit_transactions set user_id = gen_random_uuid() where user_id = %(user)s "
        "and type = 'spend'",
        WITHIN,
    ),
    "a capture for another feature": (
        "update credit_transactions set feature = 'file_storage' where user_id = %(user)s "
        "and type = 'spend'",
        WITHIN,
    ),
    "a capture at another price": (
        "update credit_transactions set price_version = 99 where user_id = %(user)s "
        "and type = 'spend'",
        WITHIN,
    ),
    "more credits captured than were held": (
        "update credit_holds set amount = 1 where user_id = %(user)s",
        WITHIN,
    ),
    "more units captured than were held": (
        "update credit_holds set quantity = 1 where user_id = %(user)s",
        WITHIN,
    ),
    "a capture of seven times as much": (
        "update credit_transactions set quantity = quantity * 7 where user_id = %(user)s "
        "and type = 'spend'",
        PRICED_SPEND,
    ),
    "a refund that does not show": (
        "update payment_orders set status = 'succeeded' where user_id = %(user)s",
        STATUS,
    ),
    "a part that looks like all": (
        "update payment_orders set status = 'refunded' where user_id = %(user)s",
        STATUS,
    ),
    "a refund of no money": (
        "update payment_orders set amount_refunded = 0 where user_id = %(user)s",
        REFUNDED,
    ),
    "credits of somebody else's payment": (
        "update credit_transactions set user_id = gen_random_uuid() "
        "where user_id = %(user)s and type = 'purchase'",
        "a payment's credits are its buyer's",
    ),
    "credits from somebody else's lot": (
        "update private.credit_lots set user_id = (select user_id from user_credits "
        "where user_id <> %(user)s limit 1) where user_id = %(user)s",
        "who spends from a lot owns it",
    ),
    "a refund that counts nowhere": (
        "update refunds set payment_id = null where user_id = %(user)s",
        "a refund or dispute counts where its payment is known",
    ),
    "a lot that grew by what was taken from it": (
        "update private.credit_lots set granted = granted + 100 where user_id = %(user)s",
        GRANTED,
    ),
    "an open lot that nobody has": (
        "update user_credits set open_lot_id = gen_random_uuid(), open_lot_free = 1 "
        "where user_id = %(user)s",
        OPEN,
    ),
    "an open lot of somebody else": (
        "update user_credits a set open_lot_id = lot.id, open_lot_free = 1, "
        "open_lot_expires_at = lot.expires_at "
        "from private.credit_lots lot where a.user_id = %(user)s and lot.user_id <> a.user_id",
        OPEN,
    ),
    "an open lot with more than it had": (
        "update user_credits a set open_lot_id = lot.id, "
        "open_lot_free = lot.remaining - lot.held + 1, open_lot_expires_at = lot.expires_at "
        "from private.credit_lots lot where a.user_id = %(user)s and lot.user_id = a.user_id",
        OPEN,
    ),
    "an open lot with nothing left": (
        "update user_credits a set open_lot_id = lot.id, open_lot_expires_at = lot.expires_at "
        "from private.credit_lots lot where a.user_id = %(user)s and lot.user_id = a.user_id",
        OPEN,
    ),
    "an open lot that never expires": (
        "update user_credits a set open_lot_id = lot.id, open_lot_free = 1 "
        "from private.credit_lots lot where a.user_id = %(user)s and lot.user_id = a.user_id",
        OPEN,
    ),
    "credits of no open lot": (
        "update user_credits set open_lot_free = 1 where user_id = %(user)s",
        OPEN,
    ),
    "an expiry of no open lot": (
        "update user_credits set open_lot_expires_at = now() where user_id = %(user)s",
        OPEN,
    ),
}
# What came back into the lot whose credits a hold reserves, instead of the one it was taken from.
GROWING = [
    "update credit_transactions set lot_amounts = array[500::bigint],"
    " lot_ids = (select array[id] from private.credit_lots where payment_id = %(grown)s)"
    " where user_id = %(user)s and type = 'refund' and amount > 0",
    "update private.credit_lots set granted = 1000, remaining = 1000 where payment_id = %(grown)s",
    "update private.credit_lots set remaining = 0, exhausted = true where payment_id = %(other)s",
]
CONSTRAINED = ["user_credits", "private.credit_lots", "credit_holds", "payment_orders"]
AUDITS = ["audit_of_amounts", "audit_of_owners", "audit_of_open_lots"]
LAW = re.compile(r"select\s+'((?:[^']|'')+)'\s*,")


@pytest.fixture
def owner(books: Books) -> str:
    """Somebody who bought, spent and holds, and whose books are in order."""
    user_id = books.new_user()
    books.buy(user_id)
    books.spend(user_id, 20)
    books.hold(user_id, 5)
    return user_id


@pytest.fixture
def late_owner(books: Books, owner: str) -> str:
    """Somebody who bought, got less for a hold than was held, and had a part of his money back. The
    owner before him has put the feature on sale."""
    user_id = books.new_user()
    payment_id, _ = books.buy(user_id)
    books.hold(user_id, 5)
    books.connection.execute(
        "select capture(id, 3) from credit_holds where user_id = %s", [user_id]
    )
    books.record(refund(payment_id, 100))
    return user_id


def broken_laws(connection: Connection) -> set[str]:
    return {row["law"] for row in connection.execute("select * from private.audit()")}


@pytest.mark.parametrize(("corruption", "law"), CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_no_corruption_goes_unnoticed(
    superuser: Connection, owner: str, corruption: str, law: str
) -> None:
    corrupt(superuser, owner, corruption)
    assert law in broken_laws(superuser)


@pytest.mark.parametrize(("corruption", "law"), LATER_CORRUPTIONS.values(), ids=LATER_CORRUPTIONS)
def test_nor_does_one_of_what_came_later(
    superuser: Connection, late_owner: str, corruption: str, law: str
) -> None:
    corrupt(superuser, late_owner, corruption)
    assert law in broken_laws(superuser)


def corrupt(connection: Connection, user_id: str, corruption: str) -> None:
    """Change one row of books that are in order."""
    assert broken_laws(connection) == set()
    connection.execute("set local session_replication_role = replica")
    drop_constraints(connection)
    changed = connection.execute(corruption, {"user": user_id}).rowcount
    assert changed == 1


def drop_constraints(connection: Connection) -> None:
    """Constraints hold even for a superuser; somebody with their keys could drop them."""
    constraints = connection.execute(
        "select conrelid::regclass::text as table, conname as name from pg_constraint "
        "where conrelid = any(%s::regclass[]) and contype in ('c', 'u')",
        [CONSTRAINED],
    )
    for constraint in constraints.fetchall():
        connection.execute('alter table {table} drop constraint "{name}"'.format(**constraint))


def source(connection: Connection, function: str) -> str:
    [row] = connection.execute(
        "select prosrc from pg_proc where oid = %s::regprocedure", [f"private.{function}()"]
    ).fetchall()
    return row["prosrc"]


def test_every_law_is_shown_to_be_broken(superuser: Connection) -> None:
    """Read from the audit itself: a new law without a corruption fails here."""
    audit, *parts = [source(superuser, name) for name in ("audit", *AUDITS)]
    assert set(re.findall(r"private\.(\w+)", audit)) == set(AUDITS)
    laws = [name.replace("''", "'") for part in parts for name in LAW.findall(part)]
    assert len(laws) == sum(len(re.findall("^  union all$", part, re.M)) + 1 for part in parts)
    shown = [*CORRUPTIONS.values(), *LATER_CORRUPTIONS.values()]
    assert set(laws) == {law for _, law in shown}


def test_a_lot_may_have_grown_by_what_was_given_back(
    superuser: Connection, books: Books, owner: str
) -> None:
    """Credits that a refund had taken from another lot, because a hold reserved its own, once came
    back into the lot of its payment. Books that still tell of it are in order."""
    user_id = books.new_user()
    refunded, _ = books.buy(user_id)
    other, _ = books.buy(user_id)
    books.hold(user_id, 500)
    books.record(refund(refunded, 499))
    books.record(refund(refunded, 499, status="failed"))
    superuser.execute("set local session_replication_role = replica")
    for change in GROWING:
        superuser.execute(change, {"user": user_id, "grown": refunded, "other": other})
    assert broken_laws(superuser) == set()
    superuser.execute(
        "update private.credit_lots set granted = granted + 1 where payment_id = %s", [refunded]
    )
    assert broken_laws(superuser) == {GRANTED}
