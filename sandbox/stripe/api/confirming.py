"""What Stripe demands when an intent, of a payment or a setup, gets a payment method."""

from .. import cards
from ..errors import InvalidParams, InvalidRequest
from ..flows import saved_cards
from ..objects.payment_method import new_card_method
from ..params import Params
from ..store import Object, Transaction, public
from .routes import found

USED_UP = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
    "attachment, shared with a connected account without Customer attachment, or was detached from "
    "a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach "
    "it to a Customer first."
)
NO_RETURN_URL = (
    "A `return_url` must be specified because this {noun} is configured to automatically accept "
    "the payment methods enabled in the Dashboard, some of which may require a full page redirect "
    "to succeed. If you do not want to accept redirect-based payment methods, set "
    "`automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods"
    "[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
)
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
NOUNS = {"payment_intent": "Payment Intent", "setup_intent": "Setup Intent"}


def payment_method_types(params: Params) -> list[str]:
    """What the sandbox can charge of what the request allows."""
    if "allowed_payment_method_types" in params and "automatic_payment_methods" in params:
        raise InvalidParams(
            "You may only specify one of these parameters: allowed_payment_method_types, "
            "automatic_payment_methods."
        )
    if "card" not in params.get("allowed_payment_method_types", ["card"]):
        raise InvalidParams(
            "The sandbox's intents are paid by card only.", param="allowed_payment_method_types"
        )
    return ["card"]


def card_options(params: Params) -> Object:
    """What the request says of cards."""
    return params.get("payment_method_options", {}).get("card", {})


def automatic_payment_methods(params: Params) -> Object | None:
    """On unless the request says otherwise."""
    if "allowed_payment_method_types" in params:
        return None
    given: Object = params.get("automatic_payment_methods", {"enabled": True})
    return {"allow_redirects": "always"} | given if given["enabled"] else None


def named_method(tx: Transaction, params: Params, customer: str | None) -> Object | None:
    """The payment method that the request names, if `customer` may use it; Stripe's ready-made ones
    (`pm_card_visa`) are made now."""
    name = params.get("payment_method")
    if not name:
        return None
    card = cards.ready_made(name)
    if card:
        return tx.add(new_card_method(card, params.get("receipt_email"), None))
    method = found(tx, "payment_method", name, "payment_method")
    saved_cards.require_usable(method, USED_UP)
    owner = method["customer"]
    if owner and not customer:
        raise InvalidParams(
            f"The `payment_method` parameter supplied {name} belongs to the Customer {owner}. "
            "Please include the Customer in the `customer` parameter on the PaymentIntent.",
            code="parameter_missing",
            param="payment_method",
        )
    if owner and owner != customer:
        raise not_of_customer(name, "payment_method")
    return method


def not_of_customer(method_id: str, param: str) -> InvalidRequest:
    return InvalidRequest(
        f"The customer does not have a payment method with the ID {method_id}. The payment method "
        "must be attached to the customer.",
        code="resource_missing",
        param=param,
    )


def prepare(tx: Transaction, intent: Object, params: Params) -> Object:
    """The method to confirm with. Raises InvalidRequest when the intent can't be confirmed (so)."""
    noun = NOUNS[intent["object"]].replace(" ", "")
    about: Object = {intent["object"]: public(intent)}
    code = f"{intent['object']}_unexpected_state"
    if intent["status"] not in CONFIRMABLE:
        raise InvalidRequest(
            f"You cannot confirm this {noun} because it has a status of {intent['status']}.",
            code=code,
            **about,
        )
    if intent["customer"]:
        found(tx, "customer", intent["customer"], "customer")  # it may be deleted by now
    current = tx.get("payment_method", intent["payment_method"] or "")
    method = named_method(tx, params, intent["customer"]) or current
    if method is None:
        raise InvalidRequest(
            f"You cannot confirm this {noun} because it's missing a payment method. You can either "
            f"update the {noun} with a payment method and then confirm it again, or confirm it "
            "again directly with a payment method or ConfirmationToken.",
            code=code,
            **about,
        )
    _require_return_url(tx, intent, params)
    intent |= {
        "_return_url": params.get("return_url"),
        "_uses_stripe_sdk": params.get("use_stripe_sdk", False),
    }
    return method


def _require_return_url(tx: Transaction, intent: Object, params: Params) -> None:
    """Stripe.js decides for itself whether it needs one, a shop's server always does."""
    automatic = intent["automatic_payment_methods"] or {}
    is_needed = automatic.get("allow_redirects") == "always" and not tx.cause.from_browser
    if is_needed and "return_url" not in params:
        noun = NOUNS[intent["object"]]
        raise InvalidRequest(NO_RETURN_URL.format(noun=noun), param="return_url")
