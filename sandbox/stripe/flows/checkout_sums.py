"""What a checkout session costs: its lines, less what codes take off, plus tax where it is known
where the buyer lives.
"""

from .. import sums
from ..errors import InvalidRequest
from ..objects.tax_rate import new_tax_rate
from ..store import Object, Transaction
from . import discounts
from .discounts import Offer


def recount(tx: Transaction, session: Object) -> None:
    """Sums up again. The page shows, and the buyer pays, what comes out."""
    currency = session["currency"]
    is_taxed = session["automatic_tax"]["status"] == "complete"
    is_trial = "trial_period_days" in session["_subscription_data"]
    offers = offers_of(tx, session)
    items = session["_line_items"]
    counted = sums.of_lines(
        [sums.Line(_due_today(i, is_trial), True, _includes_tax(i)) for i in items],
        [offer.coupon for offer in offers],
        currency,
        is_taxed=is_taxed,
    )
    for item, sum_ in zip(items, counted, strict=True):
        item |= {
            "amount_discount": sum_.discount,
            "amount_subtotal": sum_.subtotal,
            "amount_tax": sum_.tax,
            "amount_total": sum_.total,
            "taxes": [_tax(item, sum_)] if is_taxed else [],
        }
    tx.change(
        session,
        _line_items=items,
        amount_subtotal=sum(sum_.subtotal for sum_ in counted),
        amount_total=sum(sum_.total for sum_ in counted),
        total_details={
            "amount_discount": sum(sum_.discount for sum_ in counted),
            "amount_shipping": 0,
            "amount_tax": sum(sum_.tax for sum_ in counted),
        },
    )


def use_code(tx: Transaction, session: Object, code: str) -> None:
    """The buyer typed a promotion code. Raises InvalidRequest when it gives nothing."""
    if not session["allow_promotion_codes"]:
        raise InvalidRequest("This code is invalid.", code="promotion_code_invalid")
    offer = discounts.offer_of_code(
        tx,
        code,
        customer=session["customer"],
        amount=session["amount_subtotal"],
        currency=session["currency"],
    )
    use_offers(tx, session, [offer])


def use_offers(tx: Transaction, session: Object, offers: list[Offer]) -> None:
    """One coupon is all that a session takes; an empty list takes it away again."""
    named = [
        {
            "coupon": None if offer.promotion_code else offer.coupon["id"],
            "promotion_code": offer.promotion_code["id"] if offer.promotion_code else None,
        }
        for offer in offers
    ]
    tx.change(session, discounts=named)
    recount(tx, session)


def offers_of(tx: Transaction, session: Object) -> list[Offer]:
    """As they were when they were accepted: a code that ran out since still counts here."""
    offers = []
    for named in session["discounts"]:
        promotion = tx.get("promotion_code", named["promotion_code"] or "")
        coupon_id = promotion["promotion"]["coupon"] if promotion else named["coupon"]
        coupon = tx.get("coupon", coupon_id)
        if coupon:
            offers.append(Offer(coupon, promotion))
    return offers


def locate(tx: Transaction, session: Object, address: Object | None) -> None:
    """Tax can be told as soon as it is known where the buyer lives."""
    tax = session["automatic_tax"]
    if not tax["enabled"]:
        return
    if tx.get("tax_rate", new_tax_rate()["id"]) is None:
        tx.add(new_tax_rate())
    is_located = bool(address and address["country"])
    status = "complete" if is_located else "requires_location_inputs"
    tx.change(session, automatic_tax=tax | {"status": status})
    recount(tx, session)


def _due_today(item: Object, is_trial: bool) -> int:
    price = item["price"]
    return 0 if is_trial and price["recurring"] else price["unit_amount"] * item["quantity"]


def _includes_tax(item: Object) -> bool:
    return bool(item["price"]["tax_behavior"] == "inclusive")


def _tax(item: Object, sum_: sums.Sum) -> Object:
    included = sum_.tax if _includes_tax(item) else 0
    return {
        "amount": sum_.tax,
        "rate": new_tax_rate(),
        "taxability_reason": "standard_rated",
        "taxable_amount": sum_.taxable - included,
    }
