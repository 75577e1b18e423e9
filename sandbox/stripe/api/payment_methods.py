"""https://docs.stripe.com/api/payment_methods"""

from stripe.params import (
    CustomerListPaymentMethodsParams,
    PaymentMethodAttachParams,
    PaymentMethodCreateParams,
    PaymentMethodDetachParams,
    PaymentMethodListParams,
    PaymentMethodModifyParams,
    PaymentMethodRetrieveParams,
)

from .. import card_numbers, cards, lists
from ..errors import InvalidRequest
from ..events import emit
from ..flows import saved_cards
from ..objects.payment_method import new_card_method
from ..params import Params, missing
from ..store import Object, Transaction
from .routes import Routes, found, merged_metadata

routes = Routes()

CREATE = ("allow_redisplay", "billing_details", "card", "metadata", "type")


@routes.post("/v1/payment_methods", PaymentMethodCreateParams, CREATE, browser=CREATE)
def create(tx: Transaction, params: Params) -> Object:
    """From a card's number: Stripe takes those from its own form only, never from a shop."""
    if not tx.cause.from_browser:
        raise InvalidRequest(
            "Sending credit card numbers directly to the Stripe API is generally unsafe. We "
            "suggest you use test tokens that map to the test card you are using, see "
            "https://stripe.com/docs/testing."
        )
    if params.get("type") != "card" or "card" not in params:
        raise missing("card")
    billing = params.get("billing_details", {})
    method = new_card_method(
        card_numbers.read(params["card"]), billing.get("email") or None, billing.get("name") or None
    )
    method |= {
        "allow_redisplay": params.get("allow_redisplay", "unspecified"),
        "metadata": params.get("metadata") or {},
    }
    return tx.add(method)


@routes.list(
    "/v1/payment_methods", PaymentMethodListParams, ["allow_redisplay", "customer", "type"]
)
def list_all(tx: Transaction, params: Params) -> Object:
    if "customer" in params:
        found(tx, "customer", params["customer"], "customer")
    return _page(tx, "/v1/payment_methods", params, params.get("customer"))


@routes.list(
    "/v1/customers/<id>/payment_methods",
    CustomerListPaymentMethodsParams,
    ["allow_redisplay", "type"],
)
def list_of_customer(tx: Transaction, params: Params, id: str) -> Object:
    found(tx, "customer", id)
    return _page(tx, f"/v1/customers/{id}/payment_methods", params, id)


@routes.get("/v1/payment_methods/<id>", PaymentMethodRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "payment_method", id)


@routes.post(
    "/v1/payment_methods/<id>",
    PaymentMethodModifyParams,
    [
        "allow_redisplay",
        "billing_details.email",
        "billing_details.name",
        "billing_details.phone",
        "card.exp_month",
        "card.exp_year",
        "metadata",
    ],
)
def update(tx: Transaction, params: Params, id: str) -> Object:
    method = found(tx, "payment_method", id)
    if not method["customer"]:
        raise InvalidRequest(
            "You must save this PaymentMethod to a customer before you can update it."
        )
    billing = {name: value or None for name, value in params.get("billing_details", {}).items()}
    previous = tx.change(
        method,
        allow_redisplay=params.get("allow_redisplay", method["allow_redisplay"]),
        billing_details=method["billing_details"] | billing,
        metadata=merged_metadata(method, params.get("metadata")),
        **{"card": method["card"] | params["card"]} if "card" in params else {},
    )
    if previous:
        emit(tx, "payment_method.updated", method, previous)
    return method


@routes.post("/v1/payment_methods/<id>/attach", PaymentMethodAttachParams, ["customer"])
def attach(tx: Transaction, params: Params, id: str) -> Object:
    if "customer" not in params:
        raise missing("customer")
    customer = found(tx, "customer", params["customer"], "customer")
    card = cards.ready_made(id)
    method = (
        tx.add(new_card_method(card, customer["email"], None))
        if card
        else found(tx, "payment_method", id)
    )
    if method["customer"] is None:
        saved_cards.require_usable(method, saved_cards.USED_UP)
        saved_cards.require_savable(method)
    return saved_cards.attach(tx, method, customer["id"])


@routes.post("/v1/payment_methods/<id>/detach", PaymentMethodDetachParams)
def detach(tx: Transaction, params: Params, id: str) -> Object:
    return saved_cards.detach(tx, found(tx, "payment_method", id))


def _page(tx: Transaction, url: str, params: Params, customer: str | None) -> Object:
    filters = {
        "allow_redisplay": params.get("allow_redisplay"),
        "customer": customer,
        "type": params.get("type"),
    }
    return lists.page(tx, "payment_method", url, params, filters)
