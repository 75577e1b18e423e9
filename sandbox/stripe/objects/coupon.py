from .. import clock
from ..ids import new_id, random_text
from ..params import Params
from ..store import Object

CODE_LENGTH = 8


def new_coupon(params: Params) -> Object:
    """`amount_off` in minor units of `currency`, or `percent_off`; once, repeating or forever."""
    percent = params.get("percent_off")
    return {
        "id": params.get("id") or random_text(CODE_LENGTH),
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": clock.now(),
        "currency": params["currency"].lower() if "amount_off" in params else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "percent_off": None if percent is None else float(percent),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }


def new_promotion_code(params: Params, coupon_id: str) -> Object:
    """The word that a buyer types to get a coupon."""
    restrictions = params.get("restrictions", {})
    return {
        "id": new_id("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": params.get("code") or random_text(CODE_LENGTH).upper(),
        "created": clock.now(),
        "customer": params.get("customer"),
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": params.get("metadata", {}),
        "promotion": {"coupon": coupon_id, "type": "coupon"},
        "restrictions": {
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
        },
        "times_redeemed": 0,
    }


def new_discount(
    coupon: Object,
    *,
    promotion_code: str | None = None,
    customer: str | None = None,
    subscription: str | None = None,
    checkout_session: str | None = None,
    end: int | None = None,
) -> Object:
    """A coupon in use. `end` is when it stops to apply (None: its duration tells)."""
    return {
        "id": new_id("di"),
        "object": "discount",
        "checkout_session": checkout_session,
        "customer": customer,
        "customer_account": None,
        "end": end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": promotion_code,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": clock.now(),
        "subscription": subscription,
        "subscription_item": None,
    }
