"""What the tests of auto-recharge share: agreeing to it, and letting time pass."""

from typing import Any

import psycopg

from tests.backend.server import give
from tests.people import Person

Connection = psycopg.Connection[dict]
RECHARGE = "/api/credits/auto-recharge"
TERMS = {"enabled": True, "threshold": 100, "package_id": "starter", "monthly_limit": 2000}
OFF = {"enabled": False}
CREATE = "/v1/payment_intents"


def agree(buyer: Person, **fields: Any) -> dict[str, Any]:
    answer = buyer.request("PUT", RECHARGE, json=TERMS | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def state(buyer: Person) -> dict[str, Any]:
    return buyer.get(RECHARGE).json()


def recharges(buyer: Person) -> list[dict[str, Any]]:
    """The buyer's recharges, newest first."""
    payments = buyer.get("/api/payments").json()["payments"]
    return [payment for payment in payments if payment["kind"] == "auto_recharge"]


def events(buyer: Person, event_type: str) -> list[dict[str, Any]]:
    """What the app was told, of one type."""
    told = buyer.get("/api/credits/events").json()["events"]
    return [event["data"] for event in told if event["type"] == event_type]


def spend_all(database: Connection, buyer: Person) -> None:
    if credits := buyer.available:
        give(database, buyer, -credits)


def let_pass(database: Connection, buyer: Person, interval: str) -> None:
    """As if this buyer's payments, and what he agreed to, were so much older."""
    for table, columns in (
        ("payment_orders", ("created_at", "expires_at")),
        ("auto_recharges", ("consented_at",)),
    ):
        older = ", ".join(f"{column} = {column} - %(age)s::interval" for column in columns)
        query = f"update {table} set {older} where user_id = %(user)s"
        database.execute(query, {"age": interval, "user": buyer.id})
