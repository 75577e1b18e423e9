"""The caller's auto-recharge."""

from typing import Annotated, Any

import msgspec
from flask import Blueprint, g

from backend.auth import policy
from backend.errors import ValidationError
from backend.limits import buying
from backend.routes.parsing import CREDITS_MAX, Currency, MinorUnits, PackageId, Request, body
from backend.wiring import services

blueprint = Blueprint("auto_recharge", __name__)


class AutoRechargeRequest(Request):
    enabled: bool
    threshold: Annotated[int, msgspec.Meta(ge=1, le=CREDITS_MAX)] | None = None
    package_id: PackageId | None = None
    monthly_limit: MinorUnits | None = None
    currency: Currency | None = None
    expected_amount: MinorUnits | None = None


@blueprint.get("/credits/auto-recharge")
@policy("user")
def get_auto_recharge() -> dict[str, Any]:
    """Whether, below which balance, with what, and how much a month."""
    return services().auto_recharge.get(g.caller.id)


@blueprint.put("/credits/auto-recharge")
@buying
@policy("user")
def set_auto_recharge() -> dict[str, Any]:
    """Agree to it or withdraw; switching it on needs all its terms."""
    asked = body(AutoRechargeRequest)
    for field in ("threshold", "package_id", "monthly_limit"):
        if asked.enabled and getattr(asked, field) is None:
            raise ValidationError.of(field, "This is needed to switch auto-recharge on.")
    return services().auto_recharge.set(
        g.caller.id,
        enabled=asked.enabled,
        threshold=asked.threshold,
        package_id=asked.package_id,
        currency=asked.currency,
        monthly_limit=asked.monthly_limit,
        expected_amount=asked.expected_amount,
    )
