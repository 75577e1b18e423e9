"""https://docs.stripe.com/api/payment_intents"""

from stripe.params import (
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentModifyParams,
    PaymentIntentRetrieveParams,
)

from .. import lists, money
from ..errors import InvalidParams, InvalidRequest
from ..events import emit
from ..flows import checkout, payments
from ..objects.payment_intent import new_payment_intent
from ..params import Params
from ..store import Object, Transaction, public
from . import confirming
from .routes import Routes, found, merged_metadata

routes = Routes()

BROWSER = ("payment_method", "receipt_email", "return_url", "setup_future_usage", "use_stripe_sdk")
CONFIRM = (*BROWSER, "off_session")
KNOWN = (
    *CONFIRM,
    "allowed_payment_method_types",
    "amount",
    "automatic_payment_methods",
    "confirm",
    "currency",
    "customer",
    "description",
    "metadata",
    "payment_method_options.card.setup_credential_usage",
    "payment_method_options.card.stored_credential_usage",
    "statement_descriptor_suffix",
)
CHANGEABLE = (
    "amount",
    "currency",
    "description",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor_suffix",
)


@routes.post("/v1/payment_intents", PaymentIntentCreateParams, KNOWN)
def create(tx: Transaction, params: Params) -> Object:
    _check_money(params["amount"], params["currency"].lower())
    _check_confirming(params)
    customer = params.get("customer")
    if customer:
        found(tx, "customer", customer, "customer")
    method = confirming.named_method(tx, params, customer)
    intent = new_payment_intent(
        amount=params["amount"],
        currency=params["currency"].lower(),
        customer=customer,
        payment_method_types=confirming.payment_method_types(params),
        card_options=_card_options(params),
        metadata=params.get("metadata") or {},
        description=params.get("description"),
        receipt_email=params.get("receipt_email"),
        statement_descriptor_suffix=params.get("statement_descriptor_suffix"),
        automatic_payment_methods=confirming.automatic_payment_methods(params),
        setup_future_usage=params.get("setup_future_usage"),
    )
    if method:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    emit(tx, "payment_intent.created", tx.add(intent))
    params = {name: value for name, value in params.items() if name != "payment_method"}
    return _confirm(tx, intent, params) if params.get("confirm") else intent


@routes.list("/v1/payment_intents", PaymentIntentListParams, ["customer"])
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {"customer": params.get("customer")}
    return lists.page(tx, "payment_intent", "/v1/payment_intents", params, filters)


@routes.get("/v1/payment_intents/<id>", PaymentIntentRetrieveParams, browser=[])
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "payment_intent", id)


@routes.post(
    "/v1/payment_intents/<id>",
    PaymentIntentModifyParams,
    [*CHANGEABLE, "customer", "metadata", "payment_method"],
)
def update(tx: Transaction, params: Params, id: str) -> Object:
    intent = found(tx, "payment_intent", id)
    if params.keys() - {"metadata", "description", "expand"} and not _is_open(intent):
        raise _unexpected_state(intent, "update")
    changes = {name: params[name] or None for name in CHANGEABLE if name in params}
    changes |= _changed_customer(tx, intent, params)
    method = confirming.named_method(tx, params, changes.get("customer", intent["customer"]))
    if method:
        changes |= {"payment_method": method["id"], "status": "requires_confirmation"}
    tx.change(intent, **changes, metadata=merged_metadata(intent, params.get("metadata")))
    _check_money(intent["amount"], intent["currency"])
    return intent


@routes.post(
    "/v1/payment_intents/<id>/confirm", PaymentIntentConfirmParams, CONFIRM, browser=BROWSER
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
    method = confirming.prepare(tx, intent, params)
    if "setup_future_usage" in params:
        intent["setup_future_usage"] = params["setup_future_usage"] or None
    if "receipt_email" in params:
        intent["receipt_email"] = params["receipt_email"] or None
    # `true`, or the older `one_off` and `recurring`, which mean the same.
    off_session = params.get("off_session", False) is not False
    payments.attempt(tx, intent, method, off_session=off_session)
    if intent["last_payment_error"]:
        raise payments.error_of(intent)
    return intent


def _changed_customer(tx: Transaction, intent: Object, params: Params) -> Object:
    """It is set once."""
    customer = params.get("customer")
    if not customer or customer == intent["customer"]:
        return {}
    if intent["customer"]:
        raise InvalidRequest(
            "You cannot modify `customer` on a PaymentIntent once it already has been set. To "
            "fulfill a payment with a different Customer, cancel this PaymentIntent and create a "
            "new one.",
            param="customer",
        )
    return {"customer": found(tx, "customer", customer, "customer")["id"]}


def _card_options(params: Params) -> Object:
    options = confirming.card_options(params)
    if "stored_credential_usage" in options and params.get("setup_future_usage"):
        raise InvalidParams(
            "`stored_credential_usage` is not supported together with `setup_future_usage`.",
            param="payment_method_options[card][stored_credential_usage]",
        )
    return options


def _check_confirming(params: Params) -> None:
    for name in ("off_session", "return_url"):
        if name in params and not params.get("confirm"):
            raise InvalidParams(f"You can only set `{name}` when `confirm` is `true`.", param=name)


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


def _is_open(intent: Object) -> bool:
    return intent["status"] in confirming.CONFIRMABLE


def _check_money(amount: int, currency: str) -> None:
    if currency not in money.SUPPORTED:
        raise InvalidParams(f"Invalid currency: {currency}.", param="currency")
    minimum = money.MINIMUM_CHARGE.get(currency, 1)
    if amount < minimum:
        raise InvalidParams(
            f"Amount must be at least {money.format_amount(minimum, currency)} {currency}",
            code="amount_too_small",
            param="amount",
        )
