"""https://docs.stripe.com/api/setup_intents"""

from stripe.params import (
    SetupIntentCancelParams,
    SetupIntentConfirmParams,
    SetupIntentCreateParams,
    SetupIntentListParams,
    SetupIntentModifyParams,
    SetupIntentRetrieveParams,
)

from .. import lists
from ..events import emit
from ..flows import setups
from ..objects.setup_intent import new_setup_intent
from ..params import Params
from ..store import Object, Transaction
from . import confirming
from .routes import Routes, found, merged_metadata

routes = Routes()

CONFIRM = ("payment_method", "return_url", "use_stripe_sdk")
KNOWN = (
    *CONFIRM,
    "allowed_payment_method_types",
    "automatic_payment_methods",
    "confirm",
    "customer",
    "description",
    "metadata",
    "payment_method_options.card.setup_credential_usage",
    "usage",
)


@routes.post("/v1/setup_intents", SetupIntentCreateParams, KNOWN)
def create(tx: Transaction, params: Params) -> Object:
    customer = params.get("customer")
    if customer:
        found(tx, "customer", customer, "customer")
    method = confirming.named_method(tx, params, customer)
    intent = new_setup_intent(
        payment_method_types=confirming.payment_method_types(params),
        card_options=confirming.card_options(params),
        customer=customer,
        usage=params.get("usage", "off_session"),
        metadata=params.get("metadata") or {},
        description=params.get("description"),
        automatic_payment_methods=confirming.automatic_payment_methods(params),
    )
    if method:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    emit(tx, "setup_intent.created", tx.add(intent))
    params = {name: value for name, value in params.items() if name != "payment_method"}
    return _confirm(tx, intent, params) if params.get("confirm") else intent


@routes.list("/v1/setup_intents", SetupIntentListParams, ["customer", "payment_method"])
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {name: params.get(name) for name in ("customer", "payment_method")}
    return lists.page(tx, "setup_intent", "/v1/setup_intents", params, filters)


@routes.get("/v1/setup_intents/<id>", SetupIntentRetrieveParams, browser=[])
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "setup_intent", id)


@routes.post("/v1/setup_intents/<id>", SetupIntentModifyParams, ["description", "metadata"])
def update(tx: Transaction, params: Params, id: str) -> Object:
    intent = found(tx, "setup_intent", id)
    changes = {"description": params["description"] or None} if "description" in params else {}
    tx.change(intent, **changes, metadata=merged_metadata(intent, params.get("metadata")))
    return intent


@routes.post("/v1/setup_intents/<id>/confirm", SetupIntentConfirmParams, CONFIRM, browser=CONFIRM)
def confirm(tx: Transaction, params: Params, id: str) -> Object:
    return _confirm(tx, found(tx, "setup_intent", id), params)


@routes.post("/v1/setup_intents/<id>/cancel", SetupIntentCancelParams, ["cancellation_reason"])
def cancel(tx: Transaction, params: Params, id: str) -> Object:
    return setups.cancel(tx, found(tx, "setup_intent", id), params.get("cancellation_reason"))


def _confirm(tx: Transaction, intent: Object, params: Params) -> Object:
    """Raises CardError when the card is declined; what the attempt did is kept."""
    setups.attempt(tx, intent, confirming.prepare(tx, intent, params))
    if intent["last_setup_error"]:
        raise setups.error_of(intent)
    return intent
