"""https://docs.stripe.com/api/checkout/sessions"""

from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListLineItemsParams,
    SessionListParams,
    SessionModifyParams,
    SessionRetrieveParams,
)

from .. import lists, timers
from ..flows import checkout
from ..objects.checkout_session import new_session
from ..objects.line_item import new_line_item
from ..params import Params
from ..store import Object, Transaction
from . import checkout_rules as rules
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = (
    "allowed_payment_method_types",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_creation",
    "customer_email",
    "excluded_payment_method_types",
    "expires_at",
    "line_items.metadata",
    "line_items.price_data.currency",
    "line_items.price_data.product_data.description",
    "line_items.price_data.product_data.metadata",
    "line_items.price_data.product_data.name",
    "line_items.price_data.tax_behavior",
    "line_items.price_data.unit_amount",
    "line_items.quantity",
    "locale",
    "metadata",
    "mode",
    "payment_intent_data.description",
    "payment_intent_data.metadata",
    "payment_intent_data.receipt_email",
    "payment_intent_data.statement_descriptor",
    "payment_intent_data.statement_descriptor_suffix",
    "redirect_on_completion",
    "return_url",
    "submit_type",
    "success_url",
    "ui_mode",
)


@routes.post("/v1/checkout/sessions", SessionCreateParams, KNOWN)
def create(tx: Transaction, params: Params) -> Object:
    rules.check(params)
    customer_id = params.get("customer")
    session = new_session(
        params,
        [new_line_item(item) for item in params["line_items"]],
        customer=found(tx, "customer", customer_id, "customer") if customer_id else None,
        payment_method_types=rules.payment_method_types(params),
        api_base=tx.settings.api_base,
    )
    rules.check_total(session)
    timers.start(tx, session["id"], checkout.EXPIRE, session["expires_at"])
    return tx.add(session)


@routes.list(
    "/v1/checkout/sessions",
    SessionListParams,
    ["customer", "customer_details.email", "payment_intent", "status"],
)
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {name: params.get(name) for name in ("customer", "payment_intent", "status")}
    filters["customer_details.email"] = params.get("customer_details", {}).get("email")
    return lists.page(tx, "checkout.session", "/v1/checkout/sessions", params, filters)


@routes.get("/v1/checkout/sessions/<id>", SessionRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "checkout.session", id)


@routes.post("/v1/checkout/sessions/<id>", SessionModifyParams, ["metadata"])
def update(tx: Transaction, params: Params, id: str) -> Object:
    session = found(tx, "checkout.session", id)
    tx.change(session, metadata=merged_metadata(session, params.get("metadata")))
    return session


@routes.post("/v1/checkout/sessions/<id>/expire", SessionExpireParams)
def expire(tx: Transaction, params: Params, id: str) -> Object:
    return checkout.expire(tx, found(tx, "checkout.session", id))


@routes.get(
    "/v1/checkout/sessions/<id>/line_items",
    SessionListLineItemsParams,
    ["limit"],
)
def line_items(tx: Transaction, params: Params, id: str) -> Object:
    items = found(tx, "checkout.session", id)["_line_items"]
    limit = params.get("limit", lists.LIMIT_DEFAULT)
    return lists.list_object(
        items[:limit], f"/v1/checkout/sessions/{id}/line_items", has_more=len(items) > limit
    )
