"""https://docs.stripe.com/api/prices"""

from stripe.params import (
    PriceCreateParams,
    PriceListParams,
    PriceModifyParams,
    PriceRetrieveParams,
)

from .. import lists
from ..errors import InvalidParams, InvalidRequest
from ..events import emit
from ..objects.price import new_price
from ..objects.product import new_product
from ..params import Params
from ..store import Object, Transaction
from .checkout_rules import check_price_data
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = (
    "active",
    "currency",
    "lookup_key",
    "metadata",
    "nickname",
    "product",
    "product_data.active",
    "product_data.metadata",
    "product_data.name",
    "recurring.interval",
    "recurring.interval_count",
    "recurring.usage_type",
    "tax_behavior",
    "transfer_lookup_key",
    "unit_amount",
)


@routes.post("/v1/prices", PriceCreateParams, KNOWN)
def create(tx: Transaction, params: Params) -> Object:
    check_price_data(params, "")
    product = _product(tx, params, is_active=True)
    _free_lookup_key(tx, params)
    price = tx.add(new_price(params, product["id"]))
    emit(tx, "price.created", price)
    return price


@routes.list(
    "/v1/prices",
    PriceListParams,
    ["active", "currency", "lookup_keys", "product", "recurring.interval", "type"],
)
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {name: params.get(name) for name in ("active", "currency", "product", "type")}
    filters["recurring.interval"] = params.get("recurring", {}).get("interval")
    keys = ",".join(params.get("lookup_keys", []))
    wanted = "instr(?, ',' || json_extract(body, '$.lookup_key') || ',') > 0"
    conditions = [(wanted, f",{keys},")] if keys else []
    return lists.page(tx, "price", "/v1/prices", params, filters, conditions)


@routes.get("/v1/prices/<id>", PriceRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "price", id)


@routes.post(
    "/v1/prices/<id>",
    PriceModifyParams,
    ["active", "lookup_key", "metadata", "nickname", "tax_behavior", "transfer_lookup_key"],
)
def update(tx: Transaction, params: Params, id: str) -> Object:
    price = found(tx, "price", id)
    _free_lookup_key(tx, params)
    names = ("active", "lookup_key", "nickname", "tax_behavior")
    changes = {name: params[name] for name in names if name in params}
    changes["metadata"] = merged_metadata(price, params.get("metadata"))
    previous = tx.change(price, **changes)
    if previous:
        emit(tx, "price.updated", price, previous)
    return price


def price_named(tx: Transaction, price_id: str, param: str) -> Object:
    """A price that is on sale."""
    price = found(tx, "price", price_id, param)
    if not price["active"]:
        raise InvalidRequest(
            "The price specified is inactive. This field only accepts active prices.", param=param
        )
    return price


def price_of_data(tx: Transaction, price_data: Params) -> Object:
    """A price (and product) for this one purchase, as `price_data` asks for."""
    product = _product(tx, price_data, is_active=False)
    return tx.add(new_price(price_data, product["id"], is_active=False))


def _product(tx: Transaction, params: Params, *, is_active: bool) -> Object:
    if "product" in params:
        return found(tx, "product", params["product"], "product")
    product = tx.add(new_product(params["product_data"], is_active=is_active))
    if is_active:
        emit(tx, "product.created", product)
    return product


def _free_lookup_key(tx: Transaction, params: Params) -> None:
    key = params.get("lookup_key")
    for holder in tx.select("price", {"lookup_key": key}) if key else []:
        if not params.get("transfer_lookup_key"):
            raise InvalidParams(
                f"A price (`{holder['id']}`) already uses that lookup key.", param="lookup_key"
            )
        emit(tx, "price.updated", holder, tx.change(holder, lookup_key=None))
