"""What Stripe demands of a new session beyond the types of its parameters.
https://docs.stripe.com/api/checkout/sessions/create
"""

import time
from urllib.parse import urlsplit

from .. import clock, money
from ..errors import InvalidParams, InvalidRequest
from ..flows import subscriptions
from ..params import Params, missing
from ..store import Object, Transaction

METHOD_TYPES = ("card", "us_bank_account")
LIFETIME_SECONDS_MIN = 30 * 60
LIFETIME_SECONDS_MAX = 24 * 60 * 60
LINE_ITEMS_MAX = 100
REFERENCE_LENGTH_MAX = 200
MODES = ("payment", "subscription")
ONLY_IN_MODE = {
    "customer_creation": "payment",
    "invoice_creation": "payment",
    "payment_intent_data": "payment",
    "subscription_data": "subscription",
    "submit_type": "payment",
}


def check(params: Params) -> None:
    """Raises InvalidParams."""
    _check_mode(params)
    _check_urls(params)
    _check_customer(params)
    _check_line_items(params)
    if len(params.get("client_reference_id", "")) > REFERENCE_LENGTH_MAX:
        raise InvalidParams(
            f"Invalid string: must be at most {REFERENCE_LENGTH_MAX} characters",
            param="client_reference_id",
        )


def check_total(session: Object) -> None:
    """Nothing at all is fine: a trial, or a discount of 100 %."""
    currency, total = session["currency"], session["amount_total"]
    minimum = money.MINIMUM_CHARGE.get(currency, 1)
    if 0 < total < minimum or (
        total == 0 and session["amount_subtotal"] == 0 and _is_paid(session)
    ):
        raise InvalidParams(
            "The Checkout Session's total amount due must add up to at least "
            f"{money.format_amount(minimum, currency)} {currency}",
            code="amount_too_small",
        )


def check_prices(items: list[Object], mode: str) -> None:
    """`items` are the lines with their prices. Raises InvalidParams."""
    if len({item["currency"] for item in items}) > 1:
        raise InvalidParams("All prices must have the same currency.", param="line_items")
    is_recurring = [item["price"]["type"] == "recurring" for item in items]
    if mode == "payment" and any(is_recurring):
        raise InvalidParams(
            "You specified `payment` mode but passed a recurring price. Either switch to "
            "`subscription` mode or use only one-time prices.",
            param="line_items",
        )
    if mode == "subscription" and not all(is_recurring):
        raise InvalidParams(
            "You must provide recurring prices in `subscription` mode; the sandbox takes no "
            "one-time prices beside them.",
            param="line_items",
        )
    if len({str(item["price"]["recurring"]) for item in items}) > 1:
        raise InvalidParams(
            "All recurring prices must have the same billing interval.", param="line_items"
        )


def check_currency(tx: Transaction, items: list[Object], customer: Object | None) -> None:
    """All subscriptions of a customer are billed in one currency. Raises InvalidRequest."""
    wanted = {item["price"]["currency"] for item in items if item["price"]["recurring"]}
    if not customer or not wanted:
        return
    for subscription in tx.select("subscription", {"customer": customer["id"]}):
        currency = subscription["items"]["data"][0]["price"]["currency"]
        if subscription["status"] not in subscriptions.OVER and {currency} != wanted:
            raise InvalidRequest(
                "You cannot combine currencies on a single customer. This customer has an active "
                f"subscription with currency {currency}."
            )


def check_address(params: Params, customer: Object | None) -> None:
    """Tax needs to know where the buyer lives, for renewals too. Raises InvalidParams."""
    if not customer or not params.get("automatic_tax", {}).get("enabled"):
        return
    will_be_saved = params.get("customer_update", {}).get("address") == "auto"
    if not will_be_saved and not (customer["address"] or {}).get("country"):
        raise InvalidParams(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a "
            "valid address to the Customer or set either `customer_update[address]` to 'auto' or "
            "`customer_update[shipping]` to 'auto' to save the address entered in Checkout to the "
            "Customer.",
            code="customer_tax_location_invalid",
        )


