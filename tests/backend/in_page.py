"""What the tests of paying inside the page share."""

from typing import Any

import psycopg

from tests.backend.wallet import INTENTS, STARTER
from tests.people import Person
from tests.stripe_console import StripeConsole

Connection = psycopg.Connection[dict]
UNKNOWN_CARD = "pm_1UnknownToEverybody"


def begin(buyer: Person, **fields: Any) -> dict[str, Any]:
    """Order in the page; answers what the backend answers."""
    answer = buyer.post(INTENTS, STARTER | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refusal(buyer: Person, **fields: Any) -> tuple[int, str]:
    answer = buyer.post(INTENTS, STARTER | fields)
    return answer.status_code, answer.json()["code"]


def intents_made(stripe_console: StripeConsole) -> set[str]:
    requests = stripe_console.requests(method="POST", path="/v1/payment_intents")
    created = [r for r in requests if r["path"] == "/v1/payment_intents" and r["status"] == 200]
    return {request["response"]["id"] for request in created}


def orders_of(database: Connection, buyer: Person) -> int:
    query = "select count(*) as n from payment_orders where user_id = %s"
    return database.execute(query, [buyer.id]).fetchone()["n"]  # type: ignore[index]
