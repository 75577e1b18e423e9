"""What expires, credits and holds: in bounded batches, so that one call fits into a request."""

from collections import Counter
from typing import Any

from backend.gateways.supabase import Database

BATCH = 500
BATCHES_MAX = 10


class Upkeep:
    """Each answer counts what was done; `done` is false when there is more for the next call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def expire_credits(self) -> dict[str, Any]:
        """{users, credits, done}."""
        return self._in_batches("expire_credits", counted="users")

    def release_holds(self) -> dict[str, Any]:
        """{expired, done}."""
        return self._in_batches("expire_holds", counted="expired")

    def _in_batches(self, function: str, counted: str) -> dict[str, Any]:
        total: Counter[str] = Counter()
        for _ in range(BATCHES_MAX):
            batch = self._database.as_service(function, limit=BATCH)
            total.update(batch)
            if batch[counted] == 0:
                return {**total, "done": True}
        return {**total, "done": False}
