"""Customers, cards, invoices and recharges that are told of or asked for at the same moment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.ledger import lives_of_subscriptions
from tests.ledger.books import Books, Desk, Refused, new_id
from tests.ledger.crowd import crowd, rush
from tests.ledger.lives import AMOUNT, CREDITS
from tests.ledger.lives_of_subscriptions import MONTHLY_CREDITS
from tests.ledger.stripe_says import Event, learn, receive

Action = Callable[[Desk], Any]
RECHARGES = "select count(*) from public.payment_orders where kind = 'auto_recharge'"


def test_the_first_news_of_an_invoice_from_everywhere_at_once_are_one_grant(
    books: Books, desk: Desk, user_id: str
) -> None:
    """Nobody has ordered a renewal: its payment is made by whoever hears of it first."""
    stripe = lives_of_subscriptions.begin(desk, user_id)
    told: list[Event] = []
    for _ in range(10):
        told += [
            stripe.invoice("paid", "paid"),
            stripe.invoice("paid", "paid", 2),
            stripe.invoice_payment(2),
            stripe.renewal_intent("succeeded", "succeeded", 2),
            stripe.subscription("updated", "active", 2),
        ]
    actions: list[Action] = [partial(receive, event=event) for event in told]
    actions += [partial(learn, event=event) for event in told if "invoice" in event.payload["type"]]
    with crowd(books, len(actions)) as desks:
        rush(desks, *actions)
    assert (
        books.rows("select type::text, amount from public.credit_transactions")
        == [("subscription", MONTHLY_CREDITS)] * 2
    )
    assert books.one("select count(*) from public.subscriptions") == 1
    linked = "select stripe_payment_intent_id from public.payment_orders where ui_mode = 'invoice'"
    assert books.one(linked) == stripe.id("pi", 2)
    assert books.rows("select error from public.stripe_events where status = 'failed'") == []


def test_two_first_purchases_at_once_make_one_customer(books: Books, user_id: str) -> None:
    with crowd(books, 20) as desks:
        stands = rush(desks, *[lambda desk: desk.customer(user_id)] * 20)
    assert set(stands) == {books.one("select stripe_customer_id from public.stripe_customers")}


def test_two_first_purchases_at_once_may_bring_the_same_customer(books: Books) -> None:
    """Stripe answers both with one customer, because both asked with one key."""
    with crowd(books, 20) as desks:
        for _ in range(40):
            user_id, customer_id = books.new_user(), new_id("cus")
            writes = [partial(Desk.customer, user_id=user_id, customer_id=customer_id)] * 20
            assert set(rush(desks, *writes)) == {customer_id}


LIVING = """select count(*), count(*) filter (where is_default)
from public.payment_methods where detached_at is null"""


def choose(card_id: str, customer_id: str) -> Action:
    chosen = {"id": customer_id, "default_payment_method": card_id}
    return partial(Desk.facts, customer=chosen)


def test_of_many_cards_at_once_one_is_the_default(books: Books, desk: Desk, user_id: str) -> None:
    customer_id = desk.customer(user_id)
    with crowd(books, 20) as desks:
        cards = rush(desks, *[lambda desk: desk.card(customer_id)] * 20)
        assert books.rows(LIVING) == [(20, 1)]
        rush(desks, *[choose(card, customer_id) for card in cards])
        assert books.rows(LIVING) == [(20, 1)]


def test_a_card_that_goes_while_it_is_chosen_is_not_the_default(
    books: Books, desk: Desk, user_id: str
) -> None:
    customer_id = desk.customer(user_id)
    cards = [desk.card(customer_id) for _ in range(20)]
    desk.recharge(user_id)
    actions: list[Action] = []
    for card in cards:
        gone: Action = partial(Desk.facts, payment_methods=[{"id": card, "detached": True}])
        actions += [gone, choose(card, customer_id)]
    with crowd(books, len(actions)) as desks:
        rush(desks, *actions)
    assert books.rows(LIVING) == [(0, 0)]
    off = books.rows("select enabled, off_reason from public.auto_recharges")
    assert off == [(False, "no_card")]
    assert books.one("select count(*) from public.account_events") == 1


def ready(desk: Desk, user_id: str, **terms: Any) -> None:
    """He has a card, has agreed, and nothing is left."""
    desk.card(desk.customer(user_id))
    desk.recharge(user_id, **terms)


def test_many_jobs_at_once_order_one_recharge_for_each(books: Books, desk: Desk) -> None:
    users = [books.new_user() for _ in range(15)]
    for user_id in users:
        ready(desk, user_id)
    with crowd(books, 30) as desks:
        for _ in range(3):
            rush(desks, *[partial(Desk.claim, limit=7)] * 30)
    assert books.one(RECHARGES) == len(users)


def test_a_recharge_that_is_found_again_is_the_same_order(
    books: Books, desk: Desk, user_id: str
) -> None:
    """Its request to Stripe may have been lost: until an intent is known, it is asked again."""
    ready(desk, user_id)
    [first] = desk.claim()
    with crowd(books, 20) as desks:
        claims = rush(desks, *[Desk.claim] * 20)
    assert {order["payment"]["payment_id"] for claim in claims for order in claim} == {
        first["payment"]["payment_id"]
    }
    desk.pay(first["payment"])
    assert desk.claim() == []


def test_a_recharge_that_succeeds_while_jobs_look_for_it_is_not_ordered_again(
    books: Books, desk: Desk
) -> None:
    """Its answer comes to one job, while others ask whether it was lost."""
    for _ in range(100):
        ready(desk, books.new_user())
    orders = [order["payment"] for order in desk.claim(100)]

    def look(desk: Desk) -> None:
        for _ in range(15):
            desk.claim(100)

    def hear(desk: Desk) -> None:
        for order in orders:
            desk.pay(order)

    with crowd(books, 6) as desks:
        rush(desks, *[look] * 5, hear)
    assert books.one(RECHARGES) == len(orders) == 100


def test_withdrawing_beside_the_job_leaves_one_recharge_at_most_and_none_later(
    books: Books, desk: Desk
) -> None:
    """Whoever is first wins: what was ordered stays ordered, and nothing is ordered after that."""
    users = [books.new_user() for _ in range(12)]
    for user_id in users:
        ready(desk, user_id)
    off: list[Action] = [partial(Desk.recharge, user_id=user, enabled=False) for user in users]
    with crowd(books, 24) as desks:
        rush(desks, *[each for one in off for each in (one, partial(Desk.claim, limit=50))])
    ordered = books.one(RECHARGES)
    assert ordered <= len(users)
    assert desk.claim(100) == []
    assert books.one(RECHARGES) == ordered
    given = "select count(*) from public.auto_recharge_consents"
    assert books.one(given) == 2 * len(users)


def test_who_agrees_while_his_card_goes_has_agreed_to_nothing_or_to_that_card(
    books: Books, desk: Desk
) -> None:
    """Consent is to a card: the next one that is saved must not be charged for it."""
    pairs: list[Action] = []
    for _ in range(40):
        user_id = books.new_user()
        card_id = desk.card(desk.customer(user_id))
        pairs.append(partial(Desk.recharge, user_id=user_id))
        pairs.append(partial(Desk.facts, payment_methods=[{"id": card_id, "detached": True}]))
    with crowd(books, len(pairs)) as desks:
        rush(desks, *pairs)
    assert books.rows(LIVING) == [(0, 0)]
    assert books.one("select count(*) from public.auto_recharges where enabled") == 0


def test_new_terms_beside_the_job_are_never_mixed_with_the_old(
    books: Books, desk: Desk, user_id: str
) -> None:
    """A recharge is of the package, price and limit of one consent."""
    ready(desk, user_id)
    dearer: Action = partial(
        Desk.recharge, user_id=user_id, package_id="creator", monthly_limit=1499
    )
    with crowd(books, 20) as desks:
        rush(desks, *[dearer, partial(Desk.claim, limit=5)] * 10)
    desk.claim()
    orders = books.rows("select package_id, amount from public.payment_orders")
    assert len(orders) == 1
    assert orders[0] in [("starter", AMOUNT), ("creator", 1499)]


def test_a_refund_is_planned_on_one_state_of_its_payment(
    books: Books, desk: Desk, user_id: str
) -> None:
    """Money and credits of a plan are of the same moment, however many refunds arrive meanwhile."""
    intent_id = desk.buy(user_id)
    actions: list[Action] = []
    for _ in range(4):
        actions.append(partial(Desk.refund, intent_id=intent_id, amount=100))
        plan = {"payment_id": None, "payment_intent_id": intent_id, "amount": None}
        actions += [partial(Desk.call, function="plan_refund", **plan)] * 7
    with crowd(books, len(actions)) as desks:
        answers = rush(desks, *actions)
    plans = [answer for answer in answers if "amount_left" in answer]
    assert len(plans) == 28
    for plan in plans:
        refunded = AMOUNT - plan["amount_left"]
        assert refunded == 100 * plan["refunds"]
        assert plan["credits"] == CREDITS - CREDITS * refunded // AMOUNT


def test_one_key_at_once_is_one_plan_of_a_refund(books: Books, desk: Desk, user_id: str) -> None:
    """Whatever has been refunded meanwhile; and another request with that key is none."""
    intent_id = desk.buy(user_id)
    payment_id = books.one("select id::text from public.payment_orders")
    asked = {"caller": "an admin", "key": "one", "request_hash": "x", "payment_id": payment_id}
    plan: Action = partial(Desk.call, function="plan_refund_once", **asked, amount=None)
    refund: Action = partial(Desk.refund, intent_id=intent_id, amount=100)
    with crowd(books, 21) as desks:
        first, *answers = rush(desks, *[plan] * 20, refund)[:-1]
    assert all(answer == first for answer in answers)
    assert plan(desk) == first
    with pytest.raises(Refused, match="idempotency_conflict"):
        desk.call("plan_refund_once", **asked | {"request_hash": "y"}, amount=1)


def test_two_reconciliations_at_once_begin_the_same_run(books: Books, desk: Desk) -> None:
    now = datetime.now(UTC)
    begin: Action = partial(Desk.call, function="begin_reconciliation", livemode=False, since=now)
    with crowd(books, 10) as desks:
        places = rush(desks, *[begin] * 10)
    assert len({place["since"] for place in places}) == 1
    place = {"resource": "refunds", "starting_after": new_id("re"), "counts": {"checked": 100}}
    desk.call("note_reconciliation", livemode=False, **place)
    later = desk.call("begin_reconciliation", livemode=False, since=datetime.now(UTC))
    assert later == places[0] | place


@pytest.mark.parametrize("days", [13, 15])
def test_a_reconciliation_that_was_cut_off_goes_on_for_two_weeks(
    books: Books, desk: Desk, days: int
) -> None:
    """After that it would have passed over what was made meanwhile: it begins again."""
    now = datetime.now(UTC)
    first = desk.call("begin_reconciliation", livemode=False, since=now - timedelta(days=30))
    place = {"resource": "refunds", "starting_after": new_id("re"), "counts": {"checked": 100}}
    desk.call("note_reconciliation", livemode=False, **place)
    began = "update public.reconciliations set started_at = now() - make_interval(days => %s)"
    books.rows(began, days)
    afresh = {"resource": None, "starting_after": None, "counts": {}}
    expected = first | (place if days < 14 else afresh)
    assert desk.call("begin_reconciliation", livemode=False, since=now) == expected
