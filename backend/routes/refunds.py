"""Refunds by an admin of the shop."""

from typing import Annotated, Any

import msgspec
from flask import Blueprint, g

from backend.auth import policy
from backend.routes.idempotency import attempt, idempotent
from backend.routes.parsing import Request, Uuid, body
from backend.wiring import services

blueprint = Blueprint("refunds", __name__)

AMOUNT_MAX = 10**12
PAYMENTS_MAX = 100
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class RefundRequest(Request):
    amount: Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)] | None = None
    reason: Reason | None = None


@blueprint.post("/payments/<uuid:payment_id>/refund")
@policy("admin")
def refund(payment_id: Any) -> dict[str, Any]:
    """Give money back, and take its share of the credits."""
    asked = body(RefundRequest)
    return services().refunds.refund_once(
        str(payment_id), asked.amount, asked.reason, actor=g.caller.id, attempt=attempt()
    )


@blueprint.get("/payments/<uuid:payment_id>/refund")
@policy("admin")
def preview(payment_id: Any) -> dict[str, Any]:
    """What giving back all that is left would move: money, and credits."""
    return services().refunds.plan(str(payment_id))


class RefundsRequest(Request):
    payment_ids: Annotated[list[Uuid], msgspec.Meta(min_length=1, max_length=PAYMENTS_MAX)]
    reason: Reason | None = None
    dry_run: bool = False


@blueprint.post("/admin/refunds")
@policy("admin")
@idempotent
def refund_many() -> dict[str, Any]:
    """Refund each in full; one result each."""
    asked = body(RefundsRequest)
    results = services().refunds.refund_many(
        asked.payment_ids, asked.reason, actor=g.caller.id, dry_run=asked.dry_run
    )
    return {"results": results, "dry_run": asked.dry_run}
