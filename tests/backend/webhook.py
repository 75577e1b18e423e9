"""Sends events to the backend's webhook, signed as Stripe signs or otherwise.

https://docs.stripe.com/webhooks#verify-manually
"""

import hmac
import json
import time
import uuid
from typing import Any

import httpx

from tests.http import HTTP

PATH = "/api/stripe/webhook"


class Webhook:
    def __init__(self, env: dict[str, str]) -> None:
        self.url = env["BACKEND_URL"] + PATH
        self.secret = env["STRIPE_WEBHOOK_SECRET"]

    def post(self, body: bytes, header: str | bytes | None) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        if header is not None:
            headers["Stripe-Signature"] = header  # type: ignore[assignment]
        return HTTP.post(self.url, content=body, headers=headers)

    def send_bytes(self, body: bytes) -> httpx.Response:
        """Signed now, with the shop's secret."""
        return self.post(body, signature(body, self.secret))

    def send(self, event: dict[str, Any]) -> httpx.Response:
        return self.send_bytes(json.dumps(event).encode())

    def outcome(self, event: dict[str, Any]) -> str:
        """The status that the backend answers with its 200."""
        answer = self.send(event)
        assert answer.status_code == 200, answer.text
        assert answer.json().keys() == {"received", "status"}
        return answer.json()["status"]


def signature(body: bytes, secret: str, age_seconds: int = 0) -> str:
    """The Stripe-Signature header."""
    at = int(time.time()) - age_seconds
    return f"t={at},v1={digest(body, secret, at)}"


def digest(body: bytes, secret: str, at: int) -> str:
    return hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()


def event(event_type: str, stripe_object: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A new event about an object."""
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "data": {"object": stripe_object},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
    } | changed


def retold(known: dict[str, Any]) -> dict[str, Any]:
    """The same fact under another event id."""
    return known | {"id": f"evt_{uuid.uuid4().hex}"}
