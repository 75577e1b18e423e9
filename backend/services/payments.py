"""A user's payments: list, look at, ask Stripe about, cancel."""

from typing import Any

from backend.errors import InvalidState
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import Database
from backend.services import facts, inquiry
from backend.services.checkout import Checkout
from backend.services.customers import Buyer
from backend.services.intents import Intents
from backend.services.orders import Orders

SHOWN = (
    "payment_id", "status", "kind", "package_id", "amount", "amount_paid", "amount_discount",
    "amount_tax", "amount_refunded", "currency", "credits", "credits_refunded", "payment_url",
    "receipt_url", "invoice_url", "subscription_id", "ui_mode", "requires_action", "error",
    "created_at", "paid_at", "expires_at",
)  # fmt: skip
IN_PAGE = ("elements", "off_session")


class Payments:
    """Reads run with the user's own token, so another user's payment does not exist here."""

    def __init__(
        self,
        database: Database,
        stripe: StripeApi,
        orders: Orders,
        checkout: Checkout,
        intents: Intents,
    ) -> None:
        self._database = database
        self._stripe = stripe
        self._orders = orders
        self._checkout = checkout
        self._intents = intents

    def page(
        self, token: str, limit: int, cursor: str | None, status: str | None
    ) -> dict[str, Any]:
        """{payments, next_cursor}, newest first."""
        page = self._database.as_user(
            token, "list_payments", limit=limit, cursor=cursor, status=status
        )
        return {
            "payments": [shown(payment) for payment in page["rows"]],
            "next_cursor": page["next_cursor"],
        }

    def still_open(self, token: str) -> list[dict[str, Any]]:
        """The payments that can still be finished, newest first."""
        return [shown(payment) for payment in self._database.as_user(token, "list_open_payments")]

    def get(self, token: str, payment_id: str) -> dict[str, Any]:
        """One payment. Raises NotFound."""
        return shown(self._get(token, payment_id))

    def refresh(self, token: str, buyer: Buyer, payment_id: str) -> dict[str, Any]:
        """Ask Stripe how the payment stands now, settle it, and answer it.

        This is how credits arrive when the webhook is late or lost, and how an order is finished
        whose process died before Stripe's answer was written down. A payment inside the page that
        is still open comes with its client_secret. Raises NotFound.
        """
        payment = self._get(token, payment_id)
        if payment["ui_mode"] in IN_PAGE:
            return self._refresh_intent(payment, buyer)
        if payment["ui_mode"] == "embedded" and payment["status"] == "pending":
            return self._refresh_embedded(payment, buyer)
        if learnt := inquiry.ask(self._stripe, payment):
            return shown(self._orders.record(learnt))
        if payment["status"] == "pending":
            _, payment = self._checkout.open_session(self._orders.get(payment_id), buyer)
        return shown(payment)

    def cancel(self, token: str, buyer: Buyer, payment_id: str) -> dict[str, Any]:
        """Close an open payment at Stripe, so that it can't be paid any more, and answer it.

        Raises NotFound, or InvalidState when money is on its way or has arrived, or when it is a
        subscription's, which is canceled instead.
        """
        payment = self._get(token, payment_id)
        if payment["status"] == "pending":
            payment = self._orders.record(self._close(payment, buyer))
        if payment["status"] not in ("canceled", "expired", "failed"):
            raise InvalidState("This payment can't be canceled any more.")
        return shown(payment)

    def _get(self, token: str, payment_id: str) -> dict[str, Any]:
        return self._database.as_user(token, "get_payment", payment_id=payment_id)

    def _refresh_intent(self, payment: dict[str, Any], buyer: Buyer) -> dict[str, Any]:
        if intent_id := payment["stripe_payment_intent_id"]:
            intent = self._stripe.retrieve_payment_intent(intent_id)
            payment = self._orders.record(facts.of_payment_intent(intent))
        elif payment["status"] == "pending" and payment["ui_mode"] == "elements":
            order = self._orders.get(payment["payment_id"])
            intent, payment = self._intents.open_intent(order, buyer)
        else:
            return shown(payment)
        if payment["status"] != "pending":
            return shown(payment)
        is_waiting = payment["requires_action"] or intent["status"] == "requires_action"
        secret = {"client_secret": intent["client_secret"], "requires_action": is_waiting}
        return shown(payment) | secret

    def _refresh_embedded(self, payment: dict[str, Any], buyer: Buyer) -> dict[str, Any]:
        if session_id := payment["stripe_checkout_session_id"]:
            session = self._stripe.retrieve_checkout_session(session_id)
            payment = self._orders.record(facts.of_checkout_session(session))
        else:
            order = self._orders.get(payment["payment_id"])
            session, payment = self._checkout.open_session(order, buyer)
        if payment["status"] != "pending":
            return shown(payment)
        return shown(payment) | {"client_secret": session["client_secret"]}

    def _close(self, payment: dict[str, Any], buyer: Buyer) -> facts.Facts:
        if payment["ui_mode"] == "invoice":
            raise InvalidState("This belongs to a subscription: cancel that.")
        try:
            if payment["ui_mode"] in IN_PAGE:
                return self._cancel_intent(payment, buyer)
            return self._expire_session(payment, buyer)
        except StripeRejected:
            # Not open any more: paid in another tab, or expired by itself.
            learnt = inquiry.ask(self._stripe, payment)
            if learnt is None:
                raise
            return learnt

    def _cancel_intent(self, payment: dict[str, Any], buyer: Buyer) -> facts.Facts:
        intent_id = payment["stripe_payment_intent_id"]
        if not intent_id and payment["ui_mode"] == "off_session":
            raise InvalidState("This payment is being charged. Try again in a minute.")
        if not intent_id:
            order = self._orders.get(payment["payment_id"])
            intent_id = self._intents.open_intent(order, buyer)[0]["id"]
            payment["stripe_payment_intent_id"] = intent_id
        intent = self._stripe.cancel_payment_intent(intent_id, "requested_by_customer")
        return facts.of_payment_intent(intent)

    def _expire_session(self, payment: dict[str, Any], buyer: Buyer) -> facts.Facts:
        session_id = payment["stripe_checkout_session_id"]
        if not session_id:
            order = self._orders.get(payment["payment_id"])
            session_id = self._checkout.open_session(order, buyer)[0]["id"]
            payment["stripe_checkout_session_id"] = session_id
        session = self._stripe.expire_checkout_session(session_id)
        return facts.of_checkout_session(session) | {"ended": "canceled"}


def shown(payment: dict[str, Any]) -> dict[str, Any]:
    """A payment as the API answers it."""
    return {name: payment[name] for name in SHOWN}
