"""https://docs.stripe.com/api/subscriptions"""

from typing import Any

from stripe.params import (
    SubscriptionCancelParams,
    SubscriptionCreateParams,
    SubscriptionListParams,
    SubscriptionModifyParams,
    SubscriptionRetrieveParams,
)

from .. import lists
from ..errors import CardError, InvalidParams, InvalidRequest
from ..events import emit
from ..flows import discounts, plan_changes, subscriptions
from ..flows.discounts import Offer
from ..flows.subscriptions import Order
from ..flows.test_clocks import time_of
from ..params import Params, missing
from ..store import Object, Transaction
from .confirming import not_of_customer
from .prices import price_named
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = (
    "automatic_tax.enabled",
    "cancel_at_period_end",
    "default_payment_method",
    "description",
    "discounts",
    "items.metadata",
    "items.price",
    "items.quantity",
    "metadata",
    "off_session",
)


@routes.post(
    "/v1/subscriptions",
    SubscriptionCreateParams,
    [*KNOWN, "customer", "payment_behavior", "trial_period_days"],
)
def create(tx: Transaction, params: Params) -> Object:
    """Raises CardError for `payment_behavior` error_if_incomplete."""
    if "customer" not in params:
        raise missing("customer")
    if not params.get("items"):
        raise missing("items")
    customer = found(tx, "customer", params["customer"], "customer")
    method_id = params.get("default_payment_method")
    _require_method(tx, customer["id"], method_id)
    order = Order(
        items=[_item(tx, item, place) for place, item in enumerate(params["items"])],
        metadata=params.get("metadata") or {},
        offers=_offers(tx, params),
        automatic_tax=params.get("automatic_tax", {}).get("enabled", False),
        trial_days=params.get("trial_period_days", 0),
        description=params.get("description"),
        default_payment_method=method_id,
    )
    behavior = params.get("payment_behavior", "allow_incomplete")
    with time_of(tx, customer):
        subscription = subscriptions.start(tx, customer, order)
        if behavior != "default_incomplete":
            _require_some_method(tx, subscription)
            subscription = subscriptions.collect_first(tx, subscription)
        if params.get("cancel_at_period_end"):
            tx.change(subscription, **subscriptions.cancel_at_period_end(subscription, wanted=True))
    if behavior == "error_if_incomplete" and subscription["status"] == "incomplete":
        error = CardError("Your card was declined.", code="card_declined")
        error.keeps_work = False
        raise error
    return subscription


@routes.list(
    "/v1/subscriptions", SubscriptionListParams, ["customer", "price", "status", "test_clock"]
)
def list_all(tx: Transaction, params: Params) -> Object:
    """Without `status`: all that have not ended."""
    filters = {name: params.get(name) for name in ("customer", "test_clock")}
    conditions: list[tuple[str, Any]] = []
    status = params.get("status", "not ended")
    is_among = "instr(?, ',' || json_extract(body, '$.status') || ',')"
    if status == "not ended":
        conditions.append((f"{is_among} = 0", f",{','.join(subscriptions.OVER)},"))
    elif status == "ended":
        conditions.append((f"{is_among} > 0", f",{','.join(subscriptions.OVER)},"))
    elif status != "all":
        filters["status"] = status
    if "price" in params:
        conditions.append(("json_extract(body, '$.items.data[0].price.id') = ?", params["price"]))
    return lists.page(tx, "subscription", "/v1/subscriptions", params, filters, conditions)


@routes.get("/v1/subscriptions/<id>", SubscriptionRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "subscription", id)


@routes.post(
    "/v1/subscriptions/<id>",
    SubscriptionModifyParams,
    [
        *KNOWN,
        "cancel_at",
        "cancellation_details",
        "items.deleted",
        "items.id",
        "proration_behavior",
        "proration_date",
        "trial_end",
    ],
)
def update(tx: Transaction, params: Params, id: str) -> Object:
    subscription = found(tx, "subscription", id)
    with time_of(tx, subscription):
        return _update(tx, subscription, params)


@routes.delete("/v1/subscriptions/<id>", SubscriptionCancelParams, ["cancellation_details"])
def cancel(tx: Transaction, params: Params, id: str) -> Object:
    """At once, without a proration."""
    subscription = found(tx, "subscription", id)
    with time_of(tx, subscription):
        return subscriptions.cancel(tx, subscription, params.get("cancellation_details", {}))


