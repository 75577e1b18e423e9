"""What a shop does with Stripe, each as a scene that can be played while Stripe is in trouble.

A scene is prepared in peace, then `act` is asked, perhaps again, and `check` says what must be so in
the end: nobody is charged or refunded twice, and nothing is stuck.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.backend.purchase import Purchase, Shop
from tests.backend.wallet import CARDS, INTENTS, STARTER, Wallet
from tests.backend.webhook import PATH, signature
from tests.people import People, Person
from tests.stripe_browser import ASKS_ALWAYS, CAN_ONLY_BE_SAVED, StripeBrowser
from tests.stripe_console import StripeConsole

CHECKOUT = "/api/stripe/create-checkout-session"
RECHARGE = {"enabled": True, "threshold": 1, "package_id": "starter", "monthly_limit": 2000}


class World:
    """Where scenes are played."""

    def __init__(
        self,
        env: dict[str, str],
        client: FlaskClient,
        people: People,
        admin: Person,
        stripe_js: StripeBrowser,
        stripe_console: StripeConsole,
        database: psycopg.Connection[dict],
    ) -> None:
        self.env = env
        self.client = client
        self.people = people
        self.admin = admin
        self.stripe_js = stripe_js
        self.stripe = stripe_console
        self.database = database
        self.shop = Shop(stripe_console, database)


class Scene:
    """One buyer, one wish, one Idempotency-Key."""

    also_fine: tuple[int, ...] = ()  # answers beside 200 and 201, once all is well again

    def __init__(self, world: World) -> None:
        self.world = world
        self.stripe, self.stripe_js = world.stripe, world.stripe_js
        self.buyer = world.people.sign_up()
        self.wallet = Wallet(world.stripe_js, self.buyer)
        self._key = uuid.uuid4().hex

    def prepare(self) -> None:
        """Nothing, where nothing must be there."""

    def act(self) -> TestResponse:
        raise NotImplementedError

    def check(self) -> None:
        raise NotImplementedError

    def post(self, path: str, body: Any = None) -> TestResponse:
        return self.ask("POST", path, self.buyer.token, body)

    def ask(self, method: str, path: str, token: str, body: Any = None) -> TestResponse:
        """Always with the same key."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": self._key}
        return self.world.client.open(path, method=method, json=body, headers=headers)

    def job(self, name: str) -> TestResponse:
        return self.ask("POST", f"/api/jobs/{name}", self.world.env["CRON_SECRET"])

    @property
    def payments(self) -> list[dict[str, Any]]:
        return self.buyer.get("/api/payments").json()["payments"]

    def expect(self, status: str, charges: int, credits: int) -> None:
        """The buyer has one payment, which is this; so often was he charged; these he has."""
        [payment] = self.payments
        ended = (payment["status"], self.charges, self.buyer.available)
        assert ended == (status, charges, credits)

    def expect_closed(self) -> None:
        """Nobody can pay it any more. A retry can't tell a session that it has closed itself from one
        whose time was over."""
        [payment] = self.payments
        assert payment["status"] in ("canceled", "expired")
        assert (payment["payment_url"], self.charges) == (None, 0)

    @property
    def charges(self) -> int:
        return len(self.stripe.charged(self.buyer.email))

    @property
    def customer(self) -> str:
        [customer] = self.stripe.customers(self.buyer.email)
        return customer

    def listed(self, resource: str) -> list[dict[str, Any]]:
        """All that Stripe has of this buyer."""
        return self.stripe.api(resource, customer=self.customer, limit=100)["data"]


# Buying


class OrderOnStripesPage(Scene):
    wish = STARTER
    bought = ("succeeded", 1, 500)

    def act(self) -> TestResponse:
        return self.post(CHECKOUT, self.wish)

    def check(self) -> None:
        [payment] = self.payments
        self.stripe.pay(payment["payment_url"])
        assert self.buyer.refresh(payment["payment_id"])["status"] == "succeeded"
        self.expect(*self.bought)
        assert len(self.listed("checkout/sessions")) == 1


