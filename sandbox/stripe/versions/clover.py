"""What 2025-09-30.clover changed: discounts and codes name their coupon under a polymorphic source.
https://docs.stripe.com/changelog/clover
"""

from ..store import Object, Transaction, public, without


def discount_before(tx: Transaction, discount: Object) -> Object:
    """The coupon whole, at the top."""
    coupon = tx.get("coupon", discount["source"]["coupon"]) or {}
    return without(discount, "source") | {"coupon": public(coupon)}


def promotion_code_before(tx: Transaction, promotion: Object) -> Object:
    coupon = tx.get("coupon", promotion["promotion"]["coupon"]) or {}
    return without(promotion, "promotion") | {"coupon": public(coupon)}
