"""The lives of a payment: what Stripe tells in each, and how it must end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.ledger.books import Desk
from tests.ledger.stripe_says import Event, Stripe

AMOUNT, CREDITS = 499, 500


@dataclass(frozen=True)
class Life:
    """`begin` is what we do before Stripe says anything. `statuses`: of the payments, as they came;
    `credits`: what is left of those bought, which are `granted`."""

    tell: Callable[[Any], list[Event]]
    statuses: list[str]
    credits: int
    granted: int = CREDITS
    begin: Callable[[Desk, str], Any] | None = None


def begin(desk: Desk, user_id: str, **options: bool) -> Stripe:
    """An order, and its page at Stripe."""
    payment = desk.order(user_id, **({"options": options} if options else {}))
    stripe = Stripe(payment["payment_id"], user_id, AMOUNT)
    desk.facts(payment_id=stripe.payment_id, checkout_session_id=stripe.id("cs_test"))
    return stripe


def paid(stripe: Stripe) -> list[Event]:
    return [
        stripe.session("completed", "paid"),
        stripe.intent("succeeded", "succeeded"),
    ]


def paid_with_receipt(stripe: Stripe) -> list[Event]:
    return paid(stripe) + [stripe.charge("succeeded")]


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


def refused_by_the_bank(stripe: Stripe) -> list[Event]:
    """It was paid in the page, where no session tells of it."""
    method = {"id": "pm_1", "type": "us_bank_account"}
    refusal = {"type": "invalid_request_error", "code": None, "payment_method": method}
    return [
        stripe.intent("processing", "processing"),
        stripe.intent("payment_failed", "requires_payment_method", last_payment_error=refusal),
    ]


def abandoned_then_paid(stripe: Stripe) -> list[Event]:
    """The session ran out while the bank was still at work."""
    return paid(stripe) + [
        stripe.intent("payment_failed", "requires_payment_method"),
        stripe.session("expired", "unpaid", status="expired"),
    ]


def discounted(stripe: Stripe) -> list[Event]:
    """The intent is of another amount than the order, and only the session says why."""
    stripe.discount = 100
    return paid_with_receipt(stripe) + [stripe.refund("refund.created", "succeeded", 199)]


def free(stripe: Stripe) -> list[Event]:
    stripe.discount = AMOUNT
    return [stripe.session("completed", "no_payment_required"), stripe.paper("invoice.paid")]


def taxed(stripe: Stripe) -> list[Event]:
    stripe.tax = 95
    return paid_with_receipt(stripe) + [
        stripe.paper("invoice.paid"),
        stripe.dispute("created", "needs_response", AMOUNT + 95),
    ]


def begin_in_the_page(desk: Desk, user_id: str) -> Stripe:
    payment = desk.order(user_id, ui_mode="elements")
    return Stripe(payment["payment_id"], user_id, AMOUNT)


def begin_with_codes(desk: Desk, user_id: str) -> Stripe:
    return begin(desk, user_id, promotion_codes=True, invoice=True)


def begin_with_tax(desk: Desk, user_id: str) -> Stripe:
    return begin(desk, user_id, automatic_tax=True, invoice=True)


LIVES = {
    "paid": Life(paid, ["succeeded"], CREDITS),
    "paid, with a receipt": Life(paid_with_receipt, ["succeeded"], CREDITS),
    "paid late": Life(paid_late, ["succeeded"], CREDITS),
    "refunded in two parts": Life(
        refunded_in_two_parts, ["partially_refunded"], CREDITS - CREDITS * 332 // AMOUNT
    ),
    "refund fails": Life(refund_fails, ["succeeded"], CREDITS),
    "dispute won": Life(dispute_won, ["succeeded"], CREDITS),
    "dispute lost": Life(dispute_lost, ["disputed"], 0),
    "refund and dispute": Life(refund_and_dispute, ["disputed"], CREDITS - CREDITS * 300 // AMOUNT),
    "abandoned, then paid": Life(abandoned_then_paid, ["succeeded"], CREDITS),
    "refused by the bank": Life(
        refused_by_the_bank, ["failed"], 0, granted=0, begin=begin_in_the_page
    ),
    "discounted, half refunded": Life(
        discounted, ["partially_refunded"], CREDITS - CREDITS * 199 // 399, begin=begin_with_codes
    ),
    "free": Life(free, ["succeeded"], CREDITS, begin=begin_with_codes),
    "taxed, then disputed": Life(taxed, ["disputed"], 0, begin=begin_with_tax),
}
