"""Faults on order: the next requests that match fail in the way that was asked for.

A fault stands outside the work and its idempotency key, like a failing network or proxy: after
`when: "after"` the work is done and remembered, only the answer is lost. One `when: "during"` is a
failure of Stripe's own: the work is done, and the failure is what its key remembers.
"""

import fnmatch
import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ..errors import RateLimited, ServerError, StripeError

DELAY_SECONDS_MAX = 120.0
TIMES_MAX = 10_000


class Kind(StrEnum):
    STATUS = "status"
    DROP = "drop"
    DELAY = "delay"


class When(StrEnum):
    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class ConnectionDropped(Exception):
    """Close the socket without an answer."""


@dataclass
class Fault:
    """`path` is a pattern (`/v1/checkout/*`), `method` may be `*`, `status` 429 or 5xx."""

    method: str = "*"
    path: str = "/v1/*"
    kind: Kind = Kind.STATUS
    when: When = When.BEFORE
    status: int = 500
    seconds: float = 0.0
    times: int = 1

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Fault":
        """Raises ValueError or TypeError for what makes no sense."""
        fault = cls(**given)
        fault.kind, fault.when = Kind(fault.kind), When(fault.when)
        if not 1 <= fault.times <= TIMES_MAX or not 0 <= fault.seconds <= DELAY_SECONDS_MAX:
            raise ValueError("`times` or `seconds` is out of bounds")
        if fault.when == When.DURING and fault.kind != Kind.STATUS:
            raise ValueError("during the work there are errors alone")
        return fault

    def matches(self, method: str, path: str, when: When) -> bool:
        return (
            self.when == when
            and fnmatch.fnmatchcase(method, self.method)
            and fnmatch.fnmatchcase(path, self.path)
        )

    def strike(self, cleared: threading.Event) -> None:
        """Sleeps until the faults are cleared, raises the error to answer with, or
        ConnectionDropped."""
        if self.kind is Kind.DELAY:
            cleared.wait(self.seconds)
        elif self.kind is Kind.DROP:
            raise ConnectionDropped
        else:
            raise _error(self.status)


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._cleared = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def described(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, method: str, path: str, when: When) -> tuple[Fault, threading.Event] | None:
        """The first fault that matches, one time less, and what is set when all are cleared."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path, when):
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                    return fault, self._cleared
        return None


def _error(status: int) -> StripeError:
    if status == 429:
        return RateLimited(
            "Request rate limit exceeded. Learn more about rate limits here: "
            "https://docs.stripe.com/rate-limits.",
            code="rate_limit",
        )
    error = ServerError("An unknown error occurred. (The sandbox was told to fail.)")
    error.status = status
    return error
