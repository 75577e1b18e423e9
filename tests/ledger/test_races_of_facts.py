"""Facts about one payment that arrive at the same moment, from everywhere."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.ledger.books import Books, Desk, new_id, new_key
from tests.ledger.crowd import crowd, rush
from tests.ledger.lives import AMOUNT, CREDITS
from tests.ledger.stripe_says import Event, Stripe, learn, receive


def test_a_payment_heard_of_from_everywhere_at_once_is_credited_once(
    books: Books, desk: Desk, user_id: str
) -> None:
    payment = desk.order(user_id)
    stripe = Stripe(payment["payment_id"], user_id, AMOUNT)
    told = [stripe.session("completed", "paid"), stripe.intent("succeeded", "succeeded")] * 15
    paid = {
        "payment_id": stripe.payment_id,
        "payment_intent_id": stripe.id("pi"),
        "paid": True,
        "amount": AMOUNT,
        "currency": "usd",
    }
    actions: list[Callable[[Desk], Any]] = [partial(receive, event=event) for event in told]
    actions += [lambda desk: desk.facts(**paid)] * len(told)
    with crowd(books, len(actions)) as desks:
        rush(desks, *actions)
    assert books.rows("select type::text, amount from public.credit_transactions") == [
        ("purchase", CREDITS)
    ]
    assert set(books.rows("select status, error from public.stripe_events")) == {
        ("processed", None)
    }


@pytest.mark.parametrize("tell", [receive, learn])
def test_a_refund_that_overtakes_its_payment_is_never_forgotten(
    books: Books, desk: Desk, tell: Callable[[Desk, Event], None]
) -> None:
    """One transaction learns whose intent it is while another learns of its refund."""
    buyers = 60
    events: list[Event] = []
    for user_id in [books.new_user() for _ in range(buyers)]:
        stripe = Stripe(desk.order(user_id)["payment_id"], user_id, AMOUNT)
        events += [
            stripe.intent("succeeded", "succeeded"),
            stripe.refund("refund.created", "succeeded", AMOUNT),
        ]
    with crowd(books, len(events)) as desks:
        rush(desks, *[partial(tell, event=event) for event in events])
    assert books.rows("select status, count(*) from public.payment_orders group by 1") == [
        ("refunded", buyers)
    ]
    assert books.rows("select id from public.stripe_events where status <> 'processed'") == []
    assert books.one("select sum(balance)::int from public.user_credits") == 0


def test_a_refund_beside_spending_leaves_the_spent_credits_as_debt(
    books: Books, desk: Desk, user_id: str
) -> None:
    intent_id = desk.buy(user_id)
    spends = [lambda desk: desk.spend(user_id, 7)] * 100
    with crowd(books, len(spends) + 1) as desks:
        *answers, _ = rush(desks, *spends, lambda desk: desk.refund(intent_id, AMOUNT))
    spent = sum(answer["amount"] for answer in answers if answer != "insufficient_credits")
    account = books.rows("select balance, debt, lifetime_spent from public.user_credits")
    assert account == [(-spent, spent, spent)]


def test_a_refund_and_a_dispute_at_once_take_no_more_than_was_bought(
    books: Books, desk: Desk, user_id: str
) -> None:
    intent_id = desk.buy(user_id)
    desk.grant(user_id, 1000)
    told: list[Callable[[Desk], Any]] = [
        lambda desk, nth=nth: desk.refund(intent_id, 100, f"re_{nth % 4}") for nth in range(16)
    ]
    told += [
        lambda desk, status=status: desk.dispute(intent_id, AMOUNT, status, "du_1")
        for status in ["needs_response", "under_review", "lost"] * 5
    ]
    with crowd(books, len(told)) as desks:
        rush(desks, *told)
    assert books.one("select balance from public.user_credits") == 1000
    refunded = CREDITS * 400 // AMOUNT
    assert books.rows("select credits_refunded, credits_disputed from public.payment_orders") == [
        (refunded, CREDITS - refunded)
    ]


def test_one_key_at_once_orders_one_payment(books: Books, desk: Desk, user_id: str) -> None:
    order = {
        "user_id": user_id,
        "package_id": "starter",
        "currency": "usd",
        "default_currency": "usd",
        "livemode": False,
        "ui_mode": "hosted",
        "return_url": None,
        "locale": "en",
        "idempotency_key": new_key(),
        "request_hash": new_id("hash"),
    }
    with crowd(books, 30) as desks:
        answers = rush(desks, *[lambda desk: desk.call("create_payment", **order)] * 30)
    assert len({answer["payment"]["payment_id"] for answer in answers}) == 1
    assert books.one("select count(*) from public.payment_orders") == 1


def test_open_payments_stay_bounded_however_many_tabs_order(
    books: Books, desk: Desk, user_id: str
) -> None:
    with crowd(books, 60) as desks:
        answers = rush(desks, *[lambda desk: desk.order(user_id)] * 60)
    assert answers.count("invalid_state") == 40
