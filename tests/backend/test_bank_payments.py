"""Money that takes days: credits come when it is there, and not before."""

import pytest

from tests.backend.purchase import Shop
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually


@pytest.fixture
def order(buyer: Person, stripe_console: StripeConsole) -> dict:
    """An order that its buyer is paying by bank."""
    order = buyer.order()
    stripe_console.pay_by_bank(order["url"])
    return order | {"intent_id": intent_of(order, stripe_console)}


def intent_of(order: dict, stripe_console: StripeConsole) -> str:
    return stripe_console.api(f"checkout/sessions/{order['session_id']}")["payment_intent"]


def status(buyer: Person, order: dict, wanted: str) -> dict:
    return eventually(
        lambda: buyer.payment(order["payment_id"]), lambda payment: payment["status"] == wanted
    )


def test_while_the_money_is_on_its_way_there_are_no_credits(buyer: Person, order: dict) -> None:
    payment = status(buyer, order, "processing")
    assert payment["paid_at"] is None
    assert buyer.available == 0
    assert buyer.refresh(order["payment_id"])["status"] == "processing"


def test_when_it_arrives_the_credits_do_too(
    buyer: Person, order: dict, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    status(buyer, order, "processing")
    stripe_console.settle_bank_payment(order["intent_id"], succeeded=True)
    assert status(buyer, order, "succeeded")["paid_at"]
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_when_it_fails_the_buyer_is_told(
    buyer: Person, order: dict, stripe_console: StripeConsole
) -> None:
    stripe_console.settle_bank_payment(order["intent_id"], succeeded=False)
    payment = status(buyer, order, "failed")
    assert payment["error"]["message"]
    assert buyer.available == 0


@pytest.mark.parametrize(("succeeded", "ends"), [(True, "succeeded"), (False, "failed")])
def test_without_any_webhook_refresh_learns_how_it_ended(
    buyer: Person, stripe_console: StripeConsole, succeeded: bool, ends: str
) -> None:
    stripe_console.deliver("drop")
    order = buyer.order()
    stripe_console.pay_by_bank(order["url"])
    stripe_console.settle_bank_payment(intent_of(order, stripe_console), succeeded=succeeded)
    payment = buyer.refresh(order["payment_id"])
    assert payment["status"] == ends
    assert buyer.available == (500 if succeeded else 0)


@pytest.mark.parametrize("order_of_arrival", ["created", "reverse", "shuffle"])
def test_in_any_order_the_end_is_the_same(
    buyer: Person, stripe_console: StripeConsole, order_of_arrival: str
) -> None:
    stripe_console.deliver("hold")
    order = buyer.order()
    stripe_console.pay_by_bank(order["url"])
    stripe_console.settle_bank_payment(intent_of(order, stripe_console), succeeded=True)
    stripe_console.release(order_of_arrival)
    assert buyer.payment(order["payment_id"])["status"] == "succeeded"
    assert buyer.available == 500


def test_what_is_on_its_way_cannot_be_cancelled(buyer: Person, order: dict) -> None:
    status(buyer, order, "processing")
    answer = buyer.post(f"/api/payments/{order['payment_id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
