"""https://docs.stripe.com/api/payment_intents"""

from stripe.params import (
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentModifyParams,
    PaymentIntentRetrieveParams,
)

from .. import cards, lists, money
from ..errors import InvalidParams, InvalidRequest
from ..events import emit
from ..flows import checkout, payments
from ..objects.payment_intent import new_payment_intent
from ..objects.payment_method import new_card_method
from ..params import Params
from ..store import Object, Transaction, public
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = (
    "amount",
    "automatic_payment_methods",
    "confirm",
    "currency",
    "customer",
    "description",
    "metadata",
    "payment_method",
    "receipt_email",
    "return_url",
)
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


@routes.post("/v1/payment_intents", PaymentIntentCreateParams, KNOWN)
def create(tx: Transaction, params: Params) -> Object:
    _check_money(params)
    if "customer" in params:
        found(tx, "customer", params["customer"], "customer")
    method = _method(tx, params)
    intent = new_payment_intent(
        amount=params["amount"],
        currency=params["currency"].lower(),
        customer=params.get("customer"),
        payment_method_types=["card"],
        metadata=params.get("metadata", {}),
        description=params.get("description"),
        receipt_email=params.get("receipt_email"),
        automatic_payment_methods=_automatic(params),
    )
    if method:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    emit(tx, "payment_intent.created", tx.add(intent))
    return _confirm(tx, intent, params) if params.get("confirm") else intent


@routes.list("/v1/payment_intents", PaymentIntentListParams, ["customer"])
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {"customer": params.get("customer")}
    return lists.page(tx, "payment_intent", "/v1/payment_intents", params, filters)


@routes.get("/v1/payment_intents/<id>", PaymentIntentRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "payment_intent", id)


@routes.post(
    "/v1/payment_intents/<id>",
    PaymentIntentModifyParams,
    ["amount", "description", "metadata", "receipt_email"],
)
def update(tx: Transaction, params: Params, id: str) -> Object:
    intent = found(tx, "payment_intent", id)
    if "amount" in params and intent["status"] not in CONFIRMABLE:
        raise _unexpected_state(intent, "update the amount of")
    changes = {
        name: params[name] or None
        for name in ("amount", "description", "receipt_email")
        if name in params
    }
    tx.change(intent, **changes, metadata=merged_metadata(intent, params.get("metadata")))
    return intent


@routes.post(
    "/v1/payment_intents/<id>/confirm",
    PaymentIntentConfirmParams,
    ["payment_method", "return_url", "receipt_email"],
)
def confirm(tx: Transaction, params: Params, id: str) -> Object:
    intent = found(tx, "payment_intent", id)
    _refuse_of_session(tx, intent, "confirm")
    return _confirm(tx, intent, params)


@routes.post("/v1/payment_intents/<id>/cancel", PaymentIntentCancelParams, ["cancellation_reason"])
def cancel(tx: Transaction, params: Params, id: str) -> Object:
    intent = found(tx, "payment_intent", id)
    _refuse_of_session(tx, intent, "cancel")
    return payments.cancel(tx, intent, params.get("cancellation_reason"))


def _confirm(tx: Transaction, intent: Object, params: Params) -> Object:
    """Raises CardError when the card is declined; what the attempt did is kept."""
    if intent["status"] not in CONFIRMABLE:
        raise _unexpected_state(intent, "confirm")
    method = _method(tx, params) or tx.get("payment_method", intent["payment_method"] or "")
    if method is None:
        raise InvalidRequest(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    intent["_return_url"] = params.get("return_url")
    payments.attempt(tx, intent, method)
    if intent["last_payment_error"]:
        raise payments.error_of(intent)
    return intent


def _method(tx: Transaction, params: Params) -> Object | None:
    """The payment method that is named; Stripe's ready-made ones (`pm_card_visa`) are made now."""
    name = params.get("payment_method")
    if name is None:
        return None
    card = cards.ready_made(name)
    if card:
        return tx.add(new_card_method(card, params.get("receipt_email"), None))
    return found(tx, "payment_method", name, "payment_method")


def _refuse_of_session(tx: Transaction, intent: Object, verb: str) -> None:
    session = checkout.of_intent(tx, intent["id"])
    if session:
        raise InvalidRequest(
            f"You cannot {verb} the PaymentIntent for a Checkout Session. To cancel, expire the "
            "Checkout Session instead.",
            payment_intent=public(intent),
        )


def _unexpected_state(intent: Object, verb: str) -> InvalidRequest:
    return InvalidRequest(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=public(intent),
    )


def _automatic(params: Params) -> Object:
    given: Object = params.get("automatic_payment_methods", {"enabled": True})
    return {"allow_redirects": "always"} | given


def _check_money(params: Params) -> None:
    currency = params["currency"].lower()
    if currency not in money.SUPPORTED:
        raise InvalidParams(f"Invalid currency: {currency}.", param="currency")
    minimum = money.MINIMUM_CHARGE.get(currency, 1)
    if params["amount"] < minimum:
        raise InvalidParams(
            f"Amount must be at least {money.format_amount(minimum, currency)} {currency}",
            code="amount_too_small",
            param="amount",
        )
