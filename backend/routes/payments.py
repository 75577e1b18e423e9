"""Buying, and the buyer's own payments."""

from typing import Any, Literal
from uuid import UUID

from flask import Blueprint, g

from backend.auth import policy
from backend.limits import asking_stripe, buying
from backend.routes.callers import buyer
from backend.routes.idempotency import attempt, idempotent
from backend.routes.parsing import (
    Currency,
    Locale,
    MinorUnits,
    PackageId,
    PageLimit,
    Request,
    StripeId,
    Url,
    Uuid,
    body,
    query,
)
from backend.wiring import services

blueprint = Blueprint("payments", __name__)

Status = Literal[
    "pending", "processing", "succeeded", "failed", "canceled", "expired",
    "partially_refunded", "refunded", "disputed",
]  # fmt: skip


class CheckoutRequest(Request):
    package_id: PackageId
    currency: Currency | None = None
    locale: Locale | None = None
    ui_mode: Literal["hosted", "embedded"] = "hosted"
    return_url: Url | None = None


@blueprint.post("/stripe/create-checkout-session")
@buying
@policy("user")
def create_checkout_session() -> tuple[dict[str, Any], int]:
    """Order a package and open Stripe's page for it."""
    asked = body(CheckoutRequest)
    session = services().checkout.create(
        buyer(),
        package_id=asked.package_id,
        currency=asked.currency,
        locale=asked.locale,
        ui_mode=asked.ui_mode,
        return_url=asked.return_url,
        attempt=attempt(),
    )
    return session, 201


class IntentRequest(Request):
    package_id: PackageId
    currency: Currency | None = None
    locale: Locale | None = None
    save_payment_method: bool = False
    payment_method_id: StripeId | None = None
    expected_amount: MinorUnits | None = None


@blueprint.post("/stripe/create-payment-intent")
@buying
@policy("user")
def create_payment_intent() -> tuple[dict[str, Any], int]:
    """Order a package and pay for it inside the page, with a new card or a saved one."""
    asked = body(IntentRequest)
    intent = services().intents.create(
        buyer(),
        package_id=asked.package_id,
        currency=asked.currency,
        locale=asked.locale,
        save_payment_method=asked.save_payment_method,
        payment_method_id=asked.payment_method_id,
        expected_amount=asked.expected_amount,
        attempt=attempt(),
    )
    return intent, 201


class PaymentsQuery(Request):
    limit: PageLimit = 20
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
def get_payment(payment_id: UUID) -> dict[str, Any]:
    """One payment of the caller's."""
    return services().payments.get(g.caller.token, str(payment_id))


@blueprint.post("/payments/<uuid:payment_id>/refresh")
@asking_stripe
@policy("user")
@idempotent(Request)
def refresh(_: Request, payment_id: UUID) -> dict[str, Any]:
    """Ask Stripe now."""
    return services().payments.refresh(g.caller.token, buyer(), str(payment_id))


@blueprint.post("/payments/<uuid:payment_id>/cancel")
@asking_stripe
@policy("user")
@idempotent(Request)
def cancel(_: Request, payment_id: UUID) -> dict[str, Any]:
    """Make sure that this can't be paid any more."""
    return services().payments.cancel(g.caller.token, buyer(), str(payment_id))


@blueprint.get("/cart/count")
@policy("visitor")
def cart_count() -> dict[str, Any]:
    """What the caller could still pay; nothing for a visitor."""
    items = services().payments.still_open(g.caller.token) if g.caller and g.caller.token else []
    return {"count": len(items), "items": items}
