"""Coupons and the codes that buyers type for them.
https://docs.stripe.com/billing/subscriptions/coupons
"""

from dataclasses import dataclass

from .. import billing_periods, clock
from ..errors import InvalidRequest
from ..events import emit
from ..objects.coupon import new_discount
from ..store import Object, Transaction


@dataclass(frozen=True)
class Offer:
    """A coupon, and the promotion code that it came by, if any."""

    coupon: Object
    promotion_code: Object | None = None


def offer_of_code(
    tx: Transaction, code: str, *, customer: str | None, amount: int, currency: str
) -> Offer:
    """What a typed code gives on `amount`. Raises InvalidRequest."""
    found = [
        promotion
        for promotion in tx.select("promotion_code")
        if promotion["code"].casefold() == code.strip().casefold()
    ]
    usable = [p for p in found if is_redeemable(tx, p) and p["customer"] in (None, customer)]
    if not usable:
        raise InvalidRequest("This code is invalid.", code="promotion_code_invalid")
    promotion = usable[0]
    _check_restrictions(tx, promotion["restrictions"], customer, amount, currency)
    coupon = _coupon(tx, promotion)
    if coupon["currency"] not in (None, currency):
        raise InvalidRequest("This code is invalid.", code="promotion_code_invalid")
    return Offer(coupon, promotion)


def offer_of(tx: Transaction, *, coupon: str | None, promotion_code: str | None) -> Offer:
    """What a shop names by id in a `discounts` parameter. Raises InvalidRequest."""
    if promotion_code:
        promotion = tx.get("promotion_code", promotion_code)
        if promotion is None or not is_redeemable(tx, promotion):
            raise InvalidRequest(
                f"No such promotion code: '{promotion_code}'",
                code="resource_missing",
                param="discounts[0][promotion_code]",
            )
        return Offer(_coupon(tx, promotion), promotion)
    found = tx.get("coupon", coupon or "")
    if found is None or not found["valid"]:
        raise InvalidRequest(
            f"No such coupon: '{coupon}'", code="resource_missing", param="discounts[0][coupon]"
        )
    return Offer(found)


def is_redeemable(tx: Transaction, promotion: Object) -> bool:
    limit, end = promotion["max_redemptions"], promotion["expires_at"]
    return (
        promotion["active"]
        and _coupon(tx, promotion).get("valid", False)
        and (limit is None or promotion["times_redeemed"] < limit)
        and (end is None or end > clock.now())
    )


def redeem(
    tx: Transaction,
    offer: Offer,
    *,
    customer: str | None,
    subscription: str | None = None,
    checkout_session: str | None = None,
) -> Object:
    """Counts one use, and returns the new discount."""
    _count(tx, offer.coupon)
    if offer.promotion_code:
        _count(tx, offer.promotion_code)
    months = offer.coupon["duration_in_months"]
    return tx.add(
        new_discount(
            offer.coupon,
            promotion_code=offer.promotion_code["id"] if offer.promotion_code else None,
            customer=customer,
            subscription=subscription,
            checkout_session=checkout_session,
            end=billing_periods.months_after(clock.now(), months) if months else None,
        )
    )


def in_force(tx: Transaction, discount_ids: list[str]) -> list[tuple[Object, Object]]:
    """(discount, its coupon) of those that apply now."""
    discounts = [tx.get("discount", discount_id) or {} for discount_id in discount_ids]
    return [
        (discount, tx.get("coupon", discount["source"]["coupon"]) or {})
        for discount in discounts
        if discount["end"] is None or discount["end"] > clock.now()
    ]


def _coupon(tx: Transaction, promotion: Object) -> Object:
    return tx.get("coupon", promotion["promotion"]["coupon"]) or {}


def _count(tx: Transaction, obj: Object) -> None:
    """One redemption more of a coupon or promotion code."""
    times = obj["times_redeemed"] + 1
    changes: Object = {"times_redeemed": times}
    if times == obj["max_redemptions"]:
        changes["valid" if obj["object"] == "coupon" else "active"] = False
    emit(tx, f"{obj['object']}.updated", obj, tx.change(obj, **changes))


def _check_restrictions(
    tx: Transaction, restrictions: Object, customer: str | None, amount: int, currency: str
) -> None:
    minimum = restrictions["minimum_amount"]
    if minimum and (amount < minimum or restrictions["minimum_amount_currency"] != currency):
        raise InvalidRequest(
            "This order is too small for this code.", code="promotion_code_minimum"
        )
    if restrictions["first_time_transaction"] and customer:
        paid = tx.select("charge", {"customer": customer, "status": "succeeded"}, limit=1)
        if paid:
            raise InvalidRequest(
                "This code is for first purchases only.", code="promotion_code_first_time"
            )
