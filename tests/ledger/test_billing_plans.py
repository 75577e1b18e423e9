"""Cards, subscriptions, recharges and the jobs read what they need, by index, however old the shop
is."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.ledger.books import Server
from tests.ledger.test_plans import HISTORY, OLD_CUSTOMER, Archive

RECHARGING = 30
# Every customer of the long history has cards and a subscription, the old one a great many that are
# gone; a few recharge, and none of them is due.
OLD_BILLING = """
create temporary table customer as
select id as user_id, right(id::text, 12)::integer as n, 'cus_' || id as customer_id
from auth.users where id::text like '00000000-0000-4000-8000-%';

insert into public.stripe_customers (user_id, livemode, stripe_customer_id)
select user_id, false, customer_id from customer;
insert into public.payment_methods (id, user_id, livemode, brand, last4, exp_month, exp_year, is_default, detached_at)
select 'pm_' || n || '_' || nth, user_id, false, 'visa', '4242', 12, 2034, nth = 1, case when nth > 2 then now() end
from customer, generate_series(1, case n when 0 then 2000 else 3 end) nth;

select public.record_price('price_monthly', 'monthly', 'usd', 899, 1000, false);
insert into public.subscriptions (id, user_id, livemode, stripe_price_id, status, ended_at, learnt_at, created_at)
select 'sub_' || n, user_id, false, 'price_monthly', 'active', null, now(), now() from customer;

insert into public.payment_orders
  (user_id, package_id, kind, livemode, amount, currency, credits, ui_mode, ended, status, created_at,
   stripe_invoice_id, stripe_payment_intent_id, stripe_subscription_id)
select user_id, 'monthly', 'subscription', false, 899, 'usd', 1000, 'invoice', 'canceled', 'canceled',
       now() - nth * interval '1 month', 'in_' || n || '_' || nth, 'pi_' || n || '_' || nth, 'sub_' || n
from customer, generate_series(1, 12) nth;
insert into public.payment_orders
  (user_id, package_id, kind, livemode, amount, currency, credits, ui_mode, ended, status, created_at)
select user_id, 'starter', 'auto_recharge', false, 499, 'usd', 500, 'off_session', 'failed', 'failed',
       now() - nth * interval '2 days'
from customer, generate_series(1, case n when 0 then 1000 else 2 end) nth;
insert into public.auto_recharges
  (user_id, livemode, enabled, threshold, package_id, currency, amount, monthly_limit, consented_at)
select user_id, false, n < 30, 100, 'starter', 'usd', 499, 9999, now() from customer;

insert into public.payment_orders
  (user_id, package_id, kind, livemode, amount, currency, credits, ui_mode, stripe_checkout_session_id, expires_at)
select user_id, 'starter', 'one_time', false, 499, 'usd', 500, 'hosted', 'cs_' || n, now() - interval '1 hour'
from customer where n < 7;

insert into public.refunds (id, stripe_payment_intent_id, amount, currency, status)
select 're_' || n, 'pi_of_nobody_' || n, 1, 'usd', 'failed' from generate_series(1, 50000) n;
insert into public.disputes (id, stripe_payment_intent_id, amount, currency, status)
select 'du_' || n, 'pi_of_nobody_' || n, 1, 'usd', 'won' from generate_series(1, 50000) n;

