"""Payment inside the page: a payment intent for the Payment Element, or for a saved card."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from backend.config import Settings
from backend.errors import InvalidState, NotFound
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import CardRefused, StripeRejected
from backend.services import facts
from backend.services.checkout import metadata_of
from backend.services.customers import Buyer
from backend.services.idempotency import Attempt
from backend.services.orders import Order, Orders, Wish

# How long an unfinished payment is offered to the buyer; `cleanup` cancels its intent after that.
INTENT_LIFETIME = timedelta(days=1)

# What the card networks are told of a card that is kept, and of one that is charged when credits
# run low: no fixed time, no fixed amount. https://docs.stripe.com/payments/cards/save-and-reuse
KEEPS_CARD = {"card": {"setup_credential_usage": "unscheduled"}}
CHARGES_KEPT_CARD = {"card": {"stored_credential_usage": "unscheduled"}}


class Intents:
    def __init__(self, settings: Settings, stripe: StripeApi, orders: Orders) -> None:
        self._settings = settings
        self._stripe = stripe
        self._orders = orders

    def create(
        self,
        buyer: Buyer,
        package_id: str,
        currency: str | None,
        locale: str | None,
        save_payment_method: bool,
        payment_method_id: str | None,
        expected_amount: int | None,
        attempt: Attempt,
    ) -> dict[str, Any]:
        """Order a package and make a payment intent for it; with a saved card, charge it at once:
        what the buyer was shown (expected_amount, minor units) or nothing.

        Answers payment_id, payment_intent_id, client_secret, status (the payment's),
        requires_action (the browser must finish 3D Secure), amount (minor units), currency,
        credits. Raises what Orders.create does, InvalidState (while tax is worked out on Stripe's
        page), CardDeclined {decline_code, payment_id}, StripeFailed, StripeUnavailable.
        """
        if self._settings.automatic_tax:
            raise InvalidState("Taxes are worked out on the payment page. Please pay there.")
        options: dict[str, Any] = {"save_payment_method": save_payment_method}
        if payment_method_id:
            options["payment_method_id"] = payment_method_id
        wish = Wish(package_id, currency, locale, "elements", None, options, expected_amount)
        order = self._orders.create(buyer, wish, attempt)
        if first_answer := (order["answer"] or {}).get("body"):
            return first_answer
        intent_id = order["payment"]["stripe_payment_intent_id"]
        if self._orders.has_moved_money(order) and intent_id:
            intent, payment = self._stripe.retrieve_payment_intent(intent_id), order["payment"]
        else:
            intent, payment = self.open_intent(order, buyer)
        if payment_method_id and payment["status"] == "pending":
            intent, payment = self._charge(intent, payment, payment_method_id)
        return self._orders.answered(buyer, attempt, _answer(intent, payment))

    def open_intent(self, order: Order, buyer: Buyer) -> tuple[dict[str, Any], dict[str, Any]]:
        """Make an order's intent at Stripe, or get the one that was made before; with the payment.

        Raises InvalidState when the order is over, and what StripeApi raises.
        """
        intent = self._orders.place(order, buyer, self._ask)
        payment = self._orders.record(
            facts.of_payment_intent(intent)
            | self._orders.page_of(order["payment"])
            | open_for(INTENT_LIFETIME, order["payment"])
        )
        if payment["stripe_payment_intent_id"] != intent["id"]:
            # It has one already, of a customer who is gone: money for a second would be refused.
            with suppress(StripeRejected):
                self._stripe.cancel_payment_intent(intent["id"], "duplicate")
            raise InvalidState("This payment can't be continued. Start a new one.")
        return intent, payment

    def _ask(self, order: Order, customer_id: str) -> dict[str, Any]:
        """Nothing but the order decides what is asked, so that asking again is asking the same."""
        params = intent_params(order, customer_id)
        if order["options"].get("save_payment_method"):
            params["setup_future_usage"] = "off_session"
            params["payment_method_options"] = KEEPS_CARD
        return self._stripe.create_payment_intent(
            params, f"payment-intent-{order['payment']['payment_id']}-{customer_id}"
        )

    def _charge(
        self, intent: dict[str, Any], payment: dict[str, Any], payment_method_id: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Confirm with a saved card while the buyer is there. What is paid is never charged again:
        Stripe refuses to confirm it, and then it is looked at instead."""
        params = {
            "payment_method": payment_method_id,
            "use_stripe_sdk": True,
            "return_url": self._orders.page_of(payment)["payment_url"],  # from a bank's own page
        }
        try:
            intent = self._stripe.confirm_payment_intent(intent["id"], params)
        except CardRefused as refusal:
            if refusal.intent:
                payment = self._orders.record(facts.of_payment_intent(refusal.intent))
                refusal.members["payment_id"] = payment["payment_id"]
            raise
        except StripeRejected as rejection:
            intent = self._stripe.retrieve_payment_intent(intent["id"])
            if intent["status"] == "requires_payment_method":
                self._note_lost_card(payment_method_id)
                raise NotFound("There is no such card.") from rejection
        return intent, self._orders.record(facts.of_payment_intent(intent))

    def _note_lost_card(self, payment_method_id: str) -> None:
        """It was taken away at Stripe, and the event about that was lost."""
        with suppress(StripeRejected):
            card = self._stripe.retrieve_payment_method(payment_method_id)
            self._orders.record(facts.of_payment_method(card) or {})


def intent_params(order: Order, customer_id: str) -> dict[str, Any]:
    """The part of stripe.params.PaymentIntentCreateParams that every intent of ours has."""
    payment, product = order["payment"], order["product"]
    return {
        "amount": payment["amount"],
        "currency": payment["currency"],
        "customer": customer_id,
        "description": product["name"],
        # All other methods belong to Stripe's own page (docs/decisions/28).
        "allowed_payment_method_types": ["card"],
        "metadata": metadata_of(payment),
    }


def open_for(lifetime: timedelta, payment: dict[str, Any]) -> facts.Facts:
    """Until when the buyer can finish a payment: Stripe itself keeps an intent for ever."""
    ends_at = datetime.fromisoformat(payment["created_at"]) + lifetime
    return {"expires_at": ends_at.isoformat()}


def _answer(intent: dict[str, Any], payment: dict[str, Any]) -> dict[str, Any]:
    return {
        "payment_id": payment["payment_id"],
        "payment_intent_id": intent["id"],
        "client_secret": intent["client_secret"],
        "status": payment["status"],
        "requires_action": intent["status"] == "requires_action",
        "amount": payment["amount"],
        "currency": payment["currency"],
        "credits": payment["credits"],
    }