def lifetime_seconds(params: Params) -> int | None:
    """How long the session stays open. A shop whose clock was not moved with the sandbox's names a
    moment by its own, so that counts as well. Raises InvalidParams."""
    if "expires_at" not in params:
        return None
    lifetimes = [params["expires_at"] - clock.now(), params["expires_at"] - int(time.time())]
    for seconds in lifetimes:
        if LIFETIME_SECONDS_MIN <= seconds <= LIFETIME_SECONDS_MAX:
            return seconds
    if min(lifetimes) < LIFETIME_SECONDS_MIN:
        raise InvalidParams(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
            param="expires_at",
        )
    raise InvalidParams(
        "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
        param="expires_at",
    )


def payment_method_types(params: Params) -> list[str]:
    """What the sandbox offers, filtered as the request asks. Renewals are paid by card only."""
    possible = METHOD_TYPES if params["mode"] == "payment" else METHOD_TYPES[:1]
    allowed = params.get("allowed_payment_method_types", possible)
    excluded = params.get("excluded_payment_method_types", [])
    offered = [kind for kind in possible if kind in allowed and kind not in excluded]
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
    mode = params["mode"]
    if mode not in MODES:
        raise InvalidParams("The sandbox has no sessions in `setup` mode.", param="mode")
    for name, only_mode in ONLY_IN_MODE.items():
        if name in params and mode != only_mode:
            raise InvalidParams(f"You can not pass `{name}` in `{mode}` mode.", param=name)
    if params.get("allow_promotion_codes") and "discounts" in params:
        raise InvalidParams(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.",
            code="parameters_exclusive",
            param="discounts",
        )
    if len(params.get("discounts", [])) > 1:
        raise InvalidParams("You can only specify one discount.", param="discounts")
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
    if "customer_update" in params and "customer" not in params:
        raise InvalidParams(
            "`customer_update` can only be used with `customer`.", param="customer_update"
        )


def _check_line_items(params: Params) -> None:
    items = params.get("line_items")
    if not items:
        raise missing("line_items")
    if len(items) > LINE_ITEMS_MAX:
        raise InvalidParams(f"At most {LINE_ITEMS_MAX} line items.", param="line_items")
    for place, item in enumerate(items):
        _check_line_item(item, f"line_items[{place}]")


def _check_line_item(item: Params, name: str) -> None:
    if item.get("quantity", 0) < 1:
        raise missing(f"{name}[quantity]")
    if ("price" in item) == ("price_data" in item):
        raise missing(f"{name}[price]")
    if "price_data" in item:
        check_price_data(item["price_data"], f"{name}[price_data]")


def check_price_data(price_data: Params, name: str) -> None:
    """Puts the currency into lower case, too. Raises InvalidParams."""
    prefix = f"{name}[{{}}]" if name else "{}"
    if "unit_amount" not in price_data:
        raise missing(prefix.format("unit_amount"))
    if ("product" in price_data) == ("product_data" in price_data):
        raise missing(prefix.format("product_data"))
    currency = price_data["currency"] = price_data["currency"].lower()
    if currency not in money.SUPPORTED:
        raise InvalidParams(
            f"Invalid currency: {currency}. Stripe currently supports these "
            f"currencies: {', '.join(sorted(money.SUPPORTED))}",
            param=prefix.format("currency"),
        )
    if price_data["unit_amount"] < 0 or price_data["unit_amount"] % money.smallest_step(currency):
        raise InvalidParams(
            "Invalid non-negative integer"
            if price_data["unit_amount"] < 0
            else f"Amounts in {currency} must be a multiple of {money.smallest_step(currency)}.",
            code="parameter_invalid_integer",
            param=prefix.format("unit_amount"),
        )


def _is_paid(session: Object) -> bool:
    return "trial_period_days" not in session["_subscription_data"]


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
