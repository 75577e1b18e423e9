"""What an admin of the shop may do by hand."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import Blueprint, g

from backend.auth import policy
from backend.errors import ValidationError
from backend.routes.idempotency import required_idempotency_key
from backend.routes.parsing import CREDITS_MAX, Reason, Request, Uuid, body, in_utc
from backend.wiring import services

blueprint = Blueprint("admin", __name__)


class GrantRequest(Request):
    user_id: Uuid
    credits: Annotated[int, msgspec.Meta(ge=-CREDITS_MAX, le=CREDITS_MAX)]
    reason: Reason
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


@blueprint.post("/admin/credits/grant")
@policy("admin")
def grant() -> tuple[dict[str, Any], int]:
    """Give credits (a bonus) or take them (an adjustment), with a reason."""
    asked = body(GrantRequest)
    if asked.credits == 0:
        raise ValidationError.of("credits", "This must not be zero.")
    expires_at = in_utc("expires_at", asked.expires_at) if asked.expires_at else None
    answer = services().credits.adjust(
        asked.user_id,
        asked.credits,
        asked.reason,
        expires_at.isoformat() if expires_at else None,
        actor=g.caller.id,
        idempotency_key=required_idempotency_key(),
    )
    return answer, 201


@blueprint.post("/admin/events/<event_id>/replay")
@policy("admin")
def replay(event_id: str) -> dict[str, Any]:
    """Take an event of the inbox again: {event_id, status}."""
    body(Request)
    return services().inbox.replay(event_id)
