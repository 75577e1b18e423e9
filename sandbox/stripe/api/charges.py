"""https://docs.stripe.com/api/charges"""

from stripe.params import ChargeListParams, ChargeRetrieveParams

from .. import lists
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found

routes = Routes()


@routes.list("/v1/charges", ChargeListParams, ["customer", "payment_intent"])
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {name: params.get(name) for name in ("customer", "payment_intent")}
    return lists.page(tx, "charge", "/v1/charges", params, filters)


@routes.get("/v1/charges/<id>", ChargeRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "charge", id)
