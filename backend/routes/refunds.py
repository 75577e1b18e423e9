"""Refunds by an admin of the shop."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from flask import Blueprint, g

from backend.auth import policy
from backend.routes.idempotency import attempt
from backend.routes.parsing import MinorUnits, Reason, Request, Uuid, body
from backend.wiring import services

blueprint = Blueprint("refunds", __name__)

PAYMENTS_MAX = 100


class RefundRequest(Request):
    amount: MinorUnits | None = None
    reason: Reason | None = None


@blueprint.post("/payments/<uuid:payment_id>/refund")
@policy("admin")
def refund(payment_id: UUID) -> dict[str, Any]:
    """Give money back, and take its share of the credits."""
    asked = body(RefundRequest)
    return services().refunds.refund_once(
        str(payment_id), asked.amount, asked.reason, actor=g.caller.id, attempt=attempt()
    )


@blueprint.get("/payments/<uuid:payment_id>/refund")
@policy("admin")
def preview(payment_id: UUID) -> dict[str, Any]:
    """What giving back all that is left would move: money, and credits."""
    return services().refunds.plan(str(payment_id))


class RefundsRequest(Request):
    payment_ids: Annotated[list[Uuid], msgspec.Meta(min_length=1, max_length=PAYMENTS_MAX)]
    reason: Reason | None = None
    dry_run: bool = False


@blueprint.post("/admin/refunds")
@policy("admin")
def refund_many() -> dict[str, Any]:
    """Refund each in full; one result each. Asked again, what was refunded is told once more and
    what failed is tried again."""
    asked, this = body(RefundsRequest), attempt()
    if this.idempotency_key:
        services().idempotency.claim(g.caller.id, this)
    refunds = services().refunds
    results = (
        refunds.plan_many(asked.payment_ids)
        if asked.dry_run
        else refunds.refund_many(asked.payment_ids, asked.reason, actor=g.caller.id, attempt=this)
    )
    return {"results": results, "dry_run": asked.dry_run}
