"""https://docs.stripe.com/api/refunds"""

from stripe.params import (
    RefundCancelParams,
    RefundCreateParams,
    RefundListParams,
    RefundModifyParams,
    RefundRetrieveParams,
)

from .. import lists
from ..errors import InvalidParams, InvalidRequest
from ..events import emit
from ..flows import refunds
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found, merged_metadata

routes = Routes()


@routes.post(
    "/v1/refunds",
    RefundCreateParams,
    ["amount", "charge", "metadata", "payment_intent", "reason"],
)
def create(tx: Transaction, params: Params) -> Object:
    return refunds.create(
        tx,
        _charge(tx, params),
        params.get("amount"),
        reason=params.get("reason"),
        metadata=params.get("metadata") or {},
    )


@routes.list("/v1/refunds", RefundListParams, ["charge", "payment_intent"])
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {name: params.get(name) for name in ("charge", "payment_intent")}
    return lists.page(tx, "refund", "/v1/refunds", params, filters)


@routes.get("/v1/refunds/<id>", RefundRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "refund", id)


@routes.post("/v1/refunds/<id>", RefundModifyParams, ["metadata"])
def update(tx: Transaction, params: Params, id: str) -> Object:
    refund = found(tx, "refund", id)
    previous = tx.change(refund, metadata=merged_metadata(refund, params.get("metadata")))
    if previous:
        emit(tx, "refund.updated", refund, previous)
        emit(tx, "charge.refund.updated", refund, previous)
    return refund


@routes.post("/v1/refunds/<id>/cancel", RefundCancelParams)
def cancel(tx: Transaction, params: Params, id: str) -> Object:
    """Stripe lets a shop cancel only refunds that wait for the buyer (`requires_action`)."""
    refund = found(tx, "refund", id)
    if refund["status"] != "requires_action":
        raise InvalidRequest(
            f"You cannot cancel this refund because it has a status of {refund['status']}."
        )
    return refunds.cancel(tx, refund)


def _charge(tx: Transaction, params: Params) -> Object:
    if "charge" in params and "payment_intent" not in params:
        return found(tx, "charge", params["charge"], "charge")
    if "payment_intent" not in params:
        raise InvalidParams(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing",
        )
    intent = found(tx, "payment_intent", params["payment_intent"], "payment_intent")
    if intent["latest_charge"] is None:
        raise InvalidRequest(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        )
    return found(tx, "charge", intent["latest_charge"], "payment_intent")