class OrderOfASubscription(OrderOnStripesPage):
    wish = {"package_id": "monthly"}
    bought = ("succeeded", 1, 1000)

    def prepare(self) -> None:
        """A price that Stripe has not heard of yet; it is put back by whoever plays this."""
        self.world.database.execute(
            "update credit_package_prices set amount = amount + 1 "
            "where package_id = 'monthly' and currency = 'usd'"
        )

    def check(self) -> None:
        super().check()
        [subscription] = self.buyer.get("/api/stripe/subscriptions").json()["subscriptions"]
        assert subscription["status"] == "active"


class OrderInThePage(Scene):
    def act(self) -> TestResponse:
        return self.post(INTENTS, STARTER)

    def check(self) -> None:
        [payment] = self.payments
        secret = self.buyer.refresh(payment["payment_id"])["client_secret"]
        self.stripe_js.confirm(secret)
        self.buyer.refresh(payment["payment_id"])
        self.expect("succeeded", 1, 500)
        assert len(self.listed("payment_intents")) == 1


class OrderWithASavedCard(Scene):
    number = "4242424242424242"
    bought: tuple[str, int, int] = ("succeeded", 1, 500)

    def prepare(self) -> None:
        self.card = self.wallet.save(self.number)

    def act(self) -> TestResponse:
        return self.post(INTENTS, STARTER | {"payment_method_id": self.card})

    def check(self) -> None:
        self.expect(*self.bought)
        assert len(self.listed("payment_intents")) == 1


class OrderWithASavedCardThatIsDeclined(OrderWithASavedCard):
    also_fine = (402,)
    number = CAN_ONLY_BE_SAVED
    bought = ("pending", 0, 0)


class OrderWithASavedCardThatAsks(OrderWithASavedCard):
    number = ASKS_ALWAYS

    def check(self) -> None:
        [payment] = self.payments
        resumed = self.buyer.refresh(payment["payment_id"])
        assert resumed["requires_action"] is True
        self.stripe_js.authenticate(resumed["client_secret"])
        self.buyer.refresh(payment["payment_id"])
        super().check()


# Looking at payments, and cancelling them


class RefreshOfASession(Scene):
    def prepare(self) -> None:
        self.sold = self.world.shop.sell_silently(self.buyer)
        self.stripe.deliver("drop")

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.sold.payment_id}/refresh")

    def check(self) -> None:
        self.expect("succeeded", 1, 500)


class RefreshOfAnIntent(Scene):
    verb = "refresh"

    def prepare(self) -> None:
        order = self.buyer.post(INTENTS, STARTER).json()
        self.payment_id = order["payment_id"]
        self.stripe_js.confirm(order["client_secret"])

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.payment_id}/{self.verb}")

    def check(self) -> None:
        self.expect("succeeded", 1, 500)


class _OfAnOrphan(Scene):
    """Of an order whose process died before it had asked Stripe."""

    ui_mode = "hosted"
    objects = "checkout/sessions"
    verb = "refresh"

    def prepare(self) -> None:
        query = (
            "select create_payment(%s, 'starter', null, 'usd', false, %s, null, 'en', 'k', 'h')"
            " -> 'payment' ->> 'payment_id' as id"
        )
        found = self.world.database.execute(query, [self.buyer.id, self.ui_mode]).fetchone()
        self.payment_id = (found or {})["id"]

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.payment_id}/{self.verb}")

    def check(self) -> None:
        if self.verb == "cancel":
            self.expect_closed()
        else:
            self.expect("pending", 0, 0)
        assert len(self.listed(self.objects)) == 1


class RefreshOfAnOrphan(_OfAnOrphan):
    pass


class RefreshOfAnOrphanedIntent(_OfAnOrphan):
    ui_mode, objects = "elements", "payment_intents"


class CancellationOfAnOrphan(_OfAnOrphan):
    verb = "cancel"


class CancellationOfAnOrphanedIntent(_OfAnOrphan):
    ui_mode, objects, verb = "elements", "payment_intents", "cancel"


class CancellationOfASession(Scene):
    def prepare(self) -> None:
        self.order = self.buyer.order()

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.order['payment_id']}/cancel")

    def check(self) -> None:
        self.expect_closed()
        assert [session["status"] for session in self.listed("checkout/sessions")] == ["expired"]


