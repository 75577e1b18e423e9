"""Webhooks that make us ask Stripe, and an admin who takes an event again."""

import json
from typing import Any

from werkzeug.test import TestResponse

from tests.backend.checkout_page import CheckoutPage
from tests.backend.scenes.refunds import Refund
from tests.backend.scenes.scene import Scene
from tests.backend.wallet import CARDS
from tests.backend.webhook import PATH, signature


class Told(Scene):
    """Stripe tells of something, and again until it is answered with a 200; then no more."""

    only_reads = True
    event_type = ""
    _answer: TestResponse | None = None

    def prepare(self) -> None:
        self.happen()
        self.event = self.told()

    def happen(self) -> None:
        raise NotImplementedError

    def told(self) -> dict[str, Any]:
        """The latest event of this type."""
        [event] = self.stripe.api("events", type=self.event_type, limit=1)["data"]
        return event

    def act(self) -> TestResponse:
        if self._answer is None or self._answer.status_code != 200:
            self._answer = self.send()
        return self._answer

    def send(self) -> TestResponse:
        body = json.dumps(self.event).encode()
        headers = {"Stripe-Signature": signature(body, self.world.env["STRIPE_WEBHOOK_SECRET"])}
        return self.world.client.post(PATH, data=body, headers=headers)


class WebhookOfARefund(Told, Refund):
    """The charge says which refunds it has only when it is asked."""

    event_type = "charge.refunded"

    def happen(self) -> None:
        Refund.prepare(self)
        self.stripe.refund(self.sold.charge_id, amount=100)


class WebhookOfADiscount(Told):
    """The intent alone does not say why it is less than the price."""

    event_type = "payment_intent.succeeded"

    def happen(self) -> None:
        page = CheckoutPage(self.stripe, self.buyer.order())
        code = self.stripe.new_code(amount_off=100, currency="usd")
        assert page.use_code(code).status_code == 303
        page.pay()

    def check(self) -> None:
        self.expect("succeeded", 1, 500)
        [payment] = self.payments
        assert (payment["amount_paid"], payment["amount_discount"]) == (399, 100)


class WebhookOfAnInvoicesPayment(Told):
    """It names the invoice and nothing of what that sold."""

    event_type = "invoice_payment.paid"

    def happen(self) -> None:
        self.stripe.pay(self.buyer.order("monthly")["url"])

    def check(self) -> None:
        self.expect("succeeded", 1, 1000)


class WebhookOfASubscription(WebhookOfAnInvoicesPayment):
    """How it stands now may be something else than what the event says."""

    event_type = "customer.subscription.updated"

    def happen(self) -> None:
        super().happen()
        [subscription] = self.listed("subscriptions")
        self.stripe.change(f"subscriptions/{subscription['id']}", cancel_at_period_end="true")

    def check(self) -> None:
        assert self.subscription["status"] == "active"
        assert self.subscription["cancel_at_period_end"] is True


class WebhookOfACard(Told):
    event_type = "payment_method.attached"

    def happen(self) -> None:
        secret = self.buyer.post(f"{CARDS}/setup-intent").json()["client_secret"]
        self.card = self.stripe_js.confirm(secret)["payment_method"]

    def check(self) -> None:
        assert self.wallet.ids == [self.card]


class WebhookOfACustomer(Told):
    """In the portal he has made another card his default."""

    event_type = "customer.updated"

    def happen(self) -> None:
        for _ in range(2):
            self.wallet.save()
        [self.card] = [card["id"] for card in self.wallet.cards if not card["is_default"]]
        default = {"invoice_settings[default_payment_method]": self.card}
        self.stripe.change(f"customers/{self.customer}", **default)

    def check(self) -> None:
        assert [card["id"] for card in self.wallet.cards if card["is_default"]] == [self.card]


class ReplayOfAnEvent(WebhookOfADiscount):
    """It failed while Stripe was away, and Stripe has given up telling us."""

    def prepare(self) -> None:
        super().prepare()
        self.stripe.fault(path="/v1/checkout/sessions/*", times=10)
        assert self.send().status_code == 503
        self.stripe.put_back()
        self.stripe.deliver("drop")

    def act(self) -> TestResponse:
        path = f"/api/admin/events/{self.event['id']}/replay"
        return self.ask("POST", path, self.world.admin.token)
