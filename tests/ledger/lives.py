"""The lives of a payment: what Stripe tells in each, and how it must end."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.ledger.stripe_says import Event, Stripe

AMOUNT, CREDITS = 499, 500


@dataclass(frozen=True)
class Life:
    """`credits`: what is left of those bought."""

    tell: Callable[[Stripe], list[Event]]
    status: str
    credits: int


def paid(stripe: Stripe) -> list[Event]:
    return [
        stripe.session("completed", "paid"),
        stripe.intent("succeeded", "succeeded"),
    ]


def paid_late(stripe: Stripe) -> list[Event]:
    return [
        stripe.session("completed", "unpaid"),
        stripe.intent("processing", "processing"),
        stripe.intent("succeeded", "succeeded"),
        stripe.session("async_payment_succeeded", "paid"),
    ]


def refunded_in_two_parts(stripe: Stripe) -> list[Event]:
    return paid(stripe) + [
        stripe.refund("refund.created", "succeeded", 166),
        stripe.refund("refund.created", "pending", 166, nth=2),
        stripe.refund("refund.updated", "succeeded", 166, nth=2),
    ]


def refund_fails(stripe: Stripe) -> list[Event]:
    return paid(stripe) + [
        stripe.refund("refund.created", "pending", AMOUNT),
        stripe.refund("refund.updated", "succeeded", AMOUNT),
        stripe.refund("refund.failed", "failed", AMOUNT),
    ]


def dispute_won(stripe: Stripe) -> list[Event]:
    return paid(stripe) + [
        stripe.dispute("created", "needs_response", AMOUNT),
        stripe.dispute("updated", "under_review", AMOUNT),
        stripe.dispute("closed", "won", AMOUNT),
    ]


def dispute_lost(stripe: Stripe) -> list[Event]:
    return paid(stripe) + [
        stripe.dispute("created", "warning_needs_response", AMOUNT),
        stripe.dispute("updated", "needs_response", AMOUNT),
        stripe.dispute("closed", "lost", AMOUNT),
    ]


def refund_and_dispute(stripe: Stripe) -> list[Event]:
    return paid(stripe) + [
        stripe.refund("refund.created", "succeeded", 100),
        stripe.dispute("created", "needs_response", 200),
        stripe.dispute("closed", "lost", 200),
    ]


def abandoned_then_paid(stripe: Stripe) -> list[Event]:
    """The session ran out while the bank was still at work."""
    return paid(stripe) + [
        stripe.intent("payment_failed", "requires_payment_method"),
        stripe.session("expired", "unpaid", status="expired"),
    ]


LIVES = {
    "paid": Life(paid, "succeeded", CREDITS),
    "paid late": Life(paid_late, "succeeded", CREDITS),
    "refunded in two parts": Life(
        refunded_in_two_parts, "partially_refunded", CREDITS - CREDITS * 332 // AMOUNT
    ),
    "refund fails": Life(refund_fails, "succeeded", CREDITS),
    "dispute won": Life(dispute_won, "succeeded", CREDITS),
    "dispute lost": Life(dispute_lost, "disputed", 0),
    "refund and dispute": Life(refund_and_dispute, "disputed", CREDITS - CREDITS * 300 // AMOUNT),
    "abandoned, then paid": Life(abandoned_then_paid, "succeeded", CREDITS),
}
