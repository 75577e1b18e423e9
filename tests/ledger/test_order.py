"""The order in which Stripe's events arrive does not matter, nor how often they do."""

import itertools
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.ledger.books import Books, Desk
from tests.ledger.lives import AMOUNT, CREDITS, LIVES
from tests.ledger.stripe_says import Stripe, receive

# All that a life leaves behind, without ids and times.
ROWS = """
select jsonb_build_object(
  'payment', to_jsonb(o) - array['id', 'user_id', 'stripe_checkout_session_id',
    'stripe_payment_intent_id', 'created_at', 'updated_at', 'paid_at'],
  'account', (
    select jsonb_build_array(balance, held, debt, lifetime_granted, lifetime_spent)
    from public.user_credits where user_id = o.user_id),
  'lots', (
    select jsonb_agg(jsonb_build_array(source, granted, remaining, held, debt_paid, exhausted) order by source)
    from public.credit_lots where user_id = o.user_id),
  'ledger', (
    select jsonb_object_agg(cause, amount) from (
      select case when type::text like 'dispute%%' then 'dispute' else type::text end as cause, sum(amount) as amount
      from public.credit_transactions where payment_id = o.id group by 1 having sum(amount) <> 0) net),
  'refunds', (
    select jsonb_agg(jsonb_build_array(amount, status, user_id = o.user_id) order by amount, id)
    from public.refunds where payment_id = o.id),
  'disputes', (
    select jsonb_agg(jsonb_build_array(amount, status, user_id = o.user_id, due_by) order by amount)
    from public.disputes where payment_id = o.id),
  'customers', (select count(*) from public.stripe_customers where user_id = o.user_id),
  'inbox', (
    select jsonb_agg(jsonb_build_array(type, status, error, payment_id = o.id) order by type, created_at)
    from public.stripe_events where stripe_payment_intent_id = %(intent_id)s))
from public.payment_orders o where o.id = %(payment_id)s
"""


def orders_with_a_duplicate(events: int) -> Iterator[tuple[int, ...]]:
    """Every permutation, one event in it twice: each one in turn, at each place in turn."""
    for nth, order in enumerate(itertools.permutations(range(events))):
        twice, place = nth % events, nth // events % (events + 1)
        yield (*order[:place], twice, *order[place:])


def live(
    desk: Desk, owner: psycopg.Connection[Any], name: str, order: tuple[int, ...]
) -> dict[str, Any]:
    """One buyer's payment; its events arrive in this order. Returns the rows in the end."""
    [user_id] = owner.execute(
        "insert into auth.users (id) values (gen_random_uuid()) returning id::text"
    ).fetchone() or [""]
    desk.grant(user_id, 70)
    payment = desk.order(user_id)
    stripe = Stripe(payment["payment_id"], user_id, AMOUNT)
    desk.facts(payment_id=stripe.payment_id, checkout_session_id=stripe.id("cs_test"))
    events = LIVES[name].tell(stripe)
    for nth in order:
        receive(desk, events[nth])
    wanted = {"payment_id": stripe.payment_id, "intent_id": stripe.id("pi")}
    [rows] = owner.execute(ROWS, wanted).fetchone() or [{}]
    return rows


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", LIVES)
def test_events_in_any_order_and_twice_end_in_the_same_rows(
    books: Books, desk: Desk, name: str
) -> None:
    life = LIVES[name]
    events = len(life.tell(Stripe("", "", AMOUNT)))
    with books.connect("postgres") as owner:
        as_they_happened = live(desk, owner, name, tuple(range(events)))
        assert as_they_happened["payment"]["status"] == life.status
        assert as_they_happened["account"] == [70 + life.credits, 0, 0, 70 + CREDITS, 0]
        assert [status for _, status, *_ in as_they_happened["inbox"]] == ["processed"] * events
        for order in orders_with_a_duplicate(events):
            assert live(desk, owner, name, order) == as_they_happened, order
