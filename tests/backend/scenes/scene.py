"""What every scene has: a buyer, a wish, and the world it is played in."""

import uuid
from typing import Any

import psycopg
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.backend.purchase import Shop
from tests.backend.wallet import Wallet
from tests.people import People, Person
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import StripeConsole


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
        database: psycopg.Connection[dict[str, Any]],
    ) -> None:
        self.env = env
        self.client = client
        self.people = people
        self.admin = admin
        self.stripe_js = stripe_js
        self.stripe = stripe_console
        self.database = database
        self.shop = Shop(stripe_console, database)

    def raise_price(self, package_id: str) -> None:
        """In dollars, to one that was never asked for."""
        self.database.execute(
            "update credit_package_prices set amount = 1 + greatest(amount, (select max(known.amount)"
            " from stripe_prices known where known.package_id = %s and known.currency = 'usd'))"
            " where package_id = %s and currency = 'usd'",
            [package_id, package_id],
        )


class Scene:
    """One buyer, one wish, one Idempotency-Key."""

    also_fine: tuple[int, ...] = ()  # answers beside 200 and 201, once all is well again
    only_reads = False  # Stripe is asked for nothing that could be done twice

    def __init__(self, world: World) -> None:
        self.world = world
        self.stripe, self.stripe_js = world.stripe, world.stripe_js
        self.buyer = world.people.sign_up()
        self.wallet = Wallet(world.stripe_js, self.buyer)
        self.key = uuid.uuid4().hex

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
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": self.key}
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

    @property
    def subscription(self) -> dict[str, Any]:
        """The only one, as its owner sees it."""
        [subscription] = self.buyer.get("/api/stripe/subscriptions").json()["subscriptions"]
        return subscription

    def listed(self, resource: str) -> list[dict[str, Any]]:
        """All that Stripe has of this buyer."""
        return self.stripe.api(resource, customer=self.customer, limit=100)["data"]
