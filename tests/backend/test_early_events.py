"""Stripe may be faster than we are: an event about an order whose own request has not returned."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.backend.checkout_page import CheckoutPage
from tests.backend.purchase import Shop
from tests.backend.subscriber import Subscriber
from tests.backend.wallet import INTENTS, Wallet
from tests.people import Person
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import StripeConsole, eventually

STARTER = {"package_id": "starter"}
SESSIONS = "/v1/checkout/sessions"
SLOW_SECONDS = 5.0  # at most: less than our side waits


class Slow:
    """A request that runs while the test goes on: Stripe does the work at once, and its answer to
    the next POST at `path` waits for the test."""

    def __init__(self, console: StripeConsole, path: str, act: Callable[[], Any]) -> None:
        self._console = console
        console.fault(method="POST", path=path, kind="delay", when="after", seconds=SLOW_SECONDS)
        self._thread = threading.Thread(target=lambda: setattr(self, "answer", act()))
        self.answer: Any = None
        self._thread.start()

    def get_answer(self) -> Any:
        """Not before now, or the test has shown nothing."""
        assert self._thread.is_alive()
        self._console.end_faults()
        self._thread.join()
        return self.answer


def newest(stripe_console: StripeConsole, resource: str, buyer: Person) -> dict[str, Any]:
    """The buyer's object at Stripe, as soon as it is there."""

    def look() -> dict[str, Any] | None:
        found = stripe_console.api(resource, limit=5)["data"]
        return next((one for one in found if one["metadata"].get("user_id") == buyer.id), None)

    return eventually(look, bool)


@pytest.mark.parametrize("package_id", ["starter", "monthly"])
def test_a_session_that_is_paid_before_its_order_has_been_answered(
    subscriber: Subscriber,
    stripe_console: StripeConsole,
    shop_floor: Shop,
    package_id: str,
) -> None:
    buyer = subscriber.buyer
    stripe_console.deliver("hold")
    ordering = Slow(stripe_console, SESSIONS, lambda: buyer.order(package_id))
    session = newest(stripe_console, "checkout/sessions", buyer)
    CheckoutPage(stripe_console, {"url": session["url"], "client_secret": None}).pay()
    stripe_console.release()
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert payment["status"] == "succeeded"
    order = ordering.get_answer()
    assert order["payment_id"] == payment["payment_id"]
    after = buyer.payment(payment["payment_id"])
    assert (after["status"], after["payment_url"]) == ("succeeded", None)
    assert [amount for _, amount in shop_floor.ledger(buyer)] == [after["credits"]]


def test_a_session_that_expires_before_its_order_has_been_answered(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    ordering = Slow(stripe_console, SESSIONS, lambda: buyer.order())
    session = newest(stripe_console, "checkout/sessions", buyer)
    stripe_console.expire(session["id"])
    stripe_console.release()
    order = ordering.get_answer()
    assert buyer.payment(order["payment_id"])["status"] == "expired"


def test_an_intent_that_is_paid_before_its_order_has_been_answered(
    buyer: Person,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    shop_floor: Shop,
) -> None:
    stripe_console.deliver("hold")
    ordering = Slow(stripe_console, "/v1/payment_intents", lambda: buyer.post(INTENTS, STARTER))
    intent = newest(stripe_console, "payment_intents", buyer)
    stripe_js.confirm(intent["client_secret"])
    stripe_console.release()
    assert shop_floor.ledger(buyer) == [("purchase", 500)]
    answer = ordering.get_answer().json()
    assert answer["status"] == "succeeded"
    assert buyer.payment(answer["payment_id"])["status"] == "succeeded"


def test_a_saved_card_whose_charge_is_told_before_it_is_answered(
    wallet: Wallet,
    stripe_console: StripeConsole,
    shop_floor: Shop,
) -> None:
    buyer = wallet.buyer
    card = wallet.save()
    stripe_console.deliver("hold")
    paying = Slow(
        stripe_console,
        "/v1/payment_intents/*/confirm",
        lambda: buyer.post(INTENTS, STARTER | {"payment_method_id": card}),
    )
    eventually(
        lambda: newest(stripe_console, "payment_intents", buyer)["status"],
        lambda status: status == "succeeded",
    )
    stripe_console.release()
    assert shop_floor.ledger(buyer) == [("purchase", 500)]
    assert paying.get_answer().json()["status"] == "succeeded"
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_a_refund_that_is_told_before_the_admin_is_answered_counts_once(
    buyer: Person,
    people: Any,
    stripe_console: StripeConsole,
    shop_floor: Shop,
) -> None:
    bought = shop_floor.sell(buyer)
    stripe_console.deliver("hold")
    admin = people.admin()
    path = f"/api/payments/{bought.payment_id}/refund"
    refunding = Slow(stripe_console, "/v1/refunds", lambda: admin.post(path, {"amount": 100}))
    eventually(lambda: stripe_console.api("refunds", payment_intent=bought.intent_id)["data"], bool)
    stripe_console.release()
    assert bought.now["amount_refunded"] == 100
    assert refunding.get_answer().json()["credits_refunded"] == 100
    assert bought.now["amount_refunded"] == 100
    assert buyer.available == 400


def test_a_bank_that_takes_days_is_waited_for(
    subscriber: Subscriber, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    """Days in which the buyer comes back, asks, and buys something else meanwhile."""
    buyer = subscriber.buyer
    stripe_console.deliver("hold")
    subscriber.move(86_400)  # his bank settles in the time of his own clock
    order = buyer.order()
    stripe_console.pay_by_bank(order["url"])
    stripe_console.release()
    for _ in range(2):
        assert buyer.refresh(order["payment_id"])["status"] == "processing"
    bought = shop_floor.sell(buyer, "creator")
    stripe_console.deliver("hold")
    assert buyer.available == 1500
    intent_id = stripe_console.api(f"checkout/sessions/{order['session_id']}")["payment_intent"]
    stripe_console.settle_bank_payment(intent_id, succeeded=True)
    stripe_console.release("reverse")
    assert buyer.payment(order["payment_id"])["status"] == "succeeded"
    assert bought.now["status"] == "succeeded"
    assert buyer.available == 2000
