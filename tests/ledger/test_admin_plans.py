"""What an admin asks reads what it shows, by index, however old the shop is."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.ledger.books import Server
from tests.ledger.test_plans import HISTORY, OLD_CUSTOMER, Archive

PAGE = 20
# A payment is shown with its user, its refunds and its disputes, and looked up once more by its id.
ROWS_A_PAYMENT = 5
READ = """
select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables
where schemaname in ('public', 'auth')
"""
OLD_SHOP = """
insert into public.payment_orders
  (user_id, package_id, kind, livemode, amount, currency, credits, ui_mode, ended, status, created_at,
   stripe_payment_intent_id)
select gen_random_uuid(), 'starter', 'one_time', false, 499, case when n % 10000 = 0 then 'jpy' else 'usd' end, 500,
       'hosted', case when n % 5000 = 0 then 'failed' else 'expired' end,
       case when n % 5000 = 0 then 'failed' else 'expired' end, now() - n * interval '1 minute', 'pi_' || n
from generate_series(1, 50000) n;

insert into public.refunds (id, stripe_payment_intent_id, payment_id, amount, currency, status, created_at)
select 're_' || id, stripe_payment_intent_id, id, 499, 'usd', 'failed', created_at
from public.payment_orders where stripe_payment_intent_id like 'pi_%7';
insert into public.disputes (id, stripe_payment_intent_id, payment_id, amount, currency, status, created_at)
select 'du_' || id, stripe_payment_intent_id, id, 499, 'usd', 'warning_closed', created_at
from public.payment_orders where stripe_payment_intent_id like 'pi_%77';

insert into public.stripe_events (id, type, livemode, status, payload, created_at, received_at, processed_at)
select 'evt_' || n, case when n % 5000 = 0 then 'rare' else 'usual' end, false,
       case when n % 500 = 0 then 'failed' else 'processed' end, '{}', received_at, received_at, received_at
from (select n, now() - n * interval '1 minute' as received_at from generate_series(1, 50000) n) e;

-- The ledger is written in the order of time; the history of the one customer is not.
insert into private.credit_lots (id, user_id, source, granted, remaining, exhausted)
values ('00000000-0000-4000-8000-999999999999', '00000000-0000-4000-8000-999999999999', 'bonus', 50000, 0, true);
insert into public.user_credits (user_id, lifetime_granted, lifetime_spent)
values ('00000000-0000-4000-8000-999999999999', 50000, 50000);
insert into public.credit_transactions
  (user_id, type, amount, balance_after, available_after, lot_ids, lot_amounts, feature, quantity, price_version,
   description, created_at)
select '00000000-0000-4000-8000-999999999999', type::public.credit_transaction_type, amount, greatest(amount, 0), 0,
       '{00000000-0000-4000-8000-999999999999}', array[amount], 'unit', 1, 1, 'in and out', at
from (select n, case n % 2 when 0 then 'bonus' else 'spend' end as type, case n % 2 when 0 then 1 else -1 end as amount,
             now() - (100000 - n) * interval '5 minutes' as at
      from generate_series(0, 99999) n) movement
order by n;
"""


@pytest.fixture(scope="module")
def archive(server: Server) -> Iterator[Archive]:
    with server.copy() as books, books.connect("postgres") as connection:
        connection.execute(HISTORY.read_text())
        connection.execute(OLD_SHOP)
        connection.execute("vacuum analyze")
        yield Archive(books, connection)


def rows_read(archive: Archive, call: str, *values: Any) -> int:
    """How many rows of users' tables one call reads; scanned ones count too."""
    with archive.connection.transaction(force_rollback=True):
        [before] = archive.connection.execute(READ).fetchone() or [0]
        archive.act_as("service_role")
        archive.connection.execute(call, values)
        archive.connection.execute("reset role")
        [after] = archive.connection.execute(READ).fetchone() or [0]
    return int(after - before)


SEARCHES = {
    "newest": "20",
    "by status": "20, p_status => 'failed'",
    "expired": "20, p_status => 'expired'",
    "by currency": "20, p_currency => 'jpy'",
    "by user": f"20, p_user_id => '{OLD_CUSTOMER}'",
    "by period": "20, p_from => now() - interval '9 days', p_to => now() - interval '8 days'",
    "by intent": "20, p_query => 'pi_777'",
    "by nobody's id": "20, p_query => 'pi_nobody'",
}


@pytest.mark.parametrize("asked", SEARCHES.values(), ids=SEARCHES)
def test_a_search_reads_a_page(archive: Archive, asked: str) -> None:
    search = f"select public.search_payments({asked})"
    assert rows_read(archive, search) <= ROWS_A_PAYMENT * (PAGE + 1)


INBOX = {
    "newest": "20",
    "by status": "20, p_status => 'failed'",
    "by type": "20, p_type => 'rare'",
    "from the middle": "20, 'evt_25000'",
}


@pytest.mark.parametrize("asked", INBOX.values(), ids=INBOX)
def test_the_inbox_reads_a_page(archive: Archive, asked: str) -> None:
    inbox = f"select public.list_stripe_events({asked})"
    assert rows_read(archive, inbox) <= 3 * PAGE


def test_a_user_reads_his_newest_rows(archive: Archive) -> None:
    account = "select public.get_user_account(%s, false, 20)"
    assert rows_read(archive, account, OLD_CUSTOMER) <= 10 * PAGE


def test_a_week_of_metrics_reads_a_week_of_each_table(archive: Archive) -> None:
    """And each once: its days do not multiply it. Balances are summed over everybody, so that one
    table is read whole."""
    week = "created_at >= current_date - 6"
    in_week = sum(
        archive.books.one(f"select count(*) from public.{table} where {condition}")
        for table, condition in {
            "payment_orders": week,
            "refunds": week,
            "disputes": week,
            "credit_transactions": week,
            "stripe_events": "received_at >= current_date - 6",
            "user_credits": "true",
        }.items()
    )
    metrics = "select public.get_metrics(current_date - 6, current_date + 1, 'usd', false)"
    assert rows_read(archive, metrics) <= 2 * in_week
