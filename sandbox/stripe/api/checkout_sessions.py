"""https://docs.stripe.com/api/checkout/sessions"""

from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListLineItemsParams,
    SessionListParams,
    SessionModifyParams,
    SessionRetrieveParams,
)

from .. import clock, lists, timers
from ..flows import checkout, checkout_sums, discounts
from ..flows.test_clocks import time_of
from ..objects.checkout_session import new_session
from ..objects.line_item import new_line_item
from ..params import Params
from ..store import Object, Transaction
from . import checkout_rules as rules
from .prices import price_named, price_of_data
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = (
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "automatic_tax.enabled",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_creation",
    "customer_email",
    "customer_update.address",
    "customer_update.name",
    "discounts",
    "excluded_payment_method_types",
    "expires_at",
    "invoice_creation.enabled",
    "invoice_creation.invoice_data.description",
    "invoice_creation.invoice_data.footer",
    "invoice_creation.invoice_data.metadata",
    "line_items.metadata",
    "line_items.price",
    "line_items.price_data.currency",
    "line_items.price_data.product",
    "line_items.price_data.product_data.description",
    "line_items.price_data.product_data.metadata",
    "line_items.price_data.product_data.name",
    "line_items.price_data.recurring",
    "line_items.price_data.tax_behavior",
    "line_items.price_data.unit_amount",
    "line_items.quantity",
    "locale",
    "metadata",
    "mode",
    "payment_intent_data.description",
    "payment_intent_data.metadata",
    "payment_intent_data.receipt_email",
    "payment_intent_data.setup_future_usage",
    "payment_intent_data.statement_descriptor",
    "payment_intent_data.statement_descriptor_suffix",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options.allow_redisplay_filters",
    "saved_payment_method_options.payment_method_save",
    "submit_type",
    "subscription_data.billing_mode.flexible.proration_discounts",
    "subscription_data.billing_mode.type",
    "subscription_data.description",
    "subscription_data.metadata",
    "subscription_data.trial_period_days",
    "success_url",
    "ui_mode",
)


@routes.post("/v1/checkout/sessions", SessionCreateParams, KNOWN)
def create(tx: Transaction, params: Params) -> Object:
    rules.check(params)
    customer_id = params.get("customer")
    customer = found(tx, "customer", customer_id, "customer") if customer_id else None
    rules.check_address(params, customer)
    with time_of(tx, customer):
        lifetime_seconds = rules.lifetime_seconds(params)
        items = [_line_item(tx, item, nth) for nth, item in enumerate(params["line_items"])]
        rules.check_prices(items, params["mode"])
        rules.check_currency(tx, items, customer)
        session = tx.add(
            new_session(
                params,
                items,
                customer=customer,
                payment_method_types=rules.payment_method_types(params),
                api_base=tx.settings.api_base,
            )
        )
        if lifetime_seconds:
            tx.change(session, _ends_at=clock.now() + lifetime_seconds)
        offers = [
            discounts.offer_of(
                tx, coupon=given.get("coupon"), promotion_code=given.get("promotion_code")
            )
            for given in params.get("discounts", [])
        ]
        checkout_sums.use_offers(tx, session, offers)
        checkout_sums.locate(tx, session, customer["address"] if customer else None)
        rules.check_total(session)
    clock_id = customer["test_clock"] if customer else None
    timers.start(tx, session["id"], checkout.EXPIRE, session["_ends_at"], clock_id)
    return session


@routes.list(
    "/v1/checkout/sessions",
    SessionListParams,
    ["customer", "customer_details.email", "payment_intent", "status", "subscription"],
)
def list_all(tx: Transaction, params: Params) -> Object:
    names = ("customer", "payment_intent", "status", "subscription")
    filters = {name: params.get(name) for name in names}
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


def _line_item(tx: Transaction, params: Params, place: int) -> Object:
    if "price" in params:
        price = price_named(tx, params["price"], f"line_items[{place}][price]")
    else:
        price = price_of_data(tx, params["price_data"])
    product = found(tx, "product", price["product"])
    return new_line_item(price, product, params["quantity"], params.get("metadata"))
