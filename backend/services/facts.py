"""What Stripe's objects say about a payment, as the facts that SQL merges (sql/…_settlement.sql).

Pure functions over plain dicts. An object always says how things are now, so its facts may be
merged again and in any order. Shapes: Stripe's API reference for the SDK's pinned version.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

Facts = dict[str, Any]
StripeObject = dict[str, Any]

ASYNC_PAYMENT_FAILED: Facts = {
    "ended": "failed",
    "error": {
        "code": "async_payment_failed",
        "message": "The bank did not complete the payment. You have not been charged.",
    },
}


def of_checkout_session(session: StripeObject) -> Facts:
    """A session, with or without its payment intent expanded.

    Paid is what `payment_status` says. `complete` alone is a buyer who has finished the page: with
    an asynchronous method the money may take days, or never come.
    """
    intent = session.get("payment_intent")
    expanded = intent if isinstance(intent, dict) else None
    is_complete = session.get("status") == "complete"
    is_paid = is_complete and session.get("payment_status") in ("paid", "no_payment_required")
    has_failed = (expanded or {}).get("status") in ("requires_payment_method", "canceled")
    facts = {
        **(of_payment_intent(expanded) if expanded else {}),
        "payment_id": _payment_id(session) or _uuid(session.get("client_reference_id")),
        "checkout_session_id": session["id"],
        "payment_intent_id": _id(intent),
        "customer_id": _id(session.get("customer")),
        "payment_url": session.get("url"),
        "expires_at": time_of(session.get("expires_at")),
    }
    if is_paid:
        facts |= {
            "paid": True,
            "amount": session["amount_total"],
            "currency": session["currency"],
            "paid_at": facts.get("paid_at"),
        }
    elif is_complete and has_failed:
        facts |= ASYNC_PAYMENT_FAILED
    elif is_complete:
        facts["processing"] = True
    elif session.get("status") == "expired":
        facts["ended"] = "expired"
    return known(facts)


def of_failed_checkout_session(session: StripeObject) -> Facts:
    """A session whose asynchronous method came to nothing."""
    return of_checkout_session(session) | ASYNC_PAYMENT_FAILED


def of_payment_intent(intent: StripeObject) -> Facts:
    """An intent, with or without its latest charge expanded."""
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    facts: Facts = {
        "payment_id": _payment_id(intent),
        "payment_intent_id": intent["id"],
        "customer_id": _id(intent.get("customer")),
        "receipt_url": charge.get("receipt_url"),
    }
    match intent["status"]:
        case "succeeded":
            facts |= {
                "paid": True,
                "amount": intent["amount_received"],
                "currency": intent["currency"],
                "paid_at": time_of(charge.get("created")),
            }
        case "processing":
            facts["processing"] = True
        case "canceled":
            # An expired session cancels its intent with it; nobody has decided anything then.
            is_expired = intent.get("cancellation_reason") in ("expired", "abandoned", "automatic")
            facts["ended"] = "expired" if is_expired else "canceled"
    if refunds := (charge.get("refunds") or {}).get("data"):
        facts["refunds"] = [_refund(refund) for refund in refunds]
    if error := intent.get("last_payment_error"):
        facts["error"] = {
            "code": error.get("code") or error.get("type"),
            "decline_code": error.get("decline_code"),
            # Stripe writes the messages of card errors for buyers, the others for developers.
            "message": error.get("message") if error.get("type") == "card_error" else None,
        }
    return known(facts)


def of_refund(refund: StripeObject) -> Facts:
    """One refund. It may fail after it succeeded."""
    return known(
        {
            "payment_intent_id": _id(refund.get("payment_intent")),
            "refunds": [_refund(refund)],
        }
    )


def of_dispute(dispute: StripeObject) -> Facts:
    """One dispute: an inquiry while its status begins with warning_, a chargeback after that."""
    kept = ("id", "amount", "currency", "status", "reason")
    due_by = (dispute.get("evidence_details") or {}).get("due_by")
    return known(
        {
            "payment_intent_id": _id(dispute.get("payment_intent")),
            "disputes": [{name: dispute.get(name) for name in kept} | {"due_by": time_of(due_by)}],
        }
    )


def known(facts: Facts) -> Facts:
    """Without what Stripe left open: what is absent changes nothing, a null would erase."""
    return {name: fact for name, fact in facts.items() if fact is not None}


def _refund(refund: StripeObject) -> Facts:
    return {name: refund.get(name) for name in ("id", "amount", "currency", "status", "reason")}


def _payment_id(stripe_object: StripeObject) -> str | None:
    return _uuid((stripe_object.get("metadata") or {}).get("payment_id"))


def _uuid(text: Any) -> str | None:
    """Metadata is anybody's who holds a key of the account: only a real id may reach SQL."""
    try:
        return str(uuid.UUID(text))
    except (ValueError, TypeError, AttributeError):
        return None


def _id(reference: Any) -> str | None:
    """The id of what may be an id or the expanded object."""
    return reference.get("id") if isinstance(reference, dict) else reference


def time_of(seconds: int | None) -> str | None:
    """Stripe's seconds since 1970 as RFC 3339 UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else None
