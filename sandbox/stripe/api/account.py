"""https://docs.stripe.com/api/accounts/retrieve: the shop's own account."""

from stripe.params import AccountRetrieveCurrentParams

from ..objects.account import account
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes

routes = Routes()


@routes.get("/v1/account", AccountRetrieveCurrentParams)
def retrieve_current(tx: Transaction, params: Params) -> Object:
    return account()
