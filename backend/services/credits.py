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
        updated_at; all in credits."""
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
