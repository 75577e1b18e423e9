"""A user's credits: what there is, and how it came about."""

from collections.abc import Iterator
from typing import Any

from backend.gateways.supabase import Database

EXPORT_PAGE_ROWS = 1000


class Credits:
    """Reads run with the user's own token; row security decides what they see."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def balance(self, token: str) -> dict[str, Any]:
        """balance, held, available, lifetime_granted, lifetime_spent, expiring, low_balance,
        low_balance_threshold, updated_at; all in credits."""
        return self._database.as_user(token, "get_credits")

    def transactions(
        self, token: str, limit: int, cursor: str | None, type: str | None
    ) -> dict[str, Any]:
        """{transactions, next_cursor}, newest first."""
        page = self._database.as_user(
            token, "list_transactions", limit=limit, cursor=cursor, type=type
        )
        return {"transactions": page["rows"], "next_cursor": page["next_cursor"]}

    def all_transactions(self, token: str, type: str | None) -> Iterator[dict[str, Any]]:
        """Every transaction, newest first, a page at a time: memory stays flat."""
        cursor = None
        while True:
            page = self.transactions(token, EXPORT_PAGE_ROWS, cursor, type)
            yield from page["transactions"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def usage(self, token: str, start: str, end: str) -> list[dict[str, Any]]:
        """Spending in [start, end) by UTC day and feature: [{period, feature, credits, calls}]."""
        return self._database.as_user(token, "get_usage", **{"from": start, "to": end})

    def forecast(self, token: str) -> dict[str, Any]:
        """{per_day, days_left, empty_on, next_expiry}, by the rule that stands in SQL."""
        return self._database.as_user(token, "get_forecast")

    def events(self, token: str, limit: int) -> list[dict[str, Any]]:
        """What the user should know, newest first: [{id, type, data, created_at}]."""
        return self._database.as_user(token, "list_account_events", limit=limit)

    def set_low_balance_threshold(self, user_id: str, threshold: int) -> dict[str, Any]:
        """{low_balance_threshold}: below this many available credits the user is told so."""
        return self._database.as_service(
            "set_low_balance_threshold", user_id=user_id, threshold=threshold
        )

    def adjust(
        self,
        user_id: str,
        credits: int,
        reason: str,
        expires_at: str | None,
        actor: str,
        idempotency_key: str,
    ) -> dict[str, Any]:
        """An admin gives (a bonus) or takes (an adjustment) `credits`, once per key.

        {transaction_id, amount (signed), balance, available}. Raises NotFound, IdempotencyConflict.
        """
        return self._database.as_service(
            "adjust_credits",
            user_id=user_id,
            credits=credits,
            reason=reason,
            expires_at=expires_at,
            actor=actor,
            idempotency_key=idempotency_key,
        )
