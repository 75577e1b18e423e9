"""https://docs.stripe.com/api/balance_transactions"""

from stripe.params import BalanceTransactionListParams, BalanceTransactionRetrieveParams

from .. import lists
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found

routes = Routes()


@routes.list("/v1/balance_transactions", BalanceTransactionListParams, ["source", "type"])
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {"source": params.get("source"), "type": params.get("type")}
    return lists.page(tx, "balance_transaction", "/v1/balance_transactions", params, filters)


@routes.get("/v1/balance_transactions/<id>", BalanceTransactionRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "balance_transaction", id)
