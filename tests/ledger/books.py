"""A Postgres for the tests of the ledger, and as many fresh copies of its books as they want."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.sandbox_process import start_sandbox

# One credit a unit, so that a test's quantities are its credits.
UNIT = "unit"
CONNECT_SECONDS_MAX = 20


class Refused(Exception):
    """What private.fail said: the contract's code and the members of the answer."""

    def __init__(self, error: psycopg.Error) -> None:
        self.code = str(error.diag.message_primary)
        self.members = json.loads(error.diag.message_detail or "{}")
        super().__init__(self.code, self.members)


@dataclass(frozen=True)
class Server:
    """Postgres with the migrations applied to its database `postgres`, which nobody touches."""

    port: int
    log: Path

    @contextmanager
    def copy(self) -> Iterator["Books"]:
        """Empty books; afterwards they must balance."""
        books = Books(self.port, f"books_{uuid.uuid4().hex}")
        with Books(self.port, "template1").connect("postgres") as connection:
            connection.execute(f"create database {books.name} template postgres")
            try:
                books.stock_up()
                yield books
                assert books.broken_laws() == []
            finally:
                connection.execute(f"drop database {books.name} with (force)")


@contextmanager
def running_server(port: int, data: Path) -> Iterator[Server]:
    with start_sandbox(port, data, only=("postgres", "migrations")) as env:
        url = psycopg.conninfo.conninfo_to_dict(env["SUPABASE_DB_URL"])
        yield Server(int(url["port"] or 0), data / "logs" / "postgres.log")


