"""https://docs.stripe.com/api/promotion_codes"""

from stripe.params import (
    PromotionCodeCreateParams,
    PromotionCodeListParams,
    PromotionCodeModifyParams,
    PromotionCodeRetrieveParams,
)

from .. import lists
from ..errors import InvalidRequest
from ..events import emit
from ..objects.coupon import new_promotion_code
from ..params import Params, missing
from ..store import Object, Transaction
from .routes import Routes, found, merged_metadata

routes = Routes()

KNOWN = (
    "active",
    "code",
    "customer",
    "expires_at",
    "max_redemptions",
    "metadata",
    "promotion",
    "restrictions.first_time_transaction",
    "restrictions.minimum_amount",
    "restrictions.minimum_amount_currency",
)


@routes.post("/v1/promotion_codes", PromotionCodeCreateParams, KNOWN)
def create(tx: Transaction, params: Params) -> Object:
    if "coupon" not in params["promotion"]:
        raise missing("promotion[coupon]")
    coupon = found(tx, "coupon", params["promotion"]["coupon"], "promotion[coupon]")
    promotion = new_promotion_code(params, coupon["id"])
    for known in tx.select("promotion_code", {"active": True}):
        if known["code"].casefold() == promotion["code"].casefold():
            raise InvalidRequest(
                f"An active promotion code with `code: {promotion['code']}` already exists.",
                code="resource_already_exists",
            )
    emit(tx, "promotion_code.created", tx.add(promotion))
    return promotion


@routes.list("/v1/promotion_codes", PromotionCodeListParams, ["active", "code", "coupon"])
def list_all(tx: Transaction, params: Params) -> Object:
    filters = {name: params.get(name) for name in ("active", "code")}
    filters["promotion.coupon"] = params.get("coupon")
    return lists.page(tx, "promotion_code", "/v1/promotion_codes", params, filters)


@routes.get("/v1/promotion_codes/<id>", PromotionCodeRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "promotion_code", id)


@routes.post("/v1/promotion_codes/<id>", PromotionCodeModifyParams, ["active", "metadata"])
def update(tx: Transaction, params: Params, id: str) -> Object:
    promotion = found(tx, "promotion_code", id)
    changes: Params = {"metadata": merged_metadata(promotion, params.get("metadata"))}
    if "active" in params:
        changes["active"] = params["active"]
    previous = tx.change(promotion, **changes)
    if previous:
        emit(tx, "promotion_code.updated", promotion, previous)
    return promotion
