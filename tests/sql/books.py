"""Orders, facts and credits by SQL alone: what the backend asks for, without the backend."""

import uuid
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

Facts = dict[str, Any]


class Books:
    """Calls the functions that only the service may call."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self.connection = connection

    def new_user(self) -> str:
        """Somebody who may buy, in auth.users."""
        user_id = str(uuid.uuid4())
        self.connection.execute("insert into auth.users (id) values (%s)", [user_id])
        return user_id

    def order(self, user_id: str, package_id: str = "starter") -> str:
        """The id of a new order, at the catalog's price in dollars."""
        return self.call(
            "create_payment",
            p_user_id=user_id,
            p_package_id=package_id,
            p_currency=None,
            p_default_currency="usd",
            p_livemode=False,
            p_ui_mode="hosted",
            p_return_url=None,
            p_locale="en",
            p_idempotency_key=None,
            p_request_hash=None,
        )["payment"]["payment_id"]

    def pay(self, payment_id: str, **changed: Any) -> str:
        """Stripe says that it is paid. Answers the intent's id."""
        facts = paid(payment_id) | changed
        self.record(facts)
        return facts["payment_intent_id"]

    def buy(self, user_id: str, package_id: str = "starter") -> tuple[str, str]:
        """A paid order: its id and its intent's."""
        payment_id = self.order(user_id, package_id)
        amount = self.payment(payment_id)["amount"]
        return payment_id, self.pay(payment_id, amount=amount)

    def record(self, facts: Facts) -> dict[str, Any] | None:
        return self.call("record_facts", p_facts=Jsonb(facts))

    def spend(self, user_id: str, credits: int) -> None:
        """Spend credits of a feature that costs one credit each."""
        self.connection.execute(
            "insert into feature_costs (feature, version, unit, credits) "
            "values ('test', 1, 'credit', 1) on conflict do nothing"
        )
        self.call(
            "spend",
            p_user_id=user_id,
            p_feature="test",
            p_quantity=credits,
            p_metadata=Jsonb({}),
            p_idempotency_key=uuid.uuid4().hex,
            p_request_id=None,
        )

    def hold(self, user_id: str, credits: int) -> None:
        """Reserve credits of that feature, which has been spent on before."""
        self.call(
            "hold",
            p_user_id=user_id,
            p_feature="test",
            p_quantity=credits,
            p_ttl_seconds=900,
            p_idempotency_key=uuid.uuid4().hex,
        )

    def payment(self, payment_id: str) -> dict[str, Any]:
        return self._one("payment_orders", "id", payment_id)

    def account(self, user_id: str) -> dict[str, Any]:
        return self._one("user_credits", "user_id", user_id)

    def ledger(self, user_id: str) -> list[tuple[str, int]]:
        """(type, amount), oldest first."""
        rows = self.connection.execute(
            "select type, amount from credit_transactions where user_id = %s order by seq",
            [user_id],
        )
        return [(row["type"], row["amount"]) for row in rows]

    def remaining(self, payment_id: str) -> int:
        """What is left of the lot of one payment."""
        return self._one("credit_lots", "payment_id", payment_id)["remaining"]

    def call(self, function: str, **arguments: Any) -> Any:
        named = ", ".join(f"{name} => %({name})s" for name in arguments)
        row = self.connection.execute(f"select {function}({named}) as answer", arguments).fetchone()
        return row["answer"] if row else None

    def _one(self, table: str, column: str, value: str) -> dict[str, Any]:
        query = f"select * from {table} where {column} = %s"
        [row] = self.connection.execute(query, [value]).fetchall()
        return row


def paid(payment_id: str) -> Facts:
    """A starter package, paid."""
    return {
        "payment_id": payment_id,
        "payment_intent_id": f"pi_{payment_id}",
        "paid": True,
        "amount": 499,
        "currency": "usd",
    }


def refund(payment_id: str, amount: int, status: str = "succeeded", number: int = 1) -> Facts:
    told = {"id": f"re_{number}_{payment_id}", "amount": amount, "currency": "usd"}
    return {"payment_intent_id": f"pi_{payment_id}", "refunds": [told | {"status": status}]}


def dispute(payment_id: str, status: str, amount: int = 499) -> Facts:
    told = {"id": f"du_{payment_id}", "amount": amount, "currency": "usd", "status": status}
    return {"payment_intent_id": f"pi_{payment_id}", "disputes": [told]}
