"""A subscription's invoices: a line for each item, in words, less the discounts in force."""

from .. import clock
from ..money import format_amount
from ..objects.invoice import subscription_parent
from ..objects.invoice_line import subscription_line
from ..store import Object, Transaction
from . import discounts, invoices


def lines_of_period(subscription: Object) -> list[Object]:
    """What the period costs that the subscription's items are in."""
    is_trial = subscription["trial_end"] is not None and subscription["trial_end"] > clock.now()
    return [
        subscription_line(
            item,
            (item["current_period_start"], item["current_period_end"]),
            amount=0 if is_trial else None,
            description="",
        )
        for item in subscription["items"]["data"]
    ]


def draft_invoice(
    tx: Transaction,
    subscription: Object,
    lines: list[Object],
    reason: str,
    period: tuple[int, int] | None = None,
) -> Object:
    """Of these lines, each told in words, with the discounts that are in force. `reason` is the
    invoice's `billing_reason`."""
    customer = tx.get("customer", subscription["customer"]) or {}
    for line in lines:
        line["description"] = line["description"] or _description(tx, subscription, line)
    offers = [
        (discount["id"], coupon)
        for discount, coupon in discounts.in_force(tx, subscription["discounts"])
    ]
    return invoices.create(
        tx,
        customer,
        lines,
        offers=offers,
        automatic_tax=subscription["automatic_tax"]["enabled"],
        billing_reason=reason,
        period=period or (clock.now(), clock.now()),
        parent=subscription_parent(subscription),
    )


def discounts_after(tx: Transaction, subscription: Object, invoice: Object) -> list[str]:
    """Those that apply again: `once` is over after an invoice that cost something."""
    if not invoice["subtotal"]:
        return list(subscription["discounts"])
    return [
        discount["id"]
        for discount, coupon in discounts.in_force(tx, subscription["discounts"])
        if coupon["duration"] != "once"
    ]


def _description(tx: Transaction, subscription: Object, line: Object) -> str:
    """`1 × Monthly (at $9.99 / month)`, as Stripe's invoices say it."""
    item_id = line["parent"]["subscription_item_details"]["subscription_item"]
    [item] = [item for item in subscription["items"]["data"] if item["id"] == item_id]
    product = tx.get("product", item["price"]["product"]) or {"name": "Subscription"}
    if not line["amount"] and subscription["status"] == "trialing":
        return f"Trial period for {product['name']}"
    price = item["price"]
    each = format_amount(price["unit_amount"], price["currency"])
    return f"{item['quantity']} × {product['name']} (at {each} / {price['recurring']['interval']})"