@dataclass(frozen=True)
class Books:
    """One database with the ledger in it."""

    port: int
    name: str

    def connect(self, role: str = "service_role", **settings: str) -> psycopg.Connection[Any]:
        """A connection of its own, as this role; each statement is a transaction."""
        login = role if role == "supabase_admin" else "postgres"
        options = " ".join(
            f"-c {name}={value}" for name, value in ({"role": role} | settings).items()
        )
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname=self.name,
            user=login,
            options=options,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS_MAX,
        )

    @contextmanager
    def desk(self, **settings: str) -> Iterator["Desk"]:
        with self.connect(**settings) as connection:
            yield Desk(connection)

    def stock_up(self) -> None:
        """A feature at one credit a unit: the only thing that is not on sale everywhere."""
        with self.connect("postgres") as owner:
            owner.execute(
                "insert into public.feature_costs (feature, version, unit, credits) "
                "values (%s, 1, 'credit', 1)",
                [UNIT],
            )

    def new_user(self) -> str:
        """The id of somebody who has an account at Auth and nothing else."""
        user_id = str(uuid.uuid4())
        with self.connect("postgres") as owner:
            owner.execute("insert into auth.users (id) values (%s)", [user_id])
        return user_id

    def broken_laws(self) -> list[Any]:
        with self.connect("postgres") as owner:
            return owner.execute("select * from private.audit()").fetchall()

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What the owner sees."""
        with self.connect("postgres") as owner:
            cursor = owner.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def one(self, query: str, *values: Any) -> Any:
        """The only column of the only row."""
        [[value]] = self.rows(query, *values)
        return value


class Desk:
    """Somebody who calls the ledger's functions as the service does, over one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def call(self, function: str, **arguments: Any) -> Any:
        """Arguments without their `p_`. Raises Refused for what the function refuses."""
        named = ", ".join(f"p_{name} => %({name})s" for name in arguments)
        values = {
            name: Jsonb(value) if isinstance(value, dict) else value
            for name, value in arguments.items()
        }
        try:
            [answer] = self.connection.execute(f"select public.{function}({named})", values)
        except psycopg.Error as error:
            if (error.sqlstate or "").startswith("PT"):
                raise Refused(error) from error
            raise
        return answer[0]

    def spend(self, user_id: str, quantity: int, key: str | None = None, **fields: Any) -> Any:
        asked = {"feature": UNIT, "idempotency_key": key or new_key()} | fields
        return self.call("spend", user_id=user_id, quantity=quantity, **asked)

    def hold(self, user_id: str, quantity: int, key: str | None = None, **fields: Any) -> Any:
        asked = {"feature": UNIT, "ttl_seconds": 900, "idempotency_key": key or new_key()} | fields
        return self.call("hold", user_id=user_id, quantity=quantity, **asked)

    def capture(self, hold_id: str, quantity: int | None = None) -> Any:
        return self.call("capture", hold_id=hold_id, quantity=quantity)

    def release(self, hold_id: str) -> Any:
        return self.call("release", hold_id=hold_id)

    def grant(
        self,
        user_id: str,
        credits: int,
        expires_at: datetime | None = None,
        key: str | None = None,
    ) -> Any:
        """Credits from an admin's hand; below zero they are taken."""
        return self.call(
            "adjust_credits",
            user_id=user_id,
            credits=credits,
            reason="a test",
            expires_at=expires_at,
            actor="tests",
            idempotency_key=key or new_key(),
        )

    def order(
        self, user_id: str, package_id: str = "starter", currency: str = "usd", **fields: Any
    ) -> Any:
        """A new payment, as the API shows it."""
        asked = {
            "user_id": user_id,
            "package_id": package_id,
            "currency": currency,
            "default_currency": "usd",
            "livemode": False,
            "ui_mode": "hosted",
            "return_url": None,
            "locale": "en",
        }
        return self.call("create_payment", **asked | fields)["payment"]

    def facts(self, **facts: Any) -> Any:
        return self.call("record_facts", facts=facts)

    def customer(self, user_id: str, customer_id: str | None = None) -> str:
        """The user becomes a customer of Stripe's, unless he is. Returns that one's id."""
        new = customer_id or new_id("cus")
        return self.call("record_customer", user_id=user_id, livemode=False, customer_id=new)

    def card(self, customer_id: str) -> str:
        """A customer saves a card; the first is his default. Returns its id."""
        card_id = new_id("pm")
        card = {"id": card_id, "customer_id": customer_id, "brand": "visa", "last4": "4242"}
        self.facts(payment_methods=[card | {"exp_month": 12, "exp_year": 2034}])
        return card_id

    def recharge(self, user_id: str, **terms: Any) -> Any:
        """The user switches auto-recharge on: by default ten starters a month, whenever there are
        fewer than 100 credits."""
        usual = {"enabled": True, "threshold": 100, "package_id": "starter", "monthly_limit": 4990}
        usual |= {"livemode": False, "currency": "usd", "default_currency": "usd"}
        return self.call("set_auto_recharge", user_id=user_id, **usual | terms)

    def claim(self, limit: int = 10) -> list[Any]:
        """What the job is to charge now: orders."""
        return self.call("claim_auto_recharges", livemode=False, limit=limit)

    def price(self, package_id: str = "monthly", amount: int = 899, credits: int = 1000) -> str:
        """A price at Stripe that sells a subscription in dollars. Returns its id."""
        price_id = new_id("price")
        self.call(
            "record_price",
            price_id=price_id,
            package_id=package_id,
            currency="usd",
            amount=amount,
            credits=credits,
            livemode=False,
        )
        return price_id

    def pay(self, payment: dict[str, Any]) -> str:
        """All of it, by card. Returns the payment intent's id."""
        intent_id = new_id("pi")
        self.facts(
            payment_id=payment["payment_id"],
            payment_intent_id=intent_id,
            paid=True,
            amount=payment["amount"],
            currency=payment["currency"],
        )
        return intent_id

    def buy(self, user_id: str, package_id: str = "starter") -> str:
        """Order and pay. Returns the payment intent's id."""
        return self.pay(self.order(user_id, package_id))

    def refund(
        self, intent_id: str, amount: int, refund_id: str | None = None, **fields: Any
    ) -> Any:
        refund = {"id": refund_id or new_id("re"), "amount": amount, "currency": "usd"}
        refund |= {"status": "succeeded"} | fields
        return self.facts(payment_intent_id=intent_id, refunds=[refund])

    def dispute(
        self, intent_id: str, amount: int, status: str, dispute_id: str | None = None
    ) -> Any:
        dispute = {"id": dispute_id or new_id("du"), "amount": amount, "currency": "usd"}
        return self.facts(payment_intent_id=intent_id, disputes=[dispute | {"status": status}])


def new_key() -> str:
    return uuid.uuid4().hex


def new_id(prefix: str) -> str:
    """An id as Stripe makes them."""
    return f"{prefix}_{uuid.uuid4().hex}"
