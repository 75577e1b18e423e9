"""Idempotency keys, by Stripe's rules. https://docs.stripe.com/api/idempotent_requests

The answer is kept in the transaction of the work itself, so there is no moment in which one exists
without the other. A key is forgotten after a day, by the wall clock.
"""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .errors import IdempotencyError, IdempotencyKeyInUse, InvalidParams
from .store import Transaction

KEPT_SECONDS = 24 * 60 * 60
KEY_LENGTH_MAX = 255


@dataclass(frozen=True)
class Remembered:
    status: int
    body: dict[str, Any]
    request_id: str


class KeysInUse:
    """The keys of requests that are being worked on at this moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: set[str] = set()

    @contextmanager
    def hold(self, key: str | None) -> Iterator[None]:
        if key is None:
            yield
            return
        if len(key) > KEY_LENGTH_MAX:
            raise InvalidParams(f"Idempotency keys have at most {KEY_LENGTH_MAX} characters.")
        with self._lock:
            if key in self._keys:
                raise IdempotencyKeyInUse(
                    "There is currently another in-progress request using this Idempotent Key "
                    f"(that probably means you submitted twice, and the other request is still "
                    f"going through): {key}. Please try again later.",
                    code="idempotency_key_in_use",
                )
            self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)


def fingerprint(method: str, path: str, form: dict[str, Any]) -> str:
    text = json.dumps([method, path, form], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def recall(tx: Transaction, key: str, fingerprint: str) -> Remembered | None:
    """The kept answer. Raises IdempotencyError when the key was used for another request."""
    tx.db.execute(
        "delete from idempotency_keys where created < ?", (int(time.time()) - KEPT_SECONDS,)
    )
    row = tx.db.execute("select * from idempotency_keys where key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != fingerprint:
        raise IdempotencyError(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request."
        )
    return Remembered(row["status"], json.loads(row["body"]), row["request_id"])


def is_remembered(tx: Transaction, key: str) -> bool:
    found = tx.db.execute("select 1 from idempotency_keys where key = ?", (key,)).fetchone()
    return found is not None


def remember(tx: Transaction, key: str, fingerprint: str, answer: Remembered) -> None:
    tx.db.execute(
        "insert into idempotency_keys values (?, ?, ?, ?, ?, ?)",
        (
            key,
            fingerprint,
            answer.status,
            json.dumps(answer.body),
            answer.request_id,
            int(time.time()),
        ),
    )
