"""https://docs.stripe.com/api/subscription_items"""

from stripe.params import (
    SubscriptionItemListParams,
    SubscriptionItemModifyParams,
    SubscriptionItemRetrieveParams,
)

from .. import lists
from ..errors import NotFound
from ..flows import plan_changes
from ..flows.test_clocks import time_of
from ..params import Params
from ..store import Object, Transaction
from .prices import price_named
from .routes import Routes, found

routes = Routes()


@routes.list("/v1/subscription_items", SubscriptionItemListParams, ["subscription"])
def list_all(tx: Transaction, params: Params) -> Object:
    """All of them at once: a subscription has few."""
    subscription = found(tx, "subscription", params["subscription"], "subscription")
    return lists.list_object(subscription["items"]["data"], subscription["items"]["url"])


@routes.get("/v1/subscription_items/<id>", SubscriptionItemRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return _item(_subscription(tx, id), id)


@routes.post(
    "/v1/subscription_items/<id>",
    SubscriptionItemModifyParams,
    ["price", "proration_behavior", "proration_date", "quantity"],
)
def update(tx: Transaction, params: Params, id: str) -> Object:
    subscription = _subscription(tx, id)
    price = price_named(tx, params["price"], "price") if "price" in params else None
    with time_of(tx, subscription):
        subscription = plan_changes.change(
            tx,
            subscription,
            [plan_changes.Wish(id, price, params.get("quantity"))],
            behavior=params.get("proration_behavior", "create_prorations"),
            at=params.get("proration_date"),
        )
    return _item(subscription, id)


def _subscription(tx: Transaction, item_id: str) -> Object:
    """The one that the item belongs to."""
    for subscription in tx.select("subscription"):
        if any(item["id"] == item_id for item in subscription["items"]["data"]):
            return subscription
    raise NotFound.no_such("subscription_item", item_id)


def _item(subscription: Object, item_id: str) -> Object:
    [item] = [item for item in subscription["items"]["data"] if item["id"] == item_id]
    return dict(item)
