"""Sessions, payment intents, charges, refunds and disputes."""

from backend.services.facts.billing import of_invoice, of_subscription
from backend.services.facts.common import (
    Facts,
    StripeObject,
    expanded,
    id_of,
    known,
    payment_id_in,
    time_of,
)

ASYNC_PAYMENT_FAILED: Facts = {
    "ended": "failed",
    "error": {
        "code": "async_payment_failed",
        "message": "The bank did not complete the payment. You have not been charged.",
    },
}


# The methods that say no days later, when nobody waits to try another one.
# https://docs.stripe.com/payments/payment-methods#payment-notification
DELAYED_METHODS = frozenset({
    "acss_debit", "au_becs_debit", "bacs_debit", "boleto", "customer_balance", "konbini",
    "multibanco", "nz_bank_account", "oxxo", "payto", "sepa_debit", "us_bank_account",
})  # fmt: skip
# What the buyer does about it takes him days: a voucher, a transfer, two small amounts to look for.
WAITING_ACTIONS = frozenset({
    "boleto_display_details", "display_bank_transfer_instructions", "konbini_display_details",
    "multibanco_display_details", "oxxo_display_details", "verify_with_microdeposits",
})  # fmt: skip
WAITING_SECONDS = 14 * 24 * 3600  # that long the payment stays open for him


def of_checkout_session(session: StripeObject, asked_at: float | None = None) -> Facts:
    """A session as it stood at `asked_at` (seconds since 1970; now without it), with or without its
    payment intent, invoice and subscription expanded.

    Paid is what `payment_status` says. `complete` alone is a buyer who has finished the page: with
    an asynchronous method the money may take days, or never come. A subscription's session is not
    paid itself: its first invoice is.
    """
    intent, invoice = expanded(session.get("payment_intent")), expanded(session.get("invoice"))
    is_subscription = session.get("mode") == "subscription"
    is_complete = session.get("status") == "complete"
    is_paid = is_complete and session.get("payment_status") in ("paid", "no_payment_required")
    has_failed = (intent or {}).get("status") in ("requires_payment_method", "canceled")
    facts = {
        **(of_payment_intent(intent) if intent else {}),
        **((of_invoice(invoice) if invoice else None) or {}),
        **(_subscription_of(session, asked_at) or {}),
        # Not client_reference_id: on a payment link anybody may choose that.
        "payment_id": payment_id_in(session.get("metadata")),
        "checkout_session_id": session["id"],
        "customer_id": id_of(session.get("customer")),
        "payment_url": session.get("url"),
        "expires_at": time_of(session.get("expires_at")),
    }
    facts.setdefault("payment_intent_id", id_of(session.get("payment_intent")))
    if is_paid and not is_subscription:
        totals = session.get("total_details") or {}
        facts |= {
            "paid": True,
            "amount": session["amount_total"],
            "amount_subtotal": session.get("amount_subtotal"),
            "amount_discount": totals.get("amount_discount"),
            "amount_tax": totals.get("amount_tax"),
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
    charge = expanded(intent.get("latest_charge")) or {}
    facts: Facts = {
        "payment_id": payment_id_in(intent.get("metadata")),
        "payment_intent_id": intent["id"],
        "customer_id": id_of(intent.get("customer")),
        "receipt_url": charge.get("receipt_url"),
        "refunds": _refunds_of(charge),
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
        case "requires_action":
            if (intent.get("next_action") or {}).get("type") in WAITING_ACTIONS:
                facts["expires_at"] = time_of(intent["created"] + WAITING_SECONDS)
        case "canceled":
            # An expired session cancels its intent with it; nobody has decided anything then.
            is_expired = intent.get("cancellation_reason") in ("expired", "abandoned", "automatic")
            facts["ended"] = "expired" if is_expired else "canceled"
    if error := intent.get("last_payment_error"):
        facts["error"] = {
            "code": error.get("code") or error.get("type"),
            "decline_code": error.get("decline_code"),
            # Stripe writes the messages of card errors for buyers, the others for developers.
            "message": error.get("message") if error.get("type") == "card_error" else None,
        }
        method = (error.get("payment_method") or {}).get("type")
        if intent["status"] == "requires_payment_method":
            facts["declined"] = True  # it ends what had been processing; else another card may pay
            if method in DELAYED_METHODS:
                # It ends a payment in the page; of others their session or invoice tells.
                facts |= {"late_refusal": True, "error": ASYNC_PAYMENT_FAILED["error"]}
    return known(facts)


def of_charge(charge: StripeObject) -> Facts | None:
    """A charge: its receipt, and its refunds where they are expanded."""
    intent_id = id_of(charge.get("payment_intent"))
    if intent_id is None:
        return None
    return known(
        {
            "payment_id": payment_id_in(charge.get("metadata")),
            "payment_intent_id": intent_id,
            "receipt_url": charge.get("receipt_url"),
            "refunds": _refunds_of(charge),
        }
    )


def of_refund(refund: StripeObject) -> Facts:
    """One refund. It may fail after it succeeded."""
    return known(
        {
            "payment_intent_id": id_of(refund.get("payment_intent")),
            "refunds": [_refund(refund)],
        }
    )


def of_dispute(dispute: StripeObject) -> Facts:
    """One dispute: an inquiry while its status begins with warning_, a chargeback after that. One
    that was prevented by paying the buyer back is as good as lost, and won if that was undone."""
    kept = ("id", "amount", "currency", "status", "reason")
    due_by = (dispute.get("evidence_details") or {}).get("due_by")
    if dispute["status"] == "prevented" and dispute.get("balance_transactions"):
        dispute = dispute | {"status": "lost" if _is_money_gone(dispute) else "won"}
    return known(
        {
            "payment_intent_id": id_of(dispute.get("payment_intent")),
            "disputes": [{name: dispute.get(name) for name in kept} | {"due_by": time_of(due_by)}],
        }
    )


def _is_money_gone(dispute: StripeObject) -> bool:
    """Whether more was withdrawn for it than put back."""
    return sum(moved["amount"] for moved in dispute["balance_transactions"]) < 0


def _refunds_of(charge: StripeObject) -> list[Facts] | None:
    return [_refund(refund) for refund in (charge.get("refunds") or {}).get("data", [])] or None


def _refund(refund: StripeObject) -> Facts:
    return {name: refund.get(name) for name in ("id", "amount", "currency", "status", "reason")}


def _subscription_of(session: StripeObject, asked_at: float | None) -> Facts | None:
    subscription = expanded(session.get("subscription"))
    return of_subscription(subscription, asked_at) if subscription else None
