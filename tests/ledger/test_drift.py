"""What differs from Stripe is what merging would mend, or what a person must look at: nothing else."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from backend.services import facts
from tests.ledger.billing_says import Billing
from tests.ledger.books import Books, Desk, new_id
from tests.ledger.lives import AMOUNT
from tests.ledger.lives_of_subscriptions import MONTHLY, begin
from tests.ledger.stripe_says import receive


def drift_of(desk: Desk, learnt: dict[str, Any] | None) -> str | None:
    [kinds] = desk.connection.execute("select public.find_drift(%s)", [Jsonb([learnt])]).fetchone()  # type: ignore[misc]
    [kind] = kinds
    return kind


@pytest.mark.parametrize(
    ("known", "said", "drift"),
    [
        ("lost", "won", "dispute"),
        ("appeal_under_review", "lost", None),  # an appeal that was refused
        ("lost", "lost", None),
        ("needs_response", "a status of next year", "dispute"),
    ],
)
def test_a_dispute_drifts_when_it_has_gone_on(
    desk: Desk, user_id: str, known: str, said: str, drift: str | None
) -> None:
    intent_id, dispute_id = desk.buy(user_id), new_id("du")
    desk.dispute(intent_id, AMOUNT, known, dispute_id)
    dispute = {"id": dispute_id, "amount": AMOUNT, "currency": "usd", "status": said}
    assert drift_of(desk, {"payment_intent_id": intent_id, "disputes": [dispute]}) == drift


@pytest.mark.parametrize(
    ("known", "said", "drift"),
    [
        ("succeeded", "failed", "refund"),
        ("requires_action", "pending", None),  # the buyer has said where it shall go
        ("succeeded", "a status of next year", "refund"),
    ],
)
def test_a_refund_drifts_when_it_has_gone_on(
    desk: Desk, user_id: str, known: str, said: str, drift: str | None
) -> None:
    intent_id, refund_id = desk.buy(user_id), new_id("re")
    desk.refund(intent_id, AMOUNT, refund_id, status=known)
    refund = {"id": refund_id, "amount": AMOUNT, "currency": "usd", "status": said}
    assert drift_of(desk, {"payment_intent_id": intent_id, "refunds": [refund]}) == drift


@pytest.mark.parametrize("ui_mode", ["elements", "hosted"])
@pytest.mark.parametrize("processing", [True, False])
def test_a_decline_drifts_where_it_ends_what_was_being_processed(
    desk: Desk, user_id: str, ui_mode: str, processing: bool
) -> None:
    """At once it ends nothing: the buyer tries another card. On Stripe's page its session tells."""
    payment_id = desk.order(user_id, ui_mode=ui_mode)["payment_id"]
    desk.facts(payment_id=payment_id, payment_intent_id=new_id("pi"), processing=processing)
    learnt = {"payment_id": payment_id, "declined": True}
    ends = processing and ui_mode == "elements"
    assert drift_of(desk, learnt) == ("ended" if ends else None)
    desk.facts(**learnt)
    assert drift_of(desk, learnt) is None


@pytest.mark.parametrize(
    ("forgotten", "drift"),
    [("nothing", "unpaid"), ("its customer", "unknown_payment"), ("its price", "unknown_payment")],
)
@pytest.mark.parametrize("nth", [1, 2])
def test_the_money_of_a_subscription_that_a_backup_does_not_know_is_found(
    books: Books, desk: Desk, user_id: str, nth: int, forgotten: str, drift: str
) -> None:
    """Every month's. A person must look, as merging credits nobody."""
    stripe = begin(desk, user_id)
    books.rows("delete from public.payment_orders")
    if forgotten == "its customer":
        books.rows("delete from public.stripe_customers")
    elif forgotten == "its price":
        books.rows("delete from public.stripe_prices")
    paid = stripe.invoice("paid", "paid", nth).payload["data"]["object"]
    learnt = facts.of_invoice(paid)
    assert drift_of(desk, learnt) == drift
    desk.facts(**learnt or {})
    assert drift_of(desk, learnt) == (None if drift == "unpaid" else drift)


def test_what_grants_nothing_is_no_drift(desk: Desk, user_id: str) -> None:
    """A month on trial, an invoice on which two plans cancel out, and one of another shop."""
    stripe = begin(desk, user_id)
    free = [(stripe.price_id, 0)]
    even = [(stripe.price_id, MONTHLY), (stripe.price_id, -MONTHLY)]
    for nth, lines in enumerate((free, even), start=2):
        assert drift_of(desk, invoice_of(stripe, nth, lines=lines)) is None
    receive(desk, stripe.subscription("created", "active"))
    stripe.ids |= {"cus1": new_id("cus"), "sub1": new_id("sub")}
    theirs = invoice_of(stripe, 4)
    assert theirs
    del theirs["invoice"]["first_payment_id"]
    assert drift_of(desk, theirs) is None


def invoice_of(stripe: Billing, nth: int, **changed: Any) -> dict[str, Any] | None:
    paid = stripe.invoice("paid", "paid", nth, **changed).payload["data"]["object"]
    return facts.of_invoice(paid)
