"""What an admin looks up: anybody's payments, and one user."""

from datetime import datetime
from typing import Any

from backend.config import Settings
from backend.gateways.supabase import Database
from backend.services.payments import SHOWN

SHOWN_TO_ADMINS = (*SHOWN, "user_id", "email", "livemode")
# The newest entries of each list that are shown with a user.
OF_USER = 20
DASHBOARD = "https://dashboard.stripe.com"


class Administration:
    """Sees everybody's rows; the route has asked for an admin."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    def require(self, user_id: str) -> None:
        """Raises Forbidden for whoever is no admin now, whatever his token says."""
        self._database.as_service("require_admin", user_id=user_id)

    def payments(
        self,
        *,
        limit: int,
        cursor: str | None,
        query: str | None,
        status: str | None,
        user_id: str | None,
        currency: str | None,
        start: datetime | None,
        end: datetime | None,
        disputed: bool,
    ) -> dict[str, Any]:
        """{payments, next_cursor}, newest first: those of which all that is given holds.

        `query` is any id of the payment or its user, ours or Stripe's, or his e-mail address.
        Raises ValidationError for a cursor that is no payment's.
        """
        page = self._database.as_service(
            "search_payments",
            limit=limit,
            cursor=cursor,
            query=query,
            status=status,
            user_id=user_id,
            currency=currency.lower() if currency else None,
            **{"from": _text(start), "to": _text(end)},
            disputed=disputed,
        )
        return {
            "payments": [_shown(payment) for payment in page["rows"]],
            "next_cursor": page["next_cursor"],
        }

    def user(self, user_id: str) -> dict[str, Any]:
        """The user, his credits, his newest payments and transactions, subscriptions and cards.

        Raises NotFound. Somebody who was erased from Auth is still found by what he has bought.
        """
        account = self._database.as_service(
            "get_user_account", user_id=user_id, livemode=self._settings.livemode, limit=OF_USER
        )
        return account | {"payments": [_shown(payment) for payment in account["payments"]]}


def _shown(payment: dict[str, Any]) -> dict[str, Any]:
    """As its buyer sees it, and whose it is, its names at Stripe and what was given back."""
    dashboard = DASHBOARD if payment["livemode"] else f"{DASHBOARD}/test"
    intent_id = payment["stripe_payment_intent_id"]
    url = f"{dashboard}/payments/{intent_id}" if intent_id else None
    return {name: payment[name] for name in SHOWN_TO_ADMINS} | {
        "session_id": payment["stripe_checkout_session_id"],
        "payment_intent_id": intent_id,
        "invoice_id": payment["stripe_invoice_id"],
        "url": url,
        # Stripe shows a refund on its payment's page; a dispute has one of its own.
        "refunds": [refund | {"url": url} for refund in payment["refunds"]],
        "disputes": [
            dispute | {"url": f"{dashboard}/disputes/{dispute['id']}"}
            for dispute in payment["disputes"]
        ],
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
