"""The log of API requests, newest last, for tests to look at."""

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

KEPT_MAX = 5_000


@dataclass
class Entry:
    request_id: str
    at: float
    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    stripe_version: str | None = None
    by_browser: bool = False
    status: int | None = None
    replayed: bool = False
    fault: str | None = None
    response: dict[str, Any] | None = None


class RequestLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT_MAX)

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)

    def find(self, *, method: str | None = None, path: str | None = None) -> list[dict[str, Any]]:
        """Entries of a method and of paths that begin with `path`."""
        with self._lock:
            entries = list(self._entries)
        return [
            _described(entry)
            for entry in entries
            if method in (None, entry.method) and entry.path.startswith(path or "")
        ]

    def take(self) -> list[dict[str, Any]]:
        """All of them, which are forgotten with that."""
        with self._lock:
            entries = list(self._entries)
            self._entries.clear()
        return [_described(entry) for entry in entries]


def _described(entry: Entry) -> dict[str, Any]:
    return dict(vars(entry))  # asdict() would copy every answer, member by member
