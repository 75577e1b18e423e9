"""What the tests of the shop's own refunds share."""

from typing import Any

import psycopg

from tests.backend.purchase import Purchase
from tests.people import Person
from tests.stripe_console import StripeConsole

Connection = psycopg.Connection[dict]
BULK = "/api/admin/refunds"
REFUNDS = "/v1/refunds"
REFUND_PENDS = "4000000000007726"
UNKNOWN = "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"


def path_of(bought: Purchase) -> str:
    return f"/api/payments/{bought.payment_id}/refund"


def refund(
    admin: Person, bought: Purchase, key: str | None = None, **fields: Any
) -> dict[str, Any]:
    answer = admin.post(path_of(bought), fields, key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal(admin: Person, bought: Purchase, **fields: Any) -> tuple[int, str]:
    answer = admin.post(path_of(bought), fields)
    return answer.status_code, answer.json()["code"]


def preview(admin: Person, bought: Purchase) -> dict[str, Any]:
    answer = admin.get(path_of(bought))
    assert answer.status_code == 200, answer.text
    return answer.json()


def given_back(stripe_console: StripeConsole, bought: Purchase) -> list[int]:
    """What Stripe has refunded, or is about to, newest first."""
    refunds = stripe_console.api("refunds", payment_intent=bought.intent_id)["data"]
    return [each["amount"] for each in refunds if each["status"] in ("succeeded", "pending")]
