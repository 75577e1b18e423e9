"""https://docs.stripe.com/api/disputes"""

from stripe.params import (
    DisputeCloseParams,
    DisputeListParams,
    DisputeModifyParams,
    DisputeRetrieveParams,
)

from .. import lists
from ..events import emit
from ..flows import disputes
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found, merged_metadata

routes = Routes()


@routes.list("/v1/disputes", DisputeListParams, ["charge", "payment_intent"])
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {name: params.get(name) for name in ("charge", "payment_intent")}
    return lists.page(tx, "dispute", "/v1/disputes", params, filters)


@routes.get("/v1/disputes/<id>", DisputeRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "dispute", id)


@routes.post("/v1/disputes/<id>", DisputeModifyParams, ["evidence", "metadata", "submit"])
def update(tx: Transaction, params: Params, id: str) -> Object:
    dispute = found(tx, "dispute", id)
    if "metadata" in params:
        changes = {"metadata": merged_metadata(dispute, params["metadata"])}
        emit(tx, "charge.dispute.updated", dispute, tx.change(dispute, **changes))
    if "evidence" not in params and "submit" not in params:
        return dispute
    final = params.get("submit", True)
    return disputes.submit_evidence(tx, dispute, params.get("evidence", {}), final=final)


@routes.post("/v1/disputes/<id>/close", DisputeCloseParams)
def close(tx: Transaction, params: Params, id: str) -> Object:
    """The shop accepts the dispute as lost."""
    return disputes.lose(tx, found(tx, "dispute", id))