insert into public.stripe_events (id, type, livemode, status, payload, created_at, received_at, processed_at)
select 'evt_' || n, 'usual', false, case when n % 5000 = 0 then 'failed' else 'processed' end, '{}', at, at, at
from (select n, now() - n * interval '5 minutes' as at from generate_series(1, 50000) n) e;
insert into public.idempotency_keys (caller, key, request_hash, created_at)
select 'a caller', n::text, 'hash', now() - n * interval '1 minute' from generate_series(1, 40000) n;
"""


@pytest.fixture(scope="module")
def archive(server: Server) -> Iterator[Archive]:
    with server.copy() as books, books.connect("postgres") as connection:
        connection.execute(HISTORY.read_text())
        connection.execute(OLD_BILLING)
        connection.execute("vacuum analyze")
        yield Archive(books, connection)


def test_a_wallet_reads_the_cards_that_are_there(archive: Archive) -> None:
    assert archive.rows_read("authenticated", "select public.list_payment_methods(false)") <= 5


def test_subscriptions_read_the_users_own(archive: Archive) -> None:
    mine = "select public.list_subscriptions(%s, false)"
    assert archive.rows_read("service_role", mine, OLD_CUSTOMER) <= 5


def test_whose_card_it_is_reads_a_handful_of_rows(archive: Archive) -> None:
    whose = "select public.require_payment_method(%s, false, 'pm_0_1')"
    assert archive.rows_read("service_role", whose, OLD_CUSTOMER) <= 5


def test_auto_recharge_reads_this_month_alone(archive: Archive) -> None:
    terms = "select public.get_auto_recharge(%s, false)"
    assert archive.rows_read("service_role", terms, OLD_CUSTOMER) <= 20


def test_recharging_reads_a_few_rows_of_each_user_who_agreed(archive: Archive) -> None:
    claim = "select public.claim_auto_recharges(false, 10)"
    assert archive.rows_read("service_role", claim) <= 6 * RECHARGING
    due = "update public.auto_recharges set threshold = 1000000000 where user_id = %s"
    with archive.connection.transaction(force_rollback=True):
        archive.connection.execute(due, [OLD_CUSTOMER])
        assert archive.rows_read("service_role", claim) <= 6 * RECHARGING + 40


FACTS: dict[str, dict[str, Any]] = {
    "by invoice": {"invoice": {"id": "in_0_3"}, "invoice_url": "https://invoice.stripe.com/i/1"},
    "by intent": {"payment_intent_id": "pi_0_3", "receipt_url": "https://pay.stripe.com/r/1"},
    "by session": {"checkout_session_id": "cs_0", "ended": "expired"},
    "a refund": {
        "payment_intent_id": "pi_0_3",
        "refunds": [{"id": "re_new", "amount": 1, "currency": "usd", "status": "pending"}],
    },
    "a card": {"payment_methods": [{"id": "pm_0_1", "detached": True}]},
    "a default card": {
        "customer": {"id": f"cus_{OLD_CUSTOMER}", "default_payment_method": "pm_0_2"}
    },
}


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS)
def test_facts_find_what_they_speak_of(archive: Archive, facts: dict[str, Any]) -> None:
    record = "select public.record_facts(%s)"
    assert archive.rows_read("service_role", record, Jsonb(facts)) <= 25
    assert archive.rows_read("service_role", "select public.find_drift(%s)", Jsonb([facts])) <= 15


PAID = {"payment_intent_id": "pi_0_3", "paid": True, "amount": 899, "currency": "usd"}


@pytest.mark.parametrize("facts", [*FACTS.values(), PAID], ids=[*FACTS, "paid"])
@pytest.mark.parametrize("event_id", ["evt_new", "evt_24999", "evt_25000"])
def test_a_webhook_finds_its_event_and_what_it_speaks_of(
    archive: Archive, event_id: str, facts: dict[str, Any]
) -> None:
    """New, told before, or taken again after it had failed."""
    event = Jsonb({"id": event_id, "type": "usual", "livemode": False, "created": 0})
    receive = "select public.receive_event(%s, false, %s)"
    assert archive.rows_read("service_role", receive, event, Jsonb(facts)) <= 20


@pytest.mark.parametrize("column", ["id", "stripe_payment_intent_id"])
def test_a_refund_is_planned_by_a_few_rows(archive: Archive, column: str) -> None:
    """This payment was never paid: the plan is refused after it has been found."""
    order = f"select {column}::text from public.payment_orders where stripe_invoice_id = 'in_0_3'"
    named = {"id": "null", "stripe_payment_intent_id": "null"}
    named[column] = f"'{archive.books.one(order)}'"
    plan = f"""do $$ begin
      perform public.plan_refund({", ".join(named.values())}, null);
    exception when sqlstate 'PT409' then null; end $$"""
    assert archive.rows_read("service_role", plan) <= 5


def test_abandoned_payments_are_found_among_old_ones(archive: Archive) -> None:
    abandoned = "select public.list_abandoned_payments(false, 50)"
    assert archive.rows_read("service_role", abandoned) <= 30


def test_abandoned_subscriptions_look_at_living_ones(archive: Archive) -> None:
    abandoned = "select public.list_abandoned_subscriptions(false, 50)"
    archive.connection.execute(
        "update public.subscriptions set ended_at = now() where id <> 'sub_7'"
    )
    archive.connection.execute("vacuum analyze public.subscriptions")
    assert archive.rows_read("service_role", abandoned) <= 10


def test_deleting_with_nothing_old_reads_nothing(archive: Archive) -> None:
    assert archive.rows_read("service_role", "select public.delete_old_records(100)") <= 5


def test_deleting_reads_what_it_deletes(archive: Archive) -> None:
    older = "update public.{} set {} = {} - interval '1 year'"
    with archive.connection.transaction(force_rollback=True):
        archive.connection.execute(older.format("idempotency_keys", *["created_at"] * 2))
        archive.connection.execute(older.format("stripe_events", *["received_at"] * 2))
        read = archive.rows_read("service_role", "select public.delete_old_records(100)")
    assert 200 <= read <= 5 * 100


def test_failed_events_are_found_among_the_others(archive: Archive) -> None:
    assert archive.rows_read("service_role", "select public.list_failed_events(50)") <= 12
    after = "select public.list_failed_events(50, 'evt_25000')"
    assert archive.rows_read("service_role", after) <= 12
