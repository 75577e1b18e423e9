"""Invoices and subscriptions."""

import time
from datetime import UTC, datetime

from backend.services.facts.common import (
    Facts,
    StripeObject,
    id_of,
    known,
    payment_id_in,
    time_of,
    total_of,
)

# How long an invoice that nobody has paid is offered to the buyer; Stripe's own retries end before.
OPEN_INVOICE_SECONDS = 60 * 86_400


def of_invoice(invoice: StripeObject) -> Facts | None:
    """An invoice of a subscription, or the paper that belongs to a one-time payment."""
    details = (invoice.get("parent") or {}).get("subscription_details")
    if details is None:
        return _of_paper(invoice)
    if not _lines(invoice):
        return None
    is_first = invoice["billing_reason"] == "subscription_create"
    # All invoices of a subscription go back to the order that it was bought with.
    first_payment_id = payment_id_in(details.get("metadata"))
    facts: Facts = {
        "payment_id": first_payment_id if is_first else None,
        "customer_id": id_of(invoice["customer"]),
        "payment_intent_id": _payment_intent_id(invoice),
        "invoice_url": invoice.get("hosted_invoice_url"),
        "invoice": known(
            {
                "id": invoice["id"],
                "first_payment_id": first_payment_id,
                "subscription_id": id_of(details["subscription"]),
                "billing_reason": invoice["billing_reason"],
                "currency": invoice["currency"],
                "amount_subtotal": invoice["subtotal"],
                "period_end": time_of(max(line["period"]["end"] for line in _lines(invoice))),
                "lines": [
                    {"price_id": _price_id(line), "amount": line["amount"]}
                    for line in _lines(invoice)
                ],
            }
        ),
    }
    match invoice["status"]:
        case "draft":
            return None
        case "paid":
            facts |= {
                "paid": True,
                "amount": invoice["amount_paid"],
                "amount_discount": total_of(invoice.get("total_discount_amounts")),
                "amount_tax": total_of(invoice.get("total_taxes")),
                "currency": invoice["currency"],
                "paid_at": time_of(invoice["status_transitions"]["paid_at"]),
            }
        case "void":
            facts["ended"] = "canceled"
        case "uncollectible":
            facts["ended"] = "failed"
        case "open" if not is_first:  # the first is paid on its session's own page
            facts |= {
                "payment_url": invoice.get("hosted_invoice_url"),
                "expires_at": time_of(invoice["created"] + OPEN_INVOICE_SECONDS),
            }
    return known(facts)


def of_refused_invoice(invoice: StripeObject) -> Facts | None:
    """A renewal whose charge was declined: the buyer must see to it himself."""
    return _unpaid(invoice, "card_declined")


def of_waiting_invoice(invoice: StripeObject) -> Facts | None:
    """A renewal whose bank asks for 3D Secure."""
    return _unpaid(invoice, "authentication_required")


def of_subscription(subscription: StripeObject, asked_at: float | None = None) -> Facts:
    """A subscription as it stood at `asked_at` (seconds since 1970; now without it)."""
    item = subscription["items"]["data"][0]
    learnt_at = datetime.fromtimestamp(asked_at or time.time(), UTC)
    return {
        "subscription": known(
            {
                "id": subscription["id"],
                "customer_id": id_of(subscription["customer"]),
                "price_id": item["price"]["id"],
                "status": subscription["status"],
                "cancel_at_period_end": _ends_with_its_period(subscription),
                "current_period_end": time_of(item["current_period_end"]),
                "ended_at": time_of(subscription.get("ended_at")),
                "created_at": time_of(subscription["created"]),
                "learnt_at": learnt_at.isoformat(),
            }
        )
    }


def _ends_with_its_period(subscription: StripeObject) -> bool:
    """The API says it by the flag, the customer portal by the time alone."""
    cancel_at = subscription.get("cancel_at")
    is_in_time = (
        cancel_at is not None
        and cancel_at <= subscription["items"]["data"][0]["current_period_end"]
    )
    return subscription["cancel_at_period_end"] or is_in_time


def _unpaid(invoice: StripeObject, code: str) -> Facts | None:
    facts = of_invoice(invoice)
    if facts is None or "ended" in facts or "paid" in facts:
        return facts
    return facts | {"error": {"code": code, "message": None}}


def _of_paper(invoice: StripeObject) -> Facts | None:
    payment_id = payment_id_in(invoice.get("metadata"))
    if payment_id is None:
        return None
    return known({"payment_id": payment_id, "invoice_url": invoice.get("hosted_invoice_url")})


def _lines(invoice: StripeObject) -> list[StripeObject]:
    return invoice["lines"]["data"]


def _price_id(line: StripeObject) -> str | None:
    """None for what was added by hand, which sells no package."""
    details = (line.get("pricing") or {}).get("price_details") or {}
    return id_of(details.get("price"))


def _payment_intent_id(invoice: StripeObject) -> str | None:
    """The intent that paid it, which refunds and disputes speak of; where payments are expanded."""
    payments = (invoice.get("payments") or {}).get("data", [])
    intents = {
        payment["status"]: id_of(payment["payment"].get("payment_intent")) for payment in payments
    }
    return intents.get("paid")
