"""https://docs.stripe.com/api/payment_methods"""

from stripe.params import PaymentMethodRetrieveParams

from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found

routes = Routes()


@routes.get("/v1/payment_methods/<id>", PaymentMethodRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "payment_method", id)
