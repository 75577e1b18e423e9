"""One change is held up in the middle, while another begins."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.ledger.books import Books, Desk

PATIENCE_SECONDS = 20
WAITING = "select count(*) from pg_stat_activity where datname = %s and wait_event_type = 'Lock'"


@contextmanager
def held_up(books: Books, statement: str, action: Callable[[Desk], Any]) -> Iterator[list[Any]]:
    """Runs `statement` and keeps it uncommitted, begins the action, and goes on when that waits for
    it. At the end it is committed, and the list gets the action's answer."""
    answers: list[Any] = []
    with books.connect("postgres") as owner, books.desk() as desk, ThreadPoolExecutor(1) as other:
        with owner.transaction():
            owner.execute(statement.encode())
            begun = other.submit(action, desk)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not books.one(WAITING, books.name):
                assert time.monotonic() < deadline, "nobody waits"
                time.sleep(0.01)
            yield answers
        answers.append(begun.result(PATIENCE_SECONDS))
