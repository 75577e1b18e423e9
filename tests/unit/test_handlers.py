"""Which events must never go unheard, whatever else the shop listens to."""

from backend.services.handlers import HANDLERS

MUST_BE_HEARD = {
    # Checkout.
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    # Paying inside the page.
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    # Money that goes back.
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    # Money that the bank takes back.
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
    # Subscriptions and their invoices.
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_failed",
    # Cards, and who keeps them.
    "payment_method.attached",
    "payment_method.detached",
    "customer.deleted",
}


def test_everything_that_moves_money_credits_or_cards_is_heard() -> None:
    assert MUST_BE_HEARD - HANDLERS.keys() == set()
