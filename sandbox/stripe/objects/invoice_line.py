from collections.abc import Sequence

from ..ids import new_id
from ..store import Object
from ..sums import Line, Sum
from .tax_rate import ID as TAX_RATE


def subscription_line(
    item: Object,
    period: tuple[int, int],
    *,
    amount: int | None = None,
    description: str,
    proration: bool = False,
) -> Object:
    """A line for one item of a subscription. `amount` (minor units) is the item's price unless told
    otherwise: a trial costs nothing, a proration only its part and may be negative."""
    price = item["price"]
    whole = price["unit_amount"] * item["quantity"]
    parent = {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": new_id("ii") if proration else None,
            "proration": proration,
            "proration_details": {"credited_items": None},
            "subscription": item["subscription"],
            "subscription_item": item["id"],
        },
        "type": "subscription_item_details",
    }
    return _new_line(
        price,
        item["quantity"],
        whole if amount is None else amount,
        description,
        period,
        parent,
        subscription=item["subscription"],
    ) | {"discountable": not proration}


def one_time_line(item: Object, period: tuple[int, int]) -> Object:
    """The line for a line of a checkout session in payment mode."""
    parent = {
        "invoice_item_details": {
            "invoice_item": new_id("ii"),
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": None,
        },
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }
    return _new_line(
        item["price"],
        item["quantity"],
        item["amount_subtotal"],
        item["description"],
        period,
        parent,
        subscription=None,
    )


def to_sum(line: Object) -> Line:
    return Line(line["amount"], line["discountable"], line["_includes_tax"])


def settle(line: Object, sum: Sum, discounts: Sequence[str], *, is_taxed: bool) -> Object:
    """The line with its share of the discounts (ids, one for each amount of the sum) and tax."""
    parts = [
        {"amount": amount, "discount": discount}
        for discount, amount in zip(discounts, sum.discounts, strict=True)
        if amount
    ]
    line |= {
        "discount_amounts": parts,
        "pretax_credit_amounts": [part | {"type": "discount"} for part in parts],
        "taxes": [_tax(line, sum)] if is_taxed else [],
    }
    return line


def _tax(line: Object, sum: Sum) -> Object:
    return {
        "amount": sum.tax,
        "tax_behavior": "inclusive" if line["_includes_tax"] else "exclusive",
        "tax_rate_details": {"tax_rate": TAX_RATE},
        "taxability_reason": "standard_rated",
        "taxable_amount": sum.taxable - (sum.tax if line["_includes_tax"] else 0),
        "type": "tax_rate_details",
    }


def _new_line(
    price: Object,
    quantity: int,
    amount: int,
    description: str,
    period: tuple[int, int],
    parent: Object,
    *,
    subscription: str | None,
) -> Object:
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": parent,
        "period": {"end": period[1], "start": period[0]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": subscription,
        "subtotal": amount,
        "taxes": [],
        "_includes_tax": price["tax_behavior"] == "inclusive",
    }