class CancellationOfAnIntent(Scene):
    def prepare(self) -> None:
        self.order = self.buyer.post(INTENTS, STARTER).json()

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.order['payment_id']}/cancel")

    def check(self) -> None:
        self.expect("canceled", 0, 0)
        assert [intent["status"] for intent in self.listed("payment_intents")] == ["canceled"]


# Cards


class SettingUpOfACard(Scene):
    def act(self) -> TestResponse:
        return self.post(f"{CARDS}/setup-intent")

    def check(self) -> None:
        secret = self.act().json["client_secret"]
        card = self.stripe_js.confirm(secret)["payment_method"]
        assert [each["id"] for each in self.wallet.refresh()] == [card]


class RefreshOfCards(Scene):
    def prepare(self) -> None:
        secret = self.buyer.post(f"{CARDS}/setup-intent").json()["client_secret"]
        self.card = self.stripe_js.confirm(secret)["payment_method"]

    def act(self) -> TestResponse:
        return self.post(f"{CARDS}/refresh")

    def check(self) -> None:
        assert self.wallet.ids == [self.card]


class AnotherDefaultCard(Scene):
    def prepare(self) -> None:
        self.wallet.save()
        self.card = self.wallet.save()

    def act(self) -> TestResponse:
        return self.post(f"{CARDS}/{self.card}/default")

    def check(self) -> None:
        assert [card["id"] for card in self.wallet.cards if card["is_default"]] == [self.card]
        settings = self.stripe.api(f"customers/{self.customer}")["invoice_settings"]
        assert settings["default_payment_method"] == self.card


class RemovalOfACard(Scene):
    also_fine = (404,)  # it is gone

    def prepare(self) -> None:
        self.card = self.wallet.save()

    def act(self) -> TestResponse:
        return self.ask("DELETE", f"{CARDS}/{self.card}", self.buyer.token)

    def check(self) -> None:
        assert self.wallet.ids == []
        assert self.stripe.api(f"payment_methods/{self.card}")["customer"] is None


# Auto-recharge


class Recharge(Scene):
    number = "4242424242424242"
    ends: tuple[str, int, int] = ("succeeded", 1, 500)

    def prepare(self) -> None:
        self.world.database.execute("update auto_recharges set enabled = false")
        self.wallet.save(self.number)
        answer = self.buyer.request("PUT", "/api/credits/auto-recharge", json=RECHARGE)
        assert answer.status_code == 200, answer.text

    def act(self) -> TestResponse:
        return self.job("auto-recharge")

    def check(self) -> None:
        self.expect(*self.ends)
        assert len(self.listed("payment_intents")) == 1


class RechargeThatIsDeclined(Recharge):
    number = CAN_ONLY_BE_SAVED
    ends = ("failed", 0, 0)


class RechargeThatTheBankAsksAbout(Recharge):
    number = ASKS_ALWAYS
    ends = ("pending", 0, 0)

    def check(self) -> None:
        super().check()
        [item] = self.buyer.get("/api/cart/count").json()["items"]
        assert item["requires_action"] is True


# Refunds


class Refund(Scene):
    wish: Any = {"amount": 100}
    ends = ("partially_refunded", 1, 400)

    def prepare(self) -> None:
        self.sold: Purchase = self.world.shop.sell(self.buyer)
        self.stripe.deliver("drop")

    def act(self) -> TestResponse:
        path = f"/api/payments/{self.sold.payment_id}/refund"
        return self.ask("POST", path, self.world.admin.token, self.wish)

    def check(self) -> None:
        self.expect(*self.ends)
        refunds = self.stripe.api("refunds", payment_intent=self.sold.intent_id)["data"]
        assert len(refunds) == 1


class RefundOfAll(Refund):
    wish = None
    ends = ("refunded", 1, 0)


# Webhooks that make us ask


