"""Spending, for other servers of the owner. A browser must never be able to release a hold for work
already done, so none of this opens to a user's token."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from flask import Blueprint, g

from backend.auth import policy
from backend.errors import ValidationError
from backend.routes.idempotency import required_idempotency_key
from backend.routes.parsing import Request, Uuid, body, written_as
from backend.services.spending import HOLD_TTL_SECONDS, QUANTITY_MAX
from backend.wiring import services

blueprint = Blueprint("spending", __name__)

Feature = Annotated[
    str, written_as(r"^[a-z0-9_]{1,64}\Z", "Up to 64 small letters, digits, underscores.")
]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)]
METADATA_BYTES_MAX = 4096
METADATA_LEVELS_MAX = 20


class SpendRequest(Request):
    user_id: Uuid
    feature: Feature
    quantity: Quantity = 1
    metadata: dict[str, Any] = {}


@blueprint.post("/credits/spend")
@policy("service")
def spend() -> tuple[dict[str, Any], int]:
    """Spend now."""
    asked = body(SpendRequest)
    # What is read back has to be understood again, by whatever reads JSON.
    if _is_deeper(asked.metadata, METADATA_LEVELS_MAX):
        raise ValidationError.of("metadata", f"At most {METADATA_LEVELS_MAX} levels.")
    if len(msgspec.json.encode(asked.metadata)) > METADATA_BYTES_MAX:
        raise ValidationError.of("metadata", f"At most {METADATA_BYTES_MAX} bytes.")
    return _created(
        services().spending.spend(
            asked.user_id,
            asked.feature,
            asked.quantity,
            required_idempotency_key(),
            asked.metadata,
            g.request_id,
        )
    )


class HoldRequest(Request):
    user_id: Uuid
    feature: Feature
    quantity: Quantity = 1
    ttl_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = HOLD_TTL_SECONDS


@blueprint.post("/credits/holds")
@policy("service")
def hold() -> tuple[dict[str, Any], int]:
    """Reserve before the work."""
    asked = body(HoldRequest)
    return _created(
        services().spending.reserve(
            asked.user_id,
            asked.feature,
            asked.quantity,
            required_idempotency_key(),
            asked.ttl_seconds,
            g.request_id,
        )
    )


@blueprint.get("/credits/holds/<uuid:hold_id>")
@policy("service")
def get_hold(hold_id: UUID) -> dict[str, Any]:
    """The hold as it is now."""
    return _without_replayed(services().spending.get(str(hold_id)))


class CaptureRequest(Request):
    quantity: Quantity | None = None


@blueprint.post("/credits/holds/<uuid:hold_id>/capture")
@policy("service")
def capture(hold_id: UUID) -> dict[str, Any]:
    """The work is done: spend what it took, release the rest."""
    asked = body(CaptureRequest)
    return _without_replayed(services().spending.capture(str(hold_id), asked.quantity))


@blueprint.post("/credits/holds/<uuid:hold_id>/release")
@policy("service")
def release(hold_id: UUID) -> dict[str, Any]:
    """The work has failed: nothing is spent."""
    body(Request)
    return _without_replayed(services().spending.release(str(hold_id)))


def _created(answer: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """201 the first time, 200 for a replay with the first answer."""
    return _without_replayed(answer), 200 if answer["replayed"] else 201


def _without_replayed(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "replayed"}


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(each, levels - 1) for each in inner)
