"""What happens by itself later: sessions that expire, bank transfers that arrive.

Timers are rows, written in the transaction that starts them, so they survive a restart.
"""

import time
from collections.abc import Callable

from .store import Store, Transaction

TICK_SECONDS = 0.25
BATCH_MAX = 100

Action = Callable[[Transaction, str], None]


def start(tx: Transaction, object_id: str, action: str, due: float) -> None:
    tx.db.execute("insert or replace into timers values (?, ?, ?)", (object_id, action, due))


def stop(tx: Transaction, object_id: str, action: str) -> None:
    tx.db.execute("delete from timers where object_id = ? and action = ?", (object_id, action))


def run_due(store: Store, actions: dict[str, Action], at: float) -> int:
    """Runs what is due, each in a transaction of its own; returns how many."""
    with store.transaction() as tx:
        due = tx.db.execute(
            "select object_id, action from timers where due <= ? order by due limit ?",
            (at, BATCH_MAX),
        ).fetchall()
    for object_id, action in due:
        with store.transaction() as tx:
            stop(tx, object_id, action)
            actions[action](tx, object_id)
    return len(due)


def run_forever(store: Store, actions: dict[str, Action]) -> None:
    """Ends with the process."""
    while True:
        run_due(store, actions, time.time())
        time.sleep(TICK_SECONDS)
