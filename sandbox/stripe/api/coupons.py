"""https://docs.stripe.com/api/coupons"""

from stripe.params import (
    CouponCreateParams,
    CouponDeleteParams,
    CouponListParams,
    CouponModifyParams,
    CouponRetrieveParams,
)

from .. import lists
from ..errors import InvalidParams, InvalidRequest
from ..events import emit
from ..objects.coupon import new_coupon
from ..params import Params, missing
from ..store import Object, Transaction
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = (
    "amount_off",
    "currency",
    "duration",
    "duration_in_months",
    "id",
    "max_redemptions",
    "metadata",
    "name",
    "percent_off",
    "redeem_by",
)


@routes.post("/v1/coupons", CouponCreateParams, KNOWN)
def create(tx: Transaction, params: Params) -> Object:
    if ("percent_off" in params) == ("amount_off" in params):
        raise InvalidParams("You must pass either percent_off or amount_off.", param="percent_off")
    if "amount_off" in params and "currency" not in params:
        raise missing("currency")
    if not 0 < params.get("percent_off", 1) <= 100:
        raise InvalidParams("Coupon percent must be greater than 0 and up to 100.")
    if (params.get("duration") == "repeating") != ("duration_in_months" in params):
        raise missing("duration_in_months")
    if "id" in params and tx.get("coupon", params["id"]):
        raise InvalidRequest("Coupon already exists.", code="resource_already_exists")
    coupon = tx.add(new_coupon(params))
    emit(tx, "coupon.created", coupon)
    return coupon


@routes.list("/v1/coupons", CouponListParams)
def list_all(tx: Transaction, params: Params) -> Object:
    return lists.page(tx, "coupon", "/v1/coupons", params, {})


@routes.get("/v1/coupons/<id>", CouponRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "coupon", id)


@routes.post("/v1/coupons/<id>", CouponModifyParams, ["metadata", "name"])
def update(tx: Transaction, params: Params, id: str) -> Object:
    coupon = found(tx, "coupon", id)
    changes: Params = {"metadata": merged_metadata(coupon, params.get("metadata"))}
    if "name" in params:
        changes["name"] = params["name"]
    previous = tx.change(coupon, **changes)
    if previous:
        emit(tx, "coupon.updated", coupon, previous)
    return coupon


@routes.delete("/v1/coupons/<id>", CouponDeleteParams)
def delete(tx: Transaction, params: Params, id: str) -> Object:
    """Discounts that came of it stay."""
    coupon = found(tx, "coupon", id)
    tx.change(coupon, valid=False)
    emit(tx, "coupon.deleted", coupon)
    return {"id": id, "object": "coupon", "deleted": True}