def _update(tx: Transaction, subscription: Object, params: Params) -> Object:
    if subscription["status"] in subscriptions.OVER:
        raise InvalidRequest(
            "A canceled subscription can only update its cancellation_details and metadata.",
        )
    changes: Params = {"metadata": merged_metadata(subscription, params.get("metadata"))}
    wanted = params.get("cancel_at_period_end", False)
    if wanted or ("cancel_at_period_end" in params and subscription["cancel_at_period_end"]):
        changes |= subscriptions.cancel_at_period_end(subscription, wanted=wanted)
    if "cancel_at" in params:
        changes |= _without_end(subscription, params["cancel_at"])
    if "cancellation_details" in params:
        given = {name: text or None for name, text in params["cancellation_details"].items()}
        known: Params = changes.get("cancellation_details") or subscription["cancellation_details"]
        changes["cancellation_details"] = known | given
    if "default_payment_method" in params:
        _require_method(tx, subscription["customer"], params["default_payment_method"])
        changes["default_payment_method"] = params["default_payment_method"]
    if "description" in params:
        changes["description"] = params["description"] or None
    if "automatic_tax" in params:
        enabled = params["automatic_tax"]["enabled"]
        changes["automatic_tax"] = subscription["automatic_tax"] | {"enabled": enabled}
    if "discounts" in params:
        changes["discounts"] = _redeemed(tx, subscription, _offers(tx, params))
    previous = tx.change(subscription, **changes)
    if previous:
        emit(tx, "customer.subscription.updated", subscription, previous)
    if params.get("trial_end") == "now":
        subscription = subscriptions.end_trial(tx, subscription)
    elif "trial_end" in params:
        raise InvalidParams("The sandbox only ends trials `now`.", param="trial_end")
    if "items" in params:
        wishes = [_wish(tx, item, place) for place, item in enumerate(params["items"])]
        subscription = plan_changes.change(
            tx,
            subscription,
            wishes,
            behavior=params.get("proration_behavior", "create_prorations"),
            at=params.get("proration_date"),
        )
    return subscription


def _without_end(subscription: Object, cancel_at: Any) -> Object:
    if cancel_at != "":
        raise InvalidParams("The sandbox only takes a planned end back.", param="cancel_at")
    return subscriptions.cancel_at_period_end(subscription, wanted=False)


def _item(tx: Transaction, item: Params, place: int) -> tuple[Object, int, dict[str, str]]:
    param = f"items[{place}][price]"
    if "price" not in item:
        raise missing(param)
    price = price_named(tx, item["price"], param)
    if price["type"] != "recurring":
        raise InvalidParams(
            "The price specified is set to `type=one_time` but this field only accepts prices with "
            "`type=recurring`.",
            param=param,
        )
    return price, item.get("quantity", 1), item.get("metadata", {})


def _wish(tx: Transaction, item: Params, place: int) -> plan_changes.Wish:
    price = _item(tx, item, place)[0] if "price" in item else None
    return plan_changes.Wish(item.get("id"), price, item.get("quantity"), bool(item.get("deleted")))


def _offers(tx: Transaction, params: Params) -> list[Offer]:
    return [
        discounts.offer_of(
            tx, coupon=given.get("coupon"), promotion_code=given.get("promotion_code")
        )
        for given in params.get("discounts") or []
    ]


def _redeemed(tx: Transaction, subscription: Object, offers: list[Offer]) -> list[str]:
    about = {"customer": subscription["customer"], "subscription": subscription["id"]}
    return [discounts.redeem(tx, offer, **about)["id"] for offer in offers]


def _require_method(tx: Transaction, customer_id: str, method_id: str | None) -> None:
    if method_id is None:
        return
    method = found(tx, "payment_method", method_id, "default_payment_method")
    if method["customer"] != customer_id:
        raise not_of_customer(method_id, "default_payment_method")


def _require_some_method(tx: Transaction, subscription: Object) -> None:
    if subscription["status"] == "incomplete" and not subscriptions.method_of(tx, subscription):
        raise InvalidRequest(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method.",
            code="resource_missing",
        )
