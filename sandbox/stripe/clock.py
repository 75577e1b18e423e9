"""Stripe's time, in seconds since the epoch. It can be moved ahead, for all of the sandbox at once
(`move_to`) or for the customers of one test clock (`at`).

What is between machines (signatures, deliveries, idempotency keys) stays on the wall clock,
`time.time()`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ahead_seconds = 0.0
_frozen_at: ContextVar[float | None] = ContextVar("frozen_at", default=None)


def now() -> int:
    """In whole seconds, as Stripe counts."""
    return int(round(precise(), 3))


def precise() -> float:
    """With fractions, for what is due in a moment."""
    frozen_at = _frozen_at.get()
    return time.time() + _ahead_seconds if frozen_at is None else frozen_at


def ahead_seconds() -> float:
    """How far the sandbox's time was moved."""
    return _ahead_seconds


def set_ahead(seconds: float) -> None:
    global _ahead_seconds
    _ahead_seconds = seconds


def move_to(moment: float) -> None:
    """From now on it is `moment` or later: time passes, and never goes back."""
    set_ahead(max(moment - time.time(), _ahead_seconds))


@contextmanager
def at(moment: float) -> Iterator[None]:
    """In here it is `moment`, and stays so."""
    token = _frozen_at.set(moment)
    try:
        yield
    finally:
        _frozen_at.reset(token)
