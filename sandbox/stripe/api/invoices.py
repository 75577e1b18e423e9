"""https://docs.stripe.com/api/invoices"""

from stripe.params import (
    InvoiceFinalizeInvoiceParams,
    InvoiceListLinesParams,
    InvoiceListParams,
    InvoiceMarkUncollectibleParams,
    InvoiceModifyParams,
    InvoicePayParams,
    InvoiceRetrieveParams,
    InvoiceVoidInvoiceParams,
)

from .. import lists
from ..errors import CardError, InvalidRequest
from ..events import emit
from ..flows import invoices, payments, subscriptions
from ..flows.test_clocks import time_of
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found, merged_metadata

routes = Routes()


@routes.list(
    "/v1/invoices",
    InvoiceListParams,
    ["collection_method", "customer", "status", "subscription"],
)
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {name: params.get(name) for name in ("collection_method", "customer", "status")}
    filters["parent.subscription_details.subscription"] = params.get("subscription")
    return lists.page(tx, "invoice", "/v1/invoices", params, filters)


@routes.get("/v1/invoices/<id>", InvoiceRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "invoice", id)


@routes.post("/v1/invoices/<id>", InvoiceModifyParams, ["auto_advance", "description", "metadata"])
def update(tx: Transaction, params: Params, id: str) -> Object:
    invoice = found(tx, "invoice", id)
    changes: Params = {"metadata": merged_metadata(invoice, params.get("metadata"))}
    changes |= {n: params[n] for n in ("auto_advance", "description") if n in params}
    previous = tx.change(invoice, **changes)
    if previous:
        emit(tx, "invoice.updated", invoice, previous)
    return invoice


@routes.get("/v1/invoices/<id>/lines", InvoiceListLinesParams, ["limit"])
def lines(tx: Transaction, params: Params, id: str) -> Object:
    all_lines = found(tx, "invoice", id)["lines"]["data"]
    limit = params.get("limit", lists.LIMIT_DEFAULT)
    return lists.list_object(
        all_lines[:limit], f"/v1/invoices/{id}/lines", has_more=len(all_lines) > limit
    )


@routes.post("/v1/invoices/<id>/finalize", InvoiceFinalizeInvoiceParams)
def finalize(tx: Transaction, params: Params, id: str) -> Object:
    invoice = found(tx, "invoice", id)
    with time_of(tx, invoice):
        return invoices.finalize(tx, invoice)


@routes.post(
    "/v1/invoices/<id>/pay", InvoicePayParams, ["off_session", "paid_out_of_band", "payment_method"]
)
def pay(tx: Transaction, params: Params, id: str) -> Object:
    """Raises CardError when the card is declined or wants its owner; the attempt is kept."""
    invoice = found(tx, "invoice", id)
    with time_of(tx, invoice):
        if invoice["status"] == "draft":
            invoice = invoices.finalize(tx, invoice)
            if invoice["status"] == "paid":
                return invoice
        if params.get("paid_out_of_band"):
            return invoices.pay_out_of_band(tx, invoice)
        method = _method(tx, params, invoice)
        invoice = invoices.collect(
            tx, invoice, method, next_attempt=invoice["next_payment_attempt"]
        )
    if invoice["status"] != "paid":
        raise _refusal(invoices.intent_of(tx, invoice))
    return invoice


@routes.post("/v1/invoices/<id>/void", InvoiceVoidInvoiceParams)
def void(tx: Transaction, params: Params, id: str) -> Object:
    invoice = found(tx, "invoice", id)
    with time_of(tx, invoice):
        return invoices.void(tx, invoice)


@routes.post("/v1/invoices/<id>/mark_uncollectible", InvoiceMarkUncollectibleParams)
def mark_uncollectible(tx: Transaction, params: Params, id: str) -> Object:
    invoice = found(tx, "invoice", id)
    with time_of(tx, invoice):
        return invoices.mark_uncollectible(tx, invoice)


def _method(tx: Transaction, params: Params, invoice: Object) -> Object:
    if "payment_method" in params:
        method = found(tx, "payment_method", params["payment_method"], "payment_method")
        if method["customer"] == invoice["customer"]:
            return method
        raise InvalidRequest(
            "The payment method must be attached to the customer.", param="payment_method"
        )
    subscription = tx.get("subscription", invoices.subscription_of(invoice) or "")
    about = subscription or {"customer": invoice["customer"]}
    default = subscriptions.method_of(tx, about)
    if default is None:
        raise InvalidRequest(
            "Cannot charge a customer that has no active card.", code="invoice_no_payment_method"
        )
    return default


def _refusal(intent: Object) -> Exception:
    if intent["status"] == "requires_action":
        return _requires_action()
    return payments.error_of(intent)


def _requires_action() -> CardError:
    return CardError(
        "This payment requires additional user action before it can be completed successfully. "
        "Payment can be completed using the PaymentIntent associated with this invoice.",
        code="invoice_payment_intent_requires_action",
    )
