"""https://docs.stripe.com/api/invoice-payment"""

from stripe.params import InvoicePaymentListParams, InvoicePaymentRetrieveParams

from .. import lists
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found

routes = Routes()


@routes.list(
    "/v1/invoice_payments",
    InvoicePaymentListParams,
    ["invoice", "payment.payment_intent", "payment.type", "status"],
)
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {name: params.get(name) for name in ("invoice", "status")}
    filters["payment.payment_intent"] = params.get("payment", {}).get("payment_intent")
    return lists.page(tx, "invoice_payment", "/v1/invoice_payments", params, filters)


@routes.get("/v1/invoice_payments/<id>", InvoicePaymentRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "invoice_payment", id)
