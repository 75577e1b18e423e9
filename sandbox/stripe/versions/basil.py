"""What 2025-03-31.basil changed: an invoice may have several payments, and names its subscription
under `parent`; each item of a subscription has a period of its own.
https://docs.stripe.com/changelog/basil
"""

from ..objects.price import plan_of
from ..store import Object, Transaction, public, without
from .clover import discount_before

PERIOD = ("current_period_start", "current_period_end")


def invoice_before(tx: Transaction, invoice: Object) -> Object:
    """With `subscription`, `payment_intent` and `charge` at the top."""
    intent = _intent_of(tx, invoice)
    details = (invoice["parent"] or {}).get("subscription_details")
    tax = sum(tax["amount"] for tax in invoice["total_taxes"])
    lines = [_line_before(tx, line) for line in invoice["lines"]["data"]]
    return without(invoice, "amount_overpaid", "parent", "total_taxes", "confirmation_secret") | {
        "application_fee_amount": None,
        "charge": intent["latest_charge"] if intent else None,
        "discount": _first_discount(tx, invoice["discounts"]),
        "lines": invoice["lines"] | {"data": lines, "total_count": len(lines)},
        "paid": invoice["status"] == "paid",
        "paid_out_of_band": False,
        "payment_intent": intent["id"] if intent else None,
        "quote": None,
        "subscription": details["subscription"] if details else None,
        "subscription_details": {"metadata": details["metadata"] if details else None},
        "tax": tax if invoice["automatic_tax"]["enabled"] else None,
        "total_tax_amounts": [_tax_before(tax) for tax in invoice["total_taxes"]],
        "transfer_data": None,
    }


def subscription_before(tx: Transaction, subscription: Object) -> Object:
    """With one period for all of it, at the top."""
    items = subscription["items"]["data"]
    first = items[0]
    return without(subscription, "billing_mode", "billing_schedules") | {
        **{name: first[name] for name in PERIOD},
        "discount": _first_discount(tx, subscription["discounts"]),
        "items": subscription["items"]
        | {"data": [without(item, *PERIOD) for item in items], "total_count": len(items)},
        "plan": first["plan"],
        "quantity": first["quantity"],
    }


def subscription_previous_before(previous: Object) -> Object:
    """The period that was, at the top as well."""
    items = (previous.get("items") or {}).get("data") or []
    if not items:
        return previous
    before = {name: items[0][name] for name in PERIOD}
    data = [without(item, *PERIOD) for item in items]
    return previous | before | {"items": {"data": data}, "plan": items[0]["plan"]}


def intent_before(tx: Transaction, intent: Object) -> Object:
    return intent | {"invoice": _invoice_of(tx, intent["id"])}


def charge_before(tx: Transaction, charge: Object) -> Object:
    return charge | {"invoice": _invoice_of(tx, charge["payment_intent"])}


def _line_before(tx: Transaction, line: Object) -> Object:
    parent = line["parent"]
    item = parent["subscription_item_details"]
    details = item or parent["invoice_item_details"]
    price = public(tx.get("price", line["pricing"]["price_details"]["price"]) or {})
    taxes = line["taxes"]
    included = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    old = without(line, "parent", "pricing", "subtotal", "quantity_decimal", "taxes") | {
        "amount_excluding_tax": line["amount"] - included,
        "plan": plan_of(price) if price.get("recurring") else None,
        "price": price,
        "proration": details["proration"],
        "proration_details": details["proration_details"],
        "subscription": details["subscription"],
        "tax_amounts": [_tax_before(tax) for tax in taxes],
        "tax_rates": [],
        "type": "subscription" if item else "invoiceitem",
        "unit_amount_excluding_tax": price.get("unit_amount_decimal"),
    }
    if item:
        old["subscription_item"] = item["subscription_item"]
    if details["invoice_item"]:
        old["invoice_item"] = details["invoice_item"]
    return old


def _tax_before(tax: Object) -> Object:
    return {
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": tax["tax_rate_details"]["tax_rate"],
        "taxability_reason": tax["taxability_reason"],
        "taxable_amount": tax["taxable_amount"],
    }


def _intent_of(tx: Transaction, invoice: Object) -> Object | None:
    payments = tx.select("invoice_payment", {"invoice": invoice["id"]}, limit=1)
    return tx.get("payment_intent", payments[0]["payment"]["payment_intent"]) if payments else None


def _invoice_of(tx: Transaction, intent_id: str | None) -> str | None:
    payments = tx.select("invoice_payment", {"payment.payment_intent": intent_id}, limit=1)
    return payments[0]["invoice"] if payments else None


def _first_discount(tx: Transaction, discounts: list[str]) -> Object | None:
    discount = tx.get("discount", discounts[0]) if discounts else None
    return discount_before(tx, discount) if discount else None
