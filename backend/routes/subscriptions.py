"""The caller's subscriptions."""

from typing import Any

from flask import Blueprint, g

from backend.auth import policy
from backend.limits import asking_stripe, buying
from backend.routes.callers import buyer
from backend.routes.idempotency import idempotent
from backend.routes.parsing import Locale, Request, StripeId, Url
from backend.wiring import services

blueprint = Blueprint("subscriptions", __name__)


@blueprint.get("/stripe/subscriptions")
@policy("user")
def list_subscriptions() -> dict[str, Any]:
    """The caller's subscriptions, newest first."""
    return {"subscriptions": services().subscriptions.of_user(g.caller.id)}


class SubscriptionRequest(Request):
    subscription_id: StripeId


@blueprint.post("/stripe/cancel-subscription")
@asking_stripe
@policy("user")
@idempotent(SubscriptionRequest)
def cancel(asked: SubscriptionRequest) -> dict[str, Any]:
    """Let it end with the period that is paid for."""
    return services().subscriptions.cancel(g.caller.id, asked.subscription_id)


@blueprint.post("/stripe/resume-subscription")
@asking_stripe
@policy("user")
@idempotent(SubscriptionRequest)
def resume(asked: SubscriptionRequest) -> dict[str, Any]:
    """Let it go on after all."""
    return services().subscriptions.resume(g.caller.id, asked.subscription_id)


class PortalRequest(Request):
    return_url: Url | None = None
    locale: Locale | None = None


@blueprint.post("/stripe/portal-session")
@buying
@policy("user")
@idempotent(PortalRequest)
def portal_session(asked: PortalRequest) -> tuple[dict[str, Any], int]:
    """Open Stripe's page for cards, invoices and subscriptions."""
    return services().subscriptions.open_portal(buyer(), asked.return_url, asked.locale), 201
