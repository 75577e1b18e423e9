"""Asking Stripe how a payment stands now."""

import time
from typing import Any

from backend.gateways.stripe_api import StripeApi
from backend.services import facts


def ask(stripe: StripeApi, payment: dict[str, Any]) -> facts.Facts | None:
    """The facts of the session, invoice or intent that the payment is known by; None without one.

    `payment` is a row of the view `payments`, or has at least its three Stripe ids. Raises what
    StripeApi raises.
    """
    if session_id := payment["stripe_checkout_session_id"]:
        asked_at = time.time()  # an event that comes while Stripe answers is newer than the answer
        return facts.of_checkout_session(stripe.retrieve_checkout_session(session_id), asked_at)
    if invoice_id := payment["stripe_invoice_id"]:
        return facts.of_invoice(stripe.retrieve_invoice(invoice_id))
    if intent_id := payment["stripe_payment_intent_id"]:
        return facts.of_payment_intent(stripe.retrieve_payment_intent(intent_id))
    return None
