from collections.abc import Iterable

from .. import clock
from ..ids import new_id
from ..params import Params
from ..store import Object


def new_invoice(
    customer: Object,
    lines: list[Object],
    *,
    billing_reason: str,
    period: tuple[int, int],
    parent: Object | None = None,
    metadata: dict[str, str] | None = None,
    description: str | None = None,
    footer: str | None = None,
    discounts: list[str] | None = None,
    automatic_tax: bool = False,
    default_payment_method: str | None = None,
) -> Object:
    """A draft over `lines`, whose amounts are summed up here."""
    invoice_id = new_id("in")
    for line in lines:
        line["invoice"] = invoice_id
    return {
        "id": invoice_id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Topup sandbox",
        "account_tax_ids": None,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": automatic_tax,
            "liability": {"type": "self"} if automatic_tax else None,
            "provider": "stripe" if automatic_tax else None,
            "status": "complete" if automatic_tax else None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": billing_reason,
        "collection_method": "charge_automatically",
        "created": clock.now(),
        "currency": lines[0]["currency"],
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": default_payment_method,
        "default_source": None,
        "default_tax_rates": [],
        "description": description,
        "discounts": discounts or [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": footer,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": {
            "object": "list",
            "data": lines,
            "has_more": False,
            "url": f"/v1/invoices/{invoice_id}/lines",
        },
        "livemode": False,
        "metadata": metadata or {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": parent,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": period[1],
        "period_start": period[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": customer["balance"],
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": customer["test_clock"],
        "webhooks_delivered_at": clock.now(),
        "_last_error": None,
        "_by_buyer": False,
        "_keeps_method": False,
    } | totals(lines, customer["balance"])


def totals(lines: list[Object], balance: int) -> Object:
    """What the lines come to. A negative `balance` is the customer's credit: it is used first."""
    subtotal = sum(line["amount"] for line in lines)
    discounts = _by(
        (part["discount"], part["amount"]) for line in lines for part in line["discount_amounts"]
    )
    taxes = [tax for line in lines for tax in line["taxes"]]
    exclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    total = subtotal - sum(discounts.values()) + exclusive
    tax = sum(tax["amount"] for tax in taxes)
    due = max(0, total + balance)
    return {
        "amount_due": due,
        "amount_remaining": due,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - (tax - exclusive),
        "total": total,
        "total_discount_amounts": [
            {"amount": amount, "discount": discount} for discount, amount in discounts.items()
        ],
        "total_excluding_tax": total - tax,
        "total_pretax_credit_amounts": [
            {"amount": amount, "discount": discount, "type": "discount"}
            for discount, amount in discounts.items()
        ],
        "total_taxes": _total_taxes(taxes),
    }


def subscription_parent(subscription: Object) -> Object:
    """Its metadata as they are now: later changes don't reach this invoice."""
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(subscription["metadata"]),
            "subscription": subscription["id"],
        },
        "type": "subscription_details",
    }


def new_invoice_payment(invoice: Object, intent: Object) -> Object:
    """The intent that is to pay, or has paid, the invoice."""
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": clock.now(),
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def invoice_creation(params: Params) -> Object:
    """A checkout session's `invoice_creation`."""
    data = params.get("invoice_data", {})
    return {
        "enabled": params.get("enabled", False),
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": data.get("description"),
            "footer": data.get("footer"),
            "issuer": None,
            "metadata": data.get("metadata", {}),
            "rendering_options": None,
        },
    }


def _by(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for key, amount in pairs:
        sums[key] = sums.get(key, 0) + amount
    return sums


def _total_taxes(taxes: list[Object]) -> list[Object]:
    """One entry for each behavior; there is but one rate."""
    total: dict[str, Object] = {}
    for tax in taxes:
        known = total.setdefault(tax["tax_behavior"], tax | {"amount": 0, "taxable_amount": 0})
        known["amount"] += tax["amount"]
        known["taxable_amount"] += tax["taxable_amount"]
    return list(total.values())
