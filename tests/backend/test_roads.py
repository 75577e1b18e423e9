"""The roads over Stripe's page, hosted or embedded, for a package or a subscription, and what the
buyer's bank may say on the way."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.backend.checkout_page import CheckoutPage
from tests.backend.purchase import Shop
from tests.backend.subscriber import SUBSCRIPTIONS
from tests.people import Person
from tests.stripe_browser import ASKS_ALWAYS, DECLINED_AFTER_ASKING
from tests.stripe_console import IS_DECLINED, SUCCEEDS, StripeConsole

BOUGHT = {"starter": ("purchase", 500), "monthly": ("subscription", 1000)}
# What is bought, on which page, and how we hear of it: any two of these meet once.
ROADS = [
    ("starter", "hosted", "webhooks"),
    ("starter", "embedded", "refresh"),
    ("monthly", "hosted", "refresh"),
    ("monthly", "embedded", "webhooks"),
]


class Road:
    """One order, and the page on which it is to be paid."""

    def __init__(
        self,
        buyer: Person,
        shop: Shop,
        stripe_console: StripeConsole,
        package_id: str,
        ui_mode: str,
        news: str,
    ) -> None:
        self.buyer = buyer
        self.package_id = package_id
        self.order = buyer.order(package_id, ui_mode=ui_mode)
        self.page = CheckoutPage(stripe_console, self.order)
        self._shop = shop
        self._stripe = stripe_console
        self._news = news

    def payment(self) -> dict[str, Any]:
        """As its buyer sees it, after what has happened has become known."""
        if self._news == "refresh":
            return self.buyer.refresh(self.order["payment_id"])
        self._stripe.release()
        return self.buyer.payment(self.order["payment_id"])

    def expect_open(self, error_code: str | None = None) -> None:
        """Nothing was charged or given, and the buyer can still pay. What went wrong with a
        subscription, Stripe's page alone says."""
        payment = self.payment()
        error = payment["error"] or {}
        assert payment["status"] == "pending"
        assert error.get("code") == (error_code if self.package_id == "starter" else None)
        [item] = self.buyer.get("/api/cart/count").json()["items"]
        assert item["payment_url"] == payment["payment_url"]
        assert payment["payment_url"]
        self.expect_nothing()

    def expect_nothing(self) -> None:
        assert (self._charges, self._ledger, self._subscriptions) == (0, [], [])

    def expect_paid(self) -> None:
        """Once, whatever else tells of it."""
        payment = self.payment()
        assert (payment["status"], payment["error"]) == ("succeeded", None)
        self.buyer.refresh(self.order["payment_id"])
        self._stripe.release("reverse")
        assert (self._charges, self._ledger) == (1, [BOUGHT[self.package_id]])
        assert self._subscriptions == (["active"] if self.package_id == "monthly" else [])
        assert self.buyer.get("/api/cart/count").json()["count"] == 0

    @property
    def _charges(self) -> int:
        return len(self._stripe.charged(self.buyer.email))

    @property
    def _ledger(self) -> list[tuple[str, int]]:
        return self._shop.ledger(self.buyer)

    @property
    def _subscriptions(self) -> list[str]:
        listed = self.buyer.get(SUBSCRIPTIONS).json()["subscriptions"]
        return [subscription["status"] for subscription in listed]


@pytest.fixture(params=ROADS, ids=" ".join)
def road(
    request: pytest.FixtureRequest,
    buyer: Person,
    shop_floor: Shop,
    stripe_console: StripeConsole,
) -> Iterator[Road]:
    stripe_console.deliver("hold")
    yield Road(buyer, shop_floor, stripe_console, *request.param)
    stripe_console.deliver("drop")


def test_3d_secure_that_is_accepted_pays(road: Road) -> None:
    road.page.pay(ASKS_ALWAYS)
    road.expect_open()
    road.page.authenticate()
    road.expect_paid()


@pytest.mark.parametrize("card", [ASKS_ALWAYS, SUCCEEDS])
def test_3d_secure_that_is_refused_leaves_the_page_open_for_this_card_or_another(
    road: Road, card: str
) -> None:
    road.page.pay(ASKS_ALWAYS)
    road.page.authenticate(succeeds=False)
    road.expect_open("payment_intent_authentication_failure")
    road.page.pay(card)
    if card == ASKS_ALWAYS:
        road.page.authenticate()
    road.expect_paid()


def test_who_has_refused_3d_secure_may_end_it_and_cannot_pay_it_any_more(road: Road) -> None:
    road.page.pay(ASKS_ALWAYS)
    road.page.authenticate(succeeds=False)
    answer = road.buyer.post(f"/api/payments/{road.order['payment_id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    road.page.pay()
    assert road.payment()["status"] == "canceled"
    road.expect_nothing()


@pytest.mark.parametrize("card", [IS_DECLINED, DECLINED_AFTER_ASKING])
def test_a_declined_card_leaves_the_page_open_for_another(road: Road, card: str) -> None:
    road.page.pay(card)
    if card == DECLINED_AFTER_ASKING:
        road.page.authenticate()
    road.expect_open("card_declined")
    road.page.pay()
    road.expect_paid()
