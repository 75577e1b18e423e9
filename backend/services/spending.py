"""Spending credits for work: at once, or held before the work and captured after it.

The same verbs serve other servers (routes/spending.py) and an app that mounts its own routes on
this backend (backend/costs.py). Each is one call, one transaction; keys make retries safe.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from backend.errors import IdempotencyConflict, Problem, ValidationError
from backend.gateways.supabase import Database

HOLD_TTL_SECONDS = 900
QUANTITY_MAX = 1_000_000_000  # as in SQL, which can't even read what is beyond 64 bit


class Hold:
    """Credits reserved for one piece of work; capture them, or leave the block and lose nothing."""

    def __init__(self, spending: "Spending", answer: dict[str, Any]) -> None:
        self._spending = spending
        self.id: str = answer["hold_id"]
        self.answer = answer
        self.is_captured = False

    def capture(self, quantity: int | None = None) -> dict[str, Any]:
        """Spend `quantity` units of what is held, all of it without one; the rest is released."""
        captured = self._spending.capture(self.id, quantity)
        self.is_captured = True
        return captured


class Spending:
    """Raises InsufficientCredits (required, available), Forbidden, NotFound, ValidationError,
    IdempotencyConflict, InvalidState, DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spend(
        self,
        user_id: str,
        feature: str,
        quantity: int,
        idempotency_key: str,
        metadata: dict[str, Any] | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """{transaction_id, amount (credits), balance, available, replayed}."""
        _refuse_out_of_bounds(quantity)
        return self._database.as_service(
            "spend",
            user_id=user_id,
            feature=feature,
            quantity=quantity,
            idempotency_key=idempotency_key,
            metadata=metadata or {},
            request_id=request_id,
        )

    def reserve(
        self,
        user_id: str,
        feature: str,
        quantity: int,
        idempotency_key: str,
        ttl_seconds: int = HOLD_TTL_SECONDS,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """{hold_id, amount (credits), status, expires_at, available, replayed, …}."""
        _refuse_out_of_bounds(quantity)
        return self._database.as_service(
            "hold",
            user_id=user_id,
            feature=feature,
            quantity=quantity,
            ttl_seconds=ttl_seconds,
            idempotency_key=idempotency_key,
            request_id=request_id,
        )

    @contextmanager
    def hold(
        self, user_id: str, feature: str, quantity: int, idempotency_key: str, **options: Any
    ) -> Iterator[Hold]:
        """Hold before the work; release when the block ends without a capture.

        Raises IdempotencyConflict for a key that has been used: one payment, one piece of work.
        """
        held = Hold(self, self.reserve(user_id, feature, quantity, idempotency_key, **options))
        if held.answer["replayed"]:
            raise IdempotencyConflict("This key has been used. Use a new one for new work.")
        try:
            yield held
        except BaseException:
            # What went wrong is told, whether or not this works; a hold ends by itself.
            if not held.is_captured:
                with suppress(Problem):
                    self.release(held.id)
            raise
        if not held.is_captured:
            self.release(held.id)

    def get(self, hold_id: str) -> dict[str, Any]:
        """The hold as it is now."""
        return self._database.as_service("get_hold", hold_id=hold_id)

    def capture(self, hold_id: str, quantity: int | None = None) -> dict[str, Any]:
        """{transaction_id, amount (credits), balance, available, replayed}."""
        if quantity is not None:
            _refuse_out_of_bounds(quantity)
        return self._database.as_service("capture", hold_id=hold_id, quantity=quantity)

    def release(self, hold_id: str) -> dict[str, Any]:
        """{hold_id, status, available, …}."""
        return self._database.as_service("release", hold_id=hold_id)


def _refuse_out_of_bounds(quantity: int) -> None:
    if not 1 <= quantity <= QUANTITY_MAX:
        raise ValidationError.of("quantity", f"Between 1 and {QUANTITY_MAX}.")
