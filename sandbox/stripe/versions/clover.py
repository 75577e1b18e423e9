"""What 2025-09-30.clover changed: discounts and codes name their coupon under a polymorphic source.
https://docs.stripe.com/changelog/clover
"""

from ..store import Object, Transaction, public


def discount_before(tx: Transaction, discount: Object) -> Object:
    """The coupon whole, at the top."""
    coupon = tx.get("coupon", discount["source"]["coupon"]) or {}
    return _without(discount, "source") | {"coupon": public(coupon)}


def promotion_code_before(tx: Transaction, promotion: Object) -> Object:
    coupon = tx.get("coupon", promotion["promotion"]["coupon"]) or {}
    return _without(promotion, "promotion") | {"coupon": public(coupon)}


def _without(obj: Object, *names: str) -> Object:
    return {name: value for name, value in obj.items() if name not in names}
