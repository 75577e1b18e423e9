"""What the preview of a refund says is what then happens, whatever state it is in."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.backend.checkout_page import CheckoutPage
from tests.backend.purchase import Purchase, Shop
from tests.backend.refunding import (
    REFUND_PENDS,
    REFUNDS,
    Connection,
    given_back,
    preview,
    refund,
    refusal,
)
from tests.backend.server import give
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually


def test_the_preview_says_what_then_happens_and_does_nothing(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.forget_requests()
    plan = preview(admin, purchase)
    assert stripe_console.requests() == []
    assert purchase.now["amount_refunded"] == 0
    told = {name: plan[name] for name in ("amount", "currency", "credits", "credits_missing")}
    assert told == {"amount": 499, "currency": "usd", "credits": 500, "credits_missing": 0}
    made = refund(admin, purchase)
    assert (made["amount"], made["credits_refunded"]) == (plan["amount"], plan["credits"])


def test_credits_that_are_spent_become_debt_as_the_preview_said(
    admin: Person, purchase: Purchase, database: Connection
) -> None:
    give(database, purchase.buyer, -450)
    plan = preview(admin, purchase)
    assert (plan["credits"], plan["credits_missing"]) == (500, 450)
    assert refund(admin, purchase)["credits_refunded"] == 500
    credits = purchase.buyer.get("/api/credits").json()
    assert credits["balance"] == -450
    give(database, purchase.buyer, 500)
    assert purchase.buyer.available == 50


def test_after_a_partial_refund_the_preview_is_of_the_rest(
    admin: Person, purchase: Purchase
) -> None:
    refund(admin, purchase, amount=100)
    plan = preview(admin, purchase)
    assert (plan["amount"], plan["credits"], plan["refunds"]) == (399, 400, 1)


@pytest.fixture
def discounted(buyer: Person, stripe_console: StripeConsole) -> Callable[..., str]:
    """Buys a starter package with a promotion code; answers the payment's id."""

    def buy(**coupon: Any) -> str:
        order = buyer.order()
        page = CheckoutPage(stripe_console, order)
        page.use_code(stripe_console.new_code(**coupon))
        page.accept() if coupon.get("percent_off") == 100 else page.pay()
        paid: str = buyer.refresh(order["payment_id"])["payment_id"]
        return paid

    return buy


def test_what_was_free_has_nothing_to_refund(
    admin: Person,
    buyer: Person,
    stripe_console: StripeConsole,
    discounted: Callable[..., str],
) -> None:
    payment_id = discounted(percent_off=100)
    assert (buyer.payment(payment_id)["status"], buyer.available) == ("succeeded", 500)
    answer = admin.post(f"/api/payments/{payment_id}/refund")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert "Nothing was charged" in answer.json()["detail"]
    assert stripe_console.requests(method="POST", path=REFUNDS) == []


def test_a_refund_is_in_proportion_to_what_was_paid(
    admin: Person, discounted: Callable[..., str]
) -> None:
    path = f"/api/payments/{discounted(amount_off=249, currency='usd')}/refund"
    assert admin.get(path).json()["amount"] == 250
    assert admin.post(path, {"amount": 125}).json()["credits_refunded"] == 250


# States of a refund


@pytest.fixture
def slow_refund(shop_floor: Shop, buyer: Person, stripe_console: StripeConsole) -> Purchase:
    """A purchase with a card whose refunds take days."""
    stripe_console.deliver("drop")
    order = buyer.order()
    stripe_console.pay(order["url"], REFUND_PENDS)
    stripe_console.deliver("live")
    assert buyer.refresh(order["payment_id"])["status"] == "succeeded"
    intent_id = shop_floor.row(order["payment_id"])["stripe_payment_intent_id"]
    intent = stripe_console.api(f"payment_intents/{intent_id}")
    return Purchase(buyer, order, intent_id, intent["latest_charge"])


def test_a_pending_refund_takes_the_credits_at_once_and_is_not_made_again(
    admin: Person, slow_refund: Purchase, stripe_console: StripeConsole
) -> None:
    made = refund(admin, slow_refund)
    assert made["status"] == "pending"
    assert slow_refund.buyer.available == 0
    assert refusal(admin, slow_refund) == (409, "invalid_state")
    stripe_console.change_refund(made["refund_id"], "succeed")
    assert slow_refund.buyer.refresh(slow_refund.payment_id)["status"] == "refunded"


@pytest.mark.parametrize("ending", ["fail", "cancel"])
def test_a_refund_that_comes_to_nothing_gives_the_credits_back_and_can_be_made_anew(
    admin: Person, slow_refund: Purchase, stripe_console: StripeConsole, ending: str
) -> None:
    made = refund(admin, slow_refund)
    stripe_console.change_refund(made["refund_id"], ending)
    eventually(lambda: slow_refund.now["status"], lambda status: status == "succeeded")
    assert slow_refund.buyer.available == 500
    again = refund(admin, slow_refund)
    assert again["refund_id"] != made["refund_id"]
    assert slow_refund.now["amount_refunded"] == 499


def test_a_refund_that_succeeded_may_still_fail(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    made = refund(admin, purchase)
    stripe_console.change_refund(made["refund_id"], "fail")
    eventually(lambda: purchase.now["status"], lambda status: status == "succeeded")
    assert purchase.buyer.available == 500


def test_a_refund_in_the_dashboard_counts_before_the_next_one_here(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.refund(purchase.charge_id, amount=200)
    eventually(lambda: purchase.now["amount_refunded"], lambda amount: amount == 200)
    assert preview(admin, purchase)["amount"] == 299
    assert refund(admin, purchase)["amount"] == 299


def test_a_refund_in_the_dashboard_that_nobody_told_us_of_is_not_paid_twice(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    stripe_console.refund(purchase.charge_id, amount=200)
    assert refusal(admin, purchase) == (409, "invalid_state")
    assert given_back(stripe_console, purchase) == [200]
    purchase.buyer.refresh(purchase.payment_id)
    assert refund(admin, purchase)["amount"] == 299
