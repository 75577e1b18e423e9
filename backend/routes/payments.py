"""Buying, and the buyer's own payments."""

from typing import Annotated, Any, Literal

import msgspec
from flask import Blueprint, g

from backend.auth import policy
from backend.limits import buying
from backend.routes.idempotency import idempotent, request_hash
from backend.routes.parsing import (
    Currency,
    Locale,
    Request,
    Url,
    Uuid,
    body,
    idempotency_key,
    query,
)
from backend.services.checkout import Buyer
from backend.wiring import services

blueprint = Blueprint("payments", __name__)

Status = Literal[
    "pending", "processing", "succeeded", "failed", "canceled", "expired",
    "partially_refunded", "refunded", "disputed",
]  # fmt: skip


class CheckoutRequest(Request):
    package_id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]
    currency: Currency | None = None
    locale: Locale | None = None
    ui_mode: Literal["hosted", "embedded"] = "hosted"
    return_url: Url | None = None


@blueprint.post("/stripe/create-checkout-session")
@policy("user")
@buying
def create_checkout_session() -> tuple[dict[str, Any], int]:
    """Order a package and open Stripe's page for it."""
    asked = body(CheckoutRequest)
    session = services().checkout.create(
        _buyer(),
        package_id=asked.package_id,
        currency=asked.currency,
        locale=asked.locale,
        ui_mode=asked.ui_mode,
        return_url=asked.return_url,
        idempotency_key=idempotency_key(),
        request_hash=request_hash(),
    )
    return session, 201


class PaymentsQuery(Request):
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    cursor: Uuid | None = None
    status: Status | None = None


@blueprint.get("/payments")
@policy("user")
def list_payments() -> dict[str, Any]:
    """The caller's payments, newest first."""
    asked = query(PaymentsQuery)
    return services().payments.page(g.caller.token, asked.limit, asked.cursor, asked.status)


@blueprint.get("/payments/<uuid:payment_id>")
@policy("user")
def get_payment(payment_id: Any) -> dict[str, Any]:
    """One payment of the caller's."""
    return services().payments.get(g.caller.token, str(payment_id))


@blueprint.post("/payments/<uuid:payment_id>/refresh")
@policy("user")
@idempotent
def refresh(payment_id: Any) -> dict[str, Any]:
    """Ask Stripe now."""
    body(Request)
    return services().payments.refresh(g.caller.token, _buyer(), str(payment_id))


@blueprint.post("/payments/<uuid:payment_id>/cancel")
@policy("user")
@idempotent
def cancel(payment_id: Any) -> dict[str, Any]:
    """Make sure that this can't be paid any more."""
    body(Request)
    return services().payments.cancel(g.caller.token, _buyer(), str(payment_id))


@blueprint.get("/cart/count")
@policy("visitor")
def cart_count() -> dict[str, Any]:
    """What the caller could still pay; nothing for a visitor."""
    items = services().payments.still_open(g.caller.token) if g.caller and g.caller.token else []
    return {"count": len(items), "items": items}


def _buyer() -> Buyer:
    return Buyer(id=g.caller.id, email=g.caller.email)
