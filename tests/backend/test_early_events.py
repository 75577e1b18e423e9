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
SLOW_SECONDS = 2.0


class Slow:
    """A request that runs while the test goes on."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._thread = threading.Thread(target=lambda: setattr(self, "answer", act()))
        self.answer: Any = None
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def wait(self) -> Any:
        self._thread.join()
        return self.answer


@pytest.fixture
def slow_answers(stripe_console: StripeConsole) -> Callable[[str], None]:
    """Stripe does the work at once, and its answer to the next POST there takes its time."""

    def slow(path: str) -> None:
        stripe_console.fault(
            method="POST", path=path, kind="delay", when="after", seconds=SLOW_SECONDS
        )

    return slow


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
    slow_answers: Callable[[str], None],
    package_id: str,
) -> None:
    buyer = subscriber.buyer
    stripe_console.deliver("hold")
    slow_answers(SESSIONS)
    ordering = Slow(lambda: buyer.order(package_id))
    session = newest(stripe_console, "checkout/sessions", buyer)
    CheckoutPage(stripe_console, {"url": session["url"], "client_secret": None}).pay()
    stripe_console.release()
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert payment["status"] == "succeeded"
    assert ordering.is_running, "this test is about that"
    order = ordering.wait()
    assert order["payment_id"] == payment["payment_id"]
    after = buyer.payment(payment["payment_id"])
    assert (after["status"], after["payment_url"]) == ("succeeded", None)
    assert [amount for _, amount in shop_floor.ledger(buyer)] == [after["credits"]]


def test_a_session_that_expires_before_its_order_has_been_answered(
    buyer: Person, stripe_console: StripeConsole, slow_answers: Callable[[str], None]
) -> None:
    stripe_console.deliver("hold")
    slow_answers(SESSIONS)
    ordering = Slow(lambda: buyer.order())
    session = newest(stripe_console, "checkout/sessions", buyer)
    stripe_console.expire(session["id"])
    stripe_console.release()
    assert ordering.is_running
    order = ordering.wait()
    assert buyer.payment(order["payment_id"])["status"] == "expired"


def test_an_intent_that_is_paid_before_its_order_has_been_answered(
    buyer: Person,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    shop_floor: Shop,
    slow_answers: Callable[[str], None],
) -> None:
    stripe_console.deliver("hold")
    slow_answers("/v1/payment_intents")
    ordering = Slow(lambda: buyer.post(INTENTS, STARTER))
    intent = newest(stripe_console, "payment_intents", buyer)
    stripe_js.confirm(intent["client_secret"])
    stripe_console.release()
    assert shop_floor.ledger(buyer) == [("purchase", 500)]
    assert ordering.is_running
    answer = ordering.wait().json()
    assert answer["status"] == "succeeded"
    assert buyer.payment(answer["payment_id"])["status"] == "succeeded"


def test_a_saved_card_whose_charge_is_told_before_it_is_answered(
    wallet: Wallet,
    stripe_console: StripeConsole,
    shop_floor: Shop,
    slow_answers: Callable[[str], None],
) -> None:
    buyer = wallet.buyer
    card = wallet.save()
    stripe_console.deliver("hold")
    slow_answers("/v1/payment_intents/*/confirm")
    paying = Slow(lambda: buyer.post(INTENTS, STARTER | {"payment_method_id": card}))
    eventually(
        lambda: newest(stripe_console, "payment_intents", buyer)["status"],
        lambda status: status == "succeeded",
    )
    stripe_console.release()
    assert shop_floor.ledger(buyer) == [("purchase", 500)]
    assert paying.is_running
    assert paying.wait().json()["status"] == "succeeded"
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_a_refund_that_is_told_before_the_admin_is_answered_counts_once(
    buyer: Person,
    people: Any,
    stripe_console: StripeConsole,
    shop_floor: Shop,
    slow_answers: Callable[[str], None],
) -> None:
    bought = shop_floor.sell(buyer)
    stripe_console.deliver("hold")
    slow_answers("/v1/refunds")
    admin = people.admin()
    path = f"/api/payments/{bought.payment_id}/refund"
    refunding = Slow(lambda: admin.post(path, {"amount": 100}))
    eventually(lambda: stripe_console.api("refunds", payment_intent=bought.intent_id)["data"], bool)
    stripe_console.release()
    assert bought.now["amount_refunded"] == 100
    assert refunding.is_running
    assert refunding.wait().json()["credits_refunded"] == 100
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
