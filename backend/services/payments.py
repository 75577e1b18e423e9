"""A user's payments: list, look at, ask Stripe about, cancel."""

from typing import Any

from backend.errors import InvalidState
from backend.gateways.stripe_api import StripeApi, StripeRejected
from backend.gateways.supabase import Database
from backend.services import facts
from backend.services.checkout import Buyer, Checkout

SHOWN = (
    "payment_id", "status", "kind", "package_id", "amount", "amount_refunded", "currency",
    "credits", "credits_refunded", "payment_url", "receipt_url", "error", "created_at", "paid_at",
    "expires_at",
)  # fmt: skip


class Payments:
    """Reads run with the user's own token, so another user's payment does not exist here."""

    def __init__(self, database: Database, stripe: StripeApi, checkout: Checkout) -> None:
        self._database = database
        self._stripe = stripe
        self._checkout = checkout

    def page(
        self, token: str, limit: int, cursor: str | None, status: str | None
    ) -> dict[str, Any]:
        """{payments, next_cursor}, newest first."""
        page = self._database.as_user(
            token, "list_payments", limit=limit, cursor=cursor, status=status
        )
        return {
            "payments": [_shown(payment) for payment in page["rows"]],
            "next_cursor": page["next_cursor"],
        }

    def still_open(self, token: str) -> list[dict[str, Any]]:
        """The payments that can still be finished, newest first."""
        return [_shown(payment) for payment in self._database.as_user(token, "list_open_payments")]

    def get(self, token: str, payment_id: str) -> dict[str, Any]:
        """One payment. Raises NotFound."""
        return _shown(self._get(token, payment_id))

    def refresh(self, token: str, buyer: Buyer, payment_id: str) -> dict[str, Any]:
        """Ask Stripe how the payment stands now, settle it, and answer it.

        This is how credits arrive when the webhook is late or lost, and how an order is finished
        whose process died before Stripe's answer was written down. Raises NotFound.
        """
        payment = self._get(token, payment_id)
        session_id = payment["stripe_checkout_session_id"]
        if session_id:
            session = self._stripe.retrieve_checkout_session(session_id)
            return self._record(facts.of_checkout_session(session))
        if payment["status"] == "pending":
            self._checkout.open_session(self._order(payment_id), buyer)
            return self.get(token, payment_id)
        return _shown(payment)

    def cancel(self, token: str, buyer: Buyer, payment_id: str) -> dict[str, Any]:
        """Close an open payment at Stripe, so that it can't be paid any more, and answer it.

        Raises NotFound, or InvalidState when money is on its way or has arrived.
        """
        payment = self._get(token, payment_id)
        if payment["status"] == "pending":
            session_id = payment["stripe_checkout_session_id"]
            if not session_id:
                session_id = self._checkout.open_session(self._order(payment_id), buyer)["id"]
            payment = self._record(self._close(session_id))
        if payment["status"] not in ("canceled", "expired", "failed"):
            raise InvalidState("This payment can't be canceled any more.")
        return _shown(payment)

    def _close(self, session_id: str) -> facts.Facts:
        try:
            session = self._stripe.expire_checkout_session(session_id)
        except StripeRejected:
            # Not open any more: paid in another tab, or expired by itself.
            return facts.of_checkout_session(self._stripe.retrieve_checkout_session(session_id))
        return facts.of_checkout_session(session) | {"ended": "canceled"}

    def _get(self, token: str, payment_id: str) -> dict[str, Any]:
        return self._database.as_user(token, "get_payment", payment_id=payment_id)

    def _order(self, payment_id: str) -> dict[str, Any]:
        return self._database.as_service("get_order", payment_id=payment_id)

    def _record(self, learnt: facts.Facts) -> dict[str, Any]:
        return _shown(self._database.as_service("record_facts", facts=learnt))


def _shown(payment: dict[str, Any]) -> dict[str, Any]:
    return {name: payment[name] for name in SHOWN}
