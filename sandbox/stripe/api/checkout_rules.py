"""What Stripe demands of a new session beyond the types of its parameters.
https://docs.stripe.com/api/checkout/sessions/create
"""

from urllib.parse import urlsplit

from .. import clock, money
from ..errors import InvalidParams
from ..params import Params, missing
from ..store import Object

METHOD_TYPES = ("card", "us_bank_account")
LIFETIME_SECONDS_MIN = 30 * 60
LIFETIME_SECONDS_MAX = 24 * 60 * 60
LINE_ITEMS_MAX = 100
REFERENCE_LENGTH_MAX = 200


def check(params: Params) -> None:
    """Raises InvalidParams."""
    _check_mode(params)
    _check_urls(params)
    _check_customer(params)
    _check_line_items(params)
    _check_lifetime(params)
    if len(params.get("client_reference_id", "")) > REFERENCE_LENGTH_MAX:
        raise InvalidParams(
            f"Invalid string: must be at most {REFERENCE_LENGTH_MAX} characters",
            param="client_reference_id",
        )


def check_total(session: Object) -> None:
    currency, total = session["currency"], session["amount_total"]
    minimum = money.MINIMUM_CHARGE.get(currency, 1)
    if total < minimum:
        raise InvalidParams(
            "The Checkout Session's total amount due must add up to at least "
            f"{money.format_amount(minimum, currency)} {currency}",
            code="amount_too_small",
        )


def payment_method_types(params: Params) -> list[str]:
    """What the sandbox offers, filtered as the request asks."""
    allowed = params.get("allowed_payment_method_types", METHOD_TYPES)
    excluded = params.get("excluded_payment_method_types", [])
    offered = [kind for kind in METHOD_TYPES if kind in allowed and kind not in excluded]
    if not offered:
        raise InvalidParams(
            "No valid payment method types for this Checkout Session. The sandbox offers "
            f"{' and '.join(METHOD_TYPES)}.",
            param="allowed_payment_method_types",
        )
    return offered


def _check_mode(params: Params) -> None:
    if "mode" not in params:
        raise missing("mode")
    if params["mode"] != "payment":
        raise InvalidParams("The sandbox has sessions in `payment` mode only, yet.", param="mode")
    if params.get("ui_mode") in ("elements", "form"):
        raise InvalidParams("The sandbox has no `elements` and `form` pages yet.", param="ui_mode")


def _check_urls(params: Params) -> None:
    ui_mode = params.get("ui_mode", "hosted_page")
    if ui_mode == "hosted_page":
        required, forbidden = "success_url", ["return_url", "redirect_on_completion"]
    else:
        required, forbidden = "return_url", ["success_url", "cancel_url"]
        if params.get("redirect_on_completion") == "never":
            required, forbidden = None, [*forbidden, "return_url"]
    for name in forbidden:
        if name in params:
            raise InvalidParams(f"`{name}` can not be used with `ui_mode: {ui_mode}`.", param=name)
    if required and required not in params:
        raise missing(required)
    for name in ("success_url", "cancel_url", "return_url"):
        if name in params and not _is_absolute(params[name]):
            raise InvalidParams("Not a valid URL", code="url_invalid", param=name)


def _check_customer(params: Params) -> None:
    if "customer" in params and "customer_email" in params:
        raise InvalidParams(
            "You may only specify one of these parameters: customer, customer_email.",
            code="parameters_exclusive",
            param="customer",
        )


def _check_line_items(params: Params) -> None:
    items = params.get("line_items")
    if not items:
        raise missing("line_items")
    if len(items) > LINE_ITEMS_MAX:
        raise InvalidParams(f"At most {LINE_ITEMS_MAX} line items.", param="line_items")
    for place, item in enumerate(items):
        _check_line_item(item, f"line_items[{place}]")
    if len({item["price_data"]["currency"] for item in items}) > 1:
        raise InvalidParams("All prices must have the same currency.", param="line_items")


def _check_line_item(item: Params, name: str) -> None:
    if item.get("quantity", 0) < 1:
        raise missing(f"{name}[quantity]")
    if "price_data" not in item:
        raise missing(f"{name}[price_data]")
    price_data = item["price_data"]
    for member in ("unit_amount", "product_data"):
        if member not in price_data:
            raise missing(f"{name}[price_data][{member}]")
    if price_data["unit_amount"] < 0:
        raise InvalidParams(
            "Invalid non-negative integer",
            code="parameter_invalid_integer",
            param=f"{name}[price_data][unit_amount]",
        )
    price_data["currency"] = price_data["currency"].lower()
    if price_data["currency"] not in money.SUPPORTED:
        raise InvalidParams(
            f"Invalid currency: {price_data['currency']}. Stripe currently supports these "
            f"currencies: {', '.join(sorted(money.SUPPORTED))}",
            param=f"{name}[price_data][currency]",
        )


def _check_lifetime(params: Params) -> None:
    if "expires_at" not in params:
        return
    lifetime_seconds = params["expires_at"] - clock.now()
    if lifetime_seconds < LIFETIME_SECONDS_MIN:
        raise InvalidParams(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
            param="expires_at",
        )
    if lifetime_seconds > LIFETIME_SECONDS_MAX:
        raise InvalidParams(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