class WebhookOfARefund(Refund):
    """The charge says which refunds it has only when it is asked."""

    def prepare(self) -> None:
        super().prepare()
        self.stripe.refund(self.sold.charge_id, amount=100)
        [told] = self.stripe.api("events", type="charge.refunded", limit=1)["data"]
        self.body = json.dumps(told).encode()

    def act(self) -> TestResponse:
        secret = self.world.env["STRIPE_WEBHOOK_SECRET"]
        headers = {"Stripe-Signature": signature(self.body, secret)}
        return self.world.client.post(PATH, data=self.body, headers=headers)


# Subscriptions


class EndingOfASubscription(Scene):
    verb, cancel_at_period_end = "cancel", True

    def prepare(self) -> None:
        self.stripe.pay(self.buyer.order("monthly")["url"])
        [payment] = self.payments
        self.buyer.refresh(payment["payment_id"])
        self.subscription_id = self._known["subscription_id"]

    def act(self) -> TestResponse:
        wish = {"subscription_id": self.subscription_id}
        return self.post(f"/api/stripe/{self.verb}-subscription", wish)

    def check(self) -> None:
        at_stripe = self.stripe.api(f"subscriptions/{self.subscription_id}")
        for known in (self._known, at_stripe):
            assert known["cancel_at_period_end"] is self.cancel_at_period_end
            assert known["status"] == "active"

    @property
    def _known(self) -> dict[str, Any]:
        [subscription] = self.buyer.get("/api/stripe/subscriptions").json()["subscriptions"]
        return subscription


class ResumptionOfASubscription(EndingOfASubscription):
    verb, cancel_at_period_end = "resume", False

    def prepare(self) -> None:
        super().prepare()
        wish = {"subscription_id": self.subscription_id}
        assert self.buyer.post("/api/stripe/cancel-subscription", wish).status_code == 200


class Portal(Scene):
    def act(self) -> TestResponse:
        return self.post("/api/stripe/portal-session")

    def check(self) -> None:
        assert self.act().json["url"].startswith("http")
        assert self.customer


# Jobs


class Cleanup(Scene):
    """Of a session and an intent that nobody came back to."""

    def prepare(self) -> None:
        self.buyer.order()
        self.buyer.post(INTENTS, STARTER)
        self.world.database.execute(
            "update payment_orders set expires_at = now() - interval '1 hour' where user_id = %s",
            [self.buyer.id],
        )

    def act(self) -> TestResponse:
        return self.job("cleanup")

    def check(self) -> None:
        query = "select status from payment_orders where user_id = %s"
        rows = self.world.database.execute(query, [self.buyer.id]).fetchall()
        assert [row["status"] for row in rows] == ["expired", "expired"]
        assert [session["status"] for session in self.listed("checkout/sessions")] == ["expired"]
        assert [intent["status"] for intent in self.listed("payment_intents")] == ["canceled"]


class Reconciliation(Scene):
    """Of a payment whose webhooks were lost."""

    def prepare(self) -> None:
        self.world.shop.sell_silently(self.buyer)
        self.stripe.deliver("drop")

    def act(self) -> TestResponse:
        return self.job("reconcile")

    def check(self) -> None:
        self.expect("succeeded", 1, 500)


SCENES: dict[str, Callable[[World], Scene]] = {
    scene.__name__: scene
    for scene in (
        Reconciliation,  # first, because it reads all that the others leave
        OrderOnStripesPage,
        OrderOfASubscription,
        OrderInThePage,
        OrderWithASavedCard,
        OrderWithASavedCardThatIsDeclined,
        OrderWithASavedCardThatAsks,
        RefreshOfASession,
        RefreshOfAnIntent,
        RefreshOfAnOrphan,
        RefreshOfAnOrphanedIntent,
        CancellationOfASession,
        CancellationOfAnIntent,
        CancellationOfAnOrphan,
        CancellationOfAnOrphanedIntent,
        SettingUpOfACard,
        RefreshOfCards,
        AnotherDefaultCard,
        RemovalOfACard,
        Recharge,
        RechargeThatIsDeclined,
        RechargeThatTheBankAsksAbout,
        Refund,
        RefundOfAll,
        WebhookOfARefund,
        EndingOfASubscription,
        ResumptionOfASubscription,
        Portal,
        Cleanup,
    )
}
