"""https://docs.stripe.com/api/customers"""

from stripe.params import (
    CustomerCreateParams,
    CustomerDeleteParams,
    CustomerListParams,
    CustomerModifyParams,
    CustomerRetrieveParams,
    CustomerSearchParams,
)

from .. import lists, search
from ..events import emit
from ..objects.customer import address, deleted, new_customer
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = ("address", "description", "email", "metadata", "name", "phone", "preferred_locales")
PLAIN = ("description", "email", "name", "phone", "preferred_locales")


@routes.post("/v1/customers", CustomerCreateParams, KNOWN)
def create(tx: Transaction, params: Params) -> Object:
    customer = tx.add(new_customer(params))
    emit(tx, "customer.created", customer)
    return customer


@routes.list("/v1/customers", CustomerListParams, ["email"])
def list_all(tx: Transaction, params: Params) -> Object:
    return lists.page(tx, "customer", "/v1/customers", params, {"email": params.get("email")})


@routes.get("/v1/customers/search", CustomerSearchParams, ["query", "limit", "page"])
def search_all(tx: Transaction, params: Params) -> Object:
    return search.page(tx, "customer", "/v1/customers/search", params)


@routes.get("/v1/customers/<id>", CustomerRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    """Also a deleted one, of which little is left."""
    return tx.get("customer", id) or found(tx, "customer", id)


@routes.post("/v1/customers/<id>", CustomerModifyParams, KNOWN)
def update(tx: Transaction, params: Params, id: str) -> Object:
    customer = found(tx, "customer", id)
    changes = {name: params[name] or None for name in PLAIN if name in params}
    if "address" in params:
        changes["address"] = address(params["address"] or None)
    changes["metadata"] = merged_metadata(customer, params.get("metadata"))
    previous = tx.change(customer, **changes)
    if previous:
        emit(tx, "customer.updated", customer, previous)
    return customer


@routes.delete("/v1/customers/<id>", CustomerDeleteParams)
def delete(tx: Transaction, params: Params, id: str) -> Object:
    customer = found(tx, "customer", id)
    emit(tx, "customer.deleted", customer)
    return tx.replace(deleted(customer))
