"""What happens by itself later: sessions that expire, transfers that arrive, renewals.

Timers are rows, written in the transaction that starts them, so they survive a restart. Those of a
customer with a test clock wait for that clock, all others for the sandbox's time.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext

from . import clock
from .errors import InvalidRequest
from .flows import test_clocks
from .store import Store, Transaction

TICK_SECONDS = 0.25
BATCH_MAX = 100
TIMERS_PER_MOVE_MAX = 50_000

Action = Callable[[Transaction, str], None]


def start(
    tx: Transaction, object_id: str, action: str, due: float, test_clock: str | None = None
) -> None:
    tx.db.execute(
        "insert or replace into timers (object_id, action, due, test_clock) values (?, ?, ?, ?)",
        (object_id, action, due, test_clock),
    )


def stop(tx: Transaction, object_id: str, action: str) -> None:
    tx.db.execute("delete from timers where object_id = ? and action = ?", (object_id, action))


def run_due(store: Store, actions: dict[str, Action], at: float) -> int:
    """Runs what is due in the sandbox's time, in its order, each in a transaction of its own;
    returns how many."""
    for count in range(BATCH_MAX):
        with store.transaction() as tx:
            taken = _take_next(tx, at, None)
            if taken is None:
                return count
            object_id, action, _ = taken
            actions[action](tx, object_id)
    return BATCH_MAX


def move_time(store: Store, actions: dict[str, Action], to: float) -> int:
    """Moves the sandbox's time. What is due on the way runs at its own time. Returns how many."""
    return _run_until(store, actions, to, None)


def run_forever(store: Store, actions: dict[str, Action]) -> None:
    """Ends with the process."""
    while True:
        run_due(store, actions, clock.precise())
        _move_test_clocks(store, actions)
        time.sleep(TICK_SECONDS)


def _move_test_clocks(store: Store, actions: dict[str, Action]) -> None:
    """Those that were told to advance arrive."""
    with store.transaction() as tx:
        moving = test_clocks.advancing(tx)
    for test_clock in moving:
        to = test_clocks.target_of(test_clock)
        _run_until(store, actions, to, test_clock["id"])
        with store.transaction() as tx, clock.at(to):
            test_clocks.arrive(tx, test_clock["id"])


def _run_until(store: Store, actions: dict[str, Action], to: float, test_clock: str | None) -> int:
    for count in range(TIMERS_PER_MOVE_MAX):
        with store.transaction() as tx:
            taken = _take_next(tx, to, test_clock)
            if test_clock is None:
                clock.move_to(taken[2] if taken else to)
                tx.keep_time_moved(clock.ahead_seconds())
            if taken is None:
                return count
            object_id, action, due = taken
            with clock.at(due) if test_clock else nullcontext():
                actions[action](tx, object_id)
    raise InvalidRequest(f"More than {TIMERS_PER_MOVE_MAX} things are due until then.")


def _take_next(
    tx: Transaction, until: float, test_clock: str | None
) -> tuple[str, str, float] | None:
    """The next timer, which is stopped with it: (object, action, due)."""
    row = tx.db.execute(
        "select object_id, action, due from timers where due <= ? and test_clock is ? "
        "order by due, rowid limit 1",
        (until, test_clock),
    ).fetchone()
    if row is None:
        return None
    stop(tx, row["object_id"], row["action"])
    return row["object_id"], row["action"], row["due"]
