"""Somebody who subscribes, in a time of his own that a test can move.

His customer at Stripe has a test clock, so a year for him is no time for anybody else.
https://docs.stripe.com/billing/testing/test-clocks
"""

import time
from typing import Any

import psycopg

from tests.backend.checkout_page import CheckoutPage
from tests.http import HTTP
from tests.people import Person
from tests.stripe_console import SUCCEEDS, StripeConsole, eventually

HOUR = 3600
DAY = 24 * HOUR
CLOCKS = "test_helpers/test_clocks"
SUBSCRIPTIONS = "/api/stripe/subscriptions"


class Subscriber:
    def __init__(
        self, stripe_console: StripeConsole, database: psycopg.Connection[Any], buyer: Person
    ) -> None:
        self.buyer = buyer
        self._stripe = stripe_console
        self._database = database
        self._clock = stripe_console.change(CLOCKS, frozen_time=int(time.time()))["id"]
        about = {"email": buyer.email, "test_clock": self._clock, "metadata[user_id]": buyer.id}
        self.customer_id: str = stripe_console.change("customers", **about)["id"]
        database.execute(
            "select public.record_customer(%s, false, %s)", [buyer.id, self.customer_id]
        )

    def subscribe(
        self,
        package_id: str = "monthly",
        card: str = SUCCEEDS,
        code: str | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Order and pay, with a promotion code perhaps: the order. Who hears of it is up to the test."""
        order = self.buyer.order(package_id, **fields)
        page = CheckoutPage(self._stripe, order)
        if code:
            assert page.use_code(code).status_code == 303
        assert page.pay(card).status_code in (200, 303)
        return order

    # Time

    @property
    def now(self) -> int:
        """What his clock shows."""
        return self._stripe.api(f"{CLOCKS}/{self._clock}")["frozen_time"]

    def move_to(self, moment: float) -> None:
        """All that is due until then happens, each thing at its own time."""
        self._stripe.change(f"{CLOCKS}/{self._clock}/advance", frozen_time=int(moment))
        eventually(
            lambda: self._stripe.api(f"{CLOCKS}/{self._clock}"),
            lambda clock: clock["status"] == "ready",
        )

    def move(self, seconds: float) -> None:
        self.move_to(self.now + seconds)

    def renew(self) -> None:
        """To the end of the period, and on until its invoice has been charged."""
        self.move_to(self.period_end + HOUR + 60)

    # At Stripe

    @property
    def subscription(self) -> dict[str, Any]:
        """The latest one, as Stripe has it now."""
        found = self._stripe.api("subscriptions", customer=self.customer_id, status="all")
        return found["data"][0]

    @property
    def period_end(self) -> int:
        return self.subscription["items"]["data"][0]["current_period_end"]

    @property
    def invoices(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return self._stripe.api("invoices", customer=self.customer_id, limit=100)["data"][::-1]

    def change_card(self, number: str) -> None:
        """What is charged from now on."""
        self._stripe.use_card(self.customer_id, number)

    def change_plan(
        self, behavior: str, price_id: str | None = None, quantity: int | None = None
    ) -> dict[str, Any]:
        """Another price or quantity from now on, as a shopkeeper changes it."""
        subscription = self.subscription
        wish = {"price": price_id, "quantity": quantity}
        fields = {f"items[0][{name}]": value for name, value in wish.items() if value is not None}
        return self._stripe.change(
            f"subscriptions/{subscription['id']}",
            **{"items[0][id]": subscription["items"]["data"][0]["id"]},
            **fields,
            proration_behavior=behavior,
        )

    def pay_invoice(self, url: str, card: str = SUCCEEDS) -> str | None:
        """On Stripe's page for the invoice; the address of 3D Secure if the bank asks for it."""
        typed = {"method": "card", "number": card, "expiration": "12 / 34", "cvc": "123"}
        answer = HTTP.post(url, data=typed | {"name": "Ada Buyer"})
        assert answer.status_code == 303, answer.text
        asked = answer.headers["Location"]
        return None if asked in url else asked

    def intent_of(self, invoice_id: str) -> dict[str, Any]:
        """The payment intent that paid (or is to pay) an invoice."""
        expand = {"expand[]": "payments.data.payment.payment_intent"}
        [payment] = self._stripe.api(f"invoices/{invoice_id}", **expand)["payments"]["data"]
        return payment["payment"]["payment_intent"]

    # Here

    @property
    def subscriptions(self) -> list[dict[str, Any]]:
        """As the page lists them, newest first."""
        return self.buyer.get(SUBSCRIPTIONS).json()["subscriptions"]

    @property
    def listed(self) -> dict[str, Any]:
        """The only one."""
        [subscription] = self.subscriptions
        return subscription

    @property
    def payments(self) -> list[dict[str, Any]]:
        """Oldest first."""
        found = self.buyer.get("/api/payments", params={"limit": 100}).json()["payments"]
        return found[::-1]

    @property
    def grants(self) -> list[int]:
        """The credits that subscriptions have brought, oldest first."""
        rows = self._database.execute(
            "select amount from public.credit_transactions"
            " where user_id = %s and type = 'subscription' order by seq",
            [self.buyer.id],
        )
        return [row["amount"] for row in rows]

    @property
    def lots(self) -> list[dict[str, Any]]:
        """Oldest first."""
        rows = self._database.execute(
            "select granted, expires_at, created_at from public.credit_lots"
            " where user_id = %s order by created_at, id",
            [self.buyer.id],
        )
        return rows.fetchall()
