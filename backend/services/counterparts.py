"""A payment's counterpart at Stripe: the session, the intent or the invoice that it is paid by.

Each is looked at again and closed in its own way. `payment` is a row of the view `payments`; who
has lost Stripe's answer to an order asks for the same thing again first.
"""

import time
from typing import Any, Protocol

from backend.errors import InvalidState
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.services import facts, inquiry
from backend.services.checkout import Checkout
from backend.services.customers import Buyer
from backend.services.intents import Intents
from backend.services.orders import Orders

Payment = dict[str, Any]
# What the browser needs to finish it in the page, {client_secret, …}; empty when it can't.
ToFinish = dict[str, Any]


class Counterpart(Protocol):
    def refresh(self, payment: Payment, buyer: Buyer) -> tuple[Payment, ToFinish]:
        """Ask Stripe how it stands now, and record that. Raises what StripeApi raises; Forbidden
        for an order that was never opened, of a user who may not buy any more."""

    def close(self, payment: Payment, buyer: Buyer) -> facts.Facts:
        """Keep it from being paid. The facts of how it ended, not recorded yet: it may have been
        paid meanwhile. Raises InvalidState, and what StripeApi raises."""


class Session:
    """Of a page of Stripe's, by itself or embedded."""

    def __init__(self, stripe: StripeApi, orders: Orders, checkout: Checkout) -> None:
        self._stripe = stripe
        self._orders = orders
        self._checkout = checkout

    def refresh(self, payment: Payment, buyer: Buyer) -> tuple[Payment, ToFinish]:
        if session_id := payment["stripe_checkout_session_id"]:
            asked_at = time.time()  # an event that comes while Stripe answers is newer
            session = self._stripe.retrieve_checkout_session(session_id)
            payment = self._orders.record(facts.of_checkout_session(session, asked_at))
        elif learnt := inquiry.ask(self._stripe, payment):
            return self._orders.record(learnt), {}
        elif payment["status"] == "pending":
            order = self._orders.reopen(payment["payment_id"])
            session, payment = self._checkout.open_session(order, buyer)
        else:
            return payment, {}
        if payment["ui_mode"] != "embedded" or payment["status"] != "pending":
            return payment, {}
        return payment, {"client_secret": session["client_secret"]}

    def close(self, payment: Payment, buyer: Buyer) -> facts.Facts:
        session_id = payment["stripe_checkout_session_id"]
        if not session_id:
            order = self._orders.get(payment["payment_id"])
            session_id = self._checkout.open_session(order, buyer)[0]["id"]
        asked_at = time.time()
        try:
            session = self._stripe.expire_checkout_session(session_id)
        except StripeRejected:  # paid in another tab, or expired by itself
            session = self._stripe.retrieve_checkout_session(session_id)
            return facts.of_checkout_session(session, asked_at)
        return facts.of_checkout_session(session) | {"ended": "canceled"}


class Intent:
    """Of a payment inside the page, or of a recharge, which only its job asks for."""

    def __init__(self, stripe: StripeApi, orders: Orders, intents: Intents) -> None:
        self._stripe = stripe
        self._orders = orders
        self._intents = intents

    def refresh(self, payment: Payment, buyer: Buyer) -> tuple[Payment, ToFinish]:
        if intent_id := payment["stripe_payment_intent_id"]:
            intent = self._stripe.retrieve_payment_intent(intent_id)
            payment = self._orders.record(facts.of_payment_intent(intent))
        elif payment["status"] == "pending" and payment["ui_mode"] == "elements":
            order = self._orders.reopen(payment["payment_id"])
            intent, payment = self._intents.open_intent(order, buyer)
        else:
            return payment, {}
        if payment["status"] != "pending":
            return payment, {}
        is_waiting = payment["requires_action"] or intent["status"] == "requires_action"
        return payment, {"client_secret": intent["client_secret"], "requires_action": is_waiting}

    def close(self, payment: Payment, buyer: Buyer) -> facts.Facts:
        intent_id = payment["stripe_payment_intent_id"]
        if not intent_id and payment["ui_mode"] == "off_session":
            raise InvalidState("This payment is being charged. Try again in a minute.")
        if not intent_id:
            order = self._orders.get(payment["payment_id"])
            intent_id = self._intents.open_intent(order, buyer)[0]["id"]
        try:
            intent = self._stripe.cancel_payment_intent(intent_id, "requested_by_customer")
        except StripeRejected:  # as above
            intent = self._stripe.retrieve_payment_intent(intent_id)
        return facts.of_payment_intent(intent)


class Invoice:
    """Of a subscription's later month, which Stripe writes."""

    def __init__(self, stripe: StripeApi, orders: Orders) -> None:
        self._stripe = stripe
        self._orders = orders

    def refresh(self, payment: Payment, buyer: Buyer) -> tuple[Payment, ToFinish]:
        learnt = inquiry.ask(self._stripe, payment)
        return self._orders.record(learnt) if learnt else payment, {}

    def close(self, payment: Payment, buyer: Buyer) -> facts.Facts:
        raise InvalidState("This belongs to a subscription: cancel that.")


def by_ui_mode(
    stripe: StripeApi, orders: Orders, checkout: Checkout, intents: Intents
) -> dict[str, Counterpart]:
    """The counterpart of each of a payment's ui_modes."""
    session, intent = Session(stripe, orders, checkout), Intent(stripe, orders, intents)
    return {
        "hosted": session,
        "embedded": session,
        "elements": intent,
        "off_session": intent,
        "invoice": Invoice(stripe, orders),
    }
