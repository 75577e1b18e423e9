"""A user's payments: list, look at, ask Stripe about, cancel."""

from typing import Any

from backend.errors import InvalidState
from backend.gateways.supabase import Database
from backend.services.counterparts import Counterpart
from backend.services.customers import Buyer
from backend.services.orders import Orders

SHOWN = (
    "payment_id", "status", "kind", "package_id", "amount", "amount_paid", "amount_discount",
    "amount_tax", "amount_refunded", "currency", "credits", "credits_refunded", "payment_url",
    "receipt_url", "invoice_url", "subscription_id", "ui_mode", "requires_action", "error",
    "created_at", "paid_at", "expires_at",
)  # fmt: skip


class Payments:
    """Reads run with the user's own token, so another user's payment does not exist here."""

    def __init__(
        self,
        database: Database,
        orders: Orders,
        counterparts: dict[str, Counterpart],
    ) -> None:
        self._database = database
        self._orders = orders
        self._counterparts = counterparts

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
        is still open comes with its client_secret. Raises NotFound, and Forbidden as Counterpart.
        """
        payment = self._get(token, payment_id)
        payment, to_finish = self._counterpart(payment).refresh(payment, buyer)
        return shown(payment) | to_finish

    def cancel(self, token: str, buyer: Buyer, payment_id: str) -> dict[str, Any]:
        """Close an open payment at Stripe, so that it can't be paid any more, and answer it.

        Raises NotFound, or InvalidState when money is on its way or has arrived, or when it is a
        subscription's, which is canceled instead.
        """
        payment = self._get(token, payment_id)
        if payment["status"] == "pending":
            payment = self._orders.record(self._counterpart(payment).close(payment, buyer))
        if payment["status"] not in ("canceled", "expired", "failed"):
            raise InvalidState("This payment can't be canceled any more.")
        return shown(payment)

    def _get(self, token: str, payment_id: str) -> dict[str, Any]:
        return self._database.as_user(token, "get_payment", payment_id=payment_id)

    def _counterpart(self, payment: dict[str, Any]) -> Counterpart:
        return self._counterparts[payment["ui_mode"]]


def shown(payment: dict[str, Any]) -> dict[str, Any]:
    """A payment as the API answers it."""
    return {name: payment[name] for name in SHOWN}
