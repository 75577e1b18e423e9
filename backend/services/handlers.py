"""Which events concern us, why we listen, and how each becomes facts.

A type that is not here is recorded and has no effect. `flask stripe-setup` asks Stripe for exactly
these.
"""

from collections.abc import Callable
from dataclasses import dataclass

from backend.services import facts
from backend.services.facts import Facts, StripeObject

Reading = Callable[[StripeObject], Facts | None]


@dataclass(frozen=True)
class Handler:
    """`read` makes facts of the event's object. `fetched`: of the object as it is now, because the
    event's own does not say enough, or may have been overtaken."""

    read: Reading
    fetched: bool = False


HANDLERS = {
    # The buyer has finished the page: paid, or waiting for an asynchronous method.
    "checkout.session.completed": Handler(facts.of_checkout_session),
    # The asynchronous method came through, perhaps days later.
    "checkout.session.async_payment_succeeded": Handler(facts.of_checkout_session),
    # It did not.
    "checkout.session.async_payment_failed": Handler(facts.of_failed_checkout_session),
    # The buyer went away; the place for an open payment is free again.
    "checkout.session.expired": Handler(facts.of_checkout_session),
    # The money has been captured; may overtake the session's own event.
    "payment_intent.succeeded": Handler(facts.of_payment_intent),
    # An asynchronous method is at work.
    "payment_intent.processing": Handler(facts.of_payment_intent),
    # A decline: the reason is kept, the buyer may try again.
    "payment_intent.payment_failed": Handler(facts.of_payment_intent),
    # Nobody will pay this any more.
    "payment_intent.canceled": Handler(facts.of_payment_intent),
    # The receipt, which no other event carries.
    "charge.succeeded": Handler(facts.of_charge),
    # Somebody refunded; which refunds there are, the charge says only when asked.
    "charge.refunded": Handler(facts.of_charge, fetched=True),
    # A refund exists, whoever made it; pending ones count at once.
    "refund.created": Handler(facts.of_refund),
    # Its state has changed; a refund may still fail after it succeeded.
    "refund.updated": Handler(facts.of_refund),
    "refund.failed": Handler(facts.of_refund),
    "charge.refund.updated": Handler(facts.of_refund),
    # A chargeback takes the credits back until it is won; an inquiry only marks.
    "charge.dispute.created": Handler(facts.of_dispute),
    "charge.dispute.updated": Handler(facts.of_dispute),
    "charge.dispute.closed": Handler(facts.of_dispute),
    # The money has left, or come back, whatever the dispute's own event said or did not say.
    "charge.dispute.funds_withdrawn": Handler(facts.of_dispute),
    "charge.dispute.funds_reinstated": Handler(facts.of_dispute),
    # How a subscription stands. Changes of one second come in any order: the latest answer counts.
    "customer.subscription.created": Handler(facts.of_subscription, fetched=True),
    "customer.subscription.updated": Handler(facts.of_subscription, fetched=True),
    "customer.subscription.deleted": Handler(facts.of_subscription, fetched=True),
    # A period, a proration or a plan change is paid for: its credits are due.
    "invoice.paid": Handler(facts.of_invoice),
    # Which intent paid an invoice: refunds and disputes speak of the intent alone.
    "invoice_payment.paid": Handler(facts.of_invoice, fetched=True),
    # A renewal was refused: the buyer is shown what to pay.
    "invoice.payment_failed": Handler(facts.of_refused_invoice),
    # It waits for 3D Secure: the same, and he is told so.
    "invoice.payment_action_required": Handler(facts.of_waiting_invoice),
    # Nobody will pay it any more.
    "invoice.voided": Handler(facts.of_invoice),
    "invoice.marked_uncollectible": Handler(facts.of_invoice),
    # A card was saved, wherever that happened.
    "payment_method.attached": Handler(facts.of_payment_method, fetched=True),
    # It was taken away, perhaps in the portal or the Dashboard.
    "payment_method.detached": Handler(facts.of_payment_method),
    # The bank has sent a new one; its last digits and expiry are shown.
    "payment_method.updated": Handler(facts.of_payment_method, fetched=True),
    "payment_method.automatically_updated": Handler(facts.of_payment_method, fetched=True),
    # Another card was made the default in the portal.
    "customer.updated": Handler(facts.of_customer, fetched=True),
    # The next purchase needs a new customer.
    "customer.deleted": Handler(facts.of_deleted_customer),
}
