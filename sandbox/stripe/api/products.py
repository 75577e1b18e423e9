"""https://docs.stripe.com/api/products"""

from stripe.params import (
    ProductCreateParams,
    ProductDeleteParams,
    ProductListParams,
    ProductModifyParams,
    ProductRetrieveParams,
)

from .. import clock, lists
from ..errors import InvalidRequest
from ..events import emit
from ..objects.product import new_product
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = ("active", "description", "images", "metadata", "name")


@routes.post("/v1/products", ProductCreateParams, ["id", *KNOWN])
def create(tx: Transaction, params: Params) -> Object:
    if "id" in params and tx.get("product", params["id"]):
        raise InvalidRequest("Product already exists.", code="resource_already_exists")
    product = tx.add(new_product(params))
    emit(tx, "product.created", product)
    return product


@routes.list("/v1/products", ProductListParams, ["active", "ids"])
def list_all(tx: Transaction, params: Params) -> Object:
    ids = ",".join(params.get("ids", []))
    conditions = [("instr(?, ',' || id || ',') > 0", f",{ids},")] if ids else []
    filters = {"active": params.get("active")}
    return lists.page(tx, "product", "/v1/products", params, filters, conditions)


@routes.get("/v1/products/<id>", ProductRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "product", id)


@routes.post("/v1/products/<id>", ProductModifyParams, ["default_price", *KNOWN])
def update(tx: Transaction, params: Params, id: str) -> Object:
    product = found(tx, "product", id)
    if "default_price" in params:
        found(tx, "price", params["default_price"], "default_price")
    names = ("active", "default_price", "description", "images", "name")
    changes = {name: params[name] or None for name in names if name in params}
    changes |= {"active": params["active"]} if "active" in params else {}
    changes["metadata"] = merged_metadata(product, params.get("metadata"))
    previous = tx.change(product, **changes)
    if previous:
        tx.change(product, updated=clock.now())
        emit(tx, "product.updated", product, previous)
    return product


@routes.delete("/v1/products/<id>", ProductDeleteParams)
def delete(tx: Transaction, params: Params, id: str) -> Object:
    product = found(tx, "product", id)
    if tx.select("price", {"product": id}, limit=1):
        raise InvalidRequest(
            "This product cannot be deleted because it has one or more user-created prices."
        )
    emit(tx, "product.deleted", product)
    return tx.replace({"id": id, "object": "product", "deleted": True})
