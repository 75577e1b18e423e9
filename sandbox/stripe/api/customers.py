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
from ..flows import customers, test_clocks
from ..objects.customer import address, new_customer
from ..params import Params
from ..store import Object, Transaction
from .confirming import not_of_customer
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = ("address", "description", "email", "metadata", "name", "phone", "preferred_locales")
PLAIN = ("description", "email", "name", "phone", "preferred_locales")


@routes.post("/v1/customers", CustomerCreateParams, [*KNOWN, "test_clock"])
def create(tx: Transaction, params: Params) -> Object:
    if "test_clock" in params:
        found(tx, test_clocks.TYPE, params["test_clock"], "test_clock")
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


@routes.post(
    "/v1/customers/<id>",
    CustomerModifyParams,
    [*KNOWN, "invoice_settings.default_payment_method"],
)
def update(tx: Transaction, params: Params, id: str) -> Object:
    customer = found(tx, "customer", id)
    changes = {name: params[name] or None for name in PLAIN if name in params}
    if "address" in params:
        changes["address"] = address(params["address"] or None)
    if "invoice_settings" in params:
        changes["invoice_settings"] = _with_default(tx, customer, params["invoice_settings"])
    changes["metadata"] = merged_metadata(customer, params.get("metadata"))
    previous = tx.change(customer, **changes)
    if previous:
        emit(tx, "customer.updated", customer, previous)
    return customer


@routes.delete("/v1/customers/<id>", CustomerDeleteParams)
def delete(tx: Transaction, params: Params, id: str) -> Object:
    return customers.delete(tx, found(tx, "customer", id))


def _with_default(tx: Transaction, customer: Object, given: Params) -> Object:
    """The customer's `invoice_settings` with another default payment method, which must be his."""
    method_id = given["default_payment_method"]
    param = "invoice_settings[default_payment_method]"
    method = found(tx, "payment_method", method_id, param)
    if method["customer"] != customer["id"]:
        raise not_of_customer(method_id, param)
    settings: Object = customer["invoice_settings"]
    return settings | {"default_payment_method": method_id}
