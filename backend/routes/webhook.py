"""Stripe's way in."""

from typing import Any

from flask import Blueprint, g, request

from backend.auth import policy
from backend.limits import unlimited
from backend.routes.parsing import raw_body
from backend.wiring import services

blueprint = Blueprint("webhook", __name__)

# Stripe's events carry whole objects, so more than any other body of this API.
BODY_BYTES_MAX = 1_000_000


@blueprint.post("/stripe/webhook")
@unlimited
@policy("webhook")
def receive() -> dict[str, Any]:
    """Take one event. The raw bytes are what was signed, so nothing parses them before that."""
    request.max_content_length = BODY_BYTES_MAX
    outcome = services().inbox.receive(raw_body(), request.headers.get("Stripe-Signature", ""))
    g.stripe_event_id = outcome["event_id"]
    return {"received": True, "status": outcome["status"]}
