"""Many desks at once: real connections, opened beforehand, that all begin in the same moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from tests.ledger.books import Books, Desk, Refused
from tests.together import all_at_once

OPENERS = 16


@contextmanager
def crowd(books: Books, size: int) -> Iterator[list[Desk]]:
    with ExitStack() as stack, ThreadPoolExecutor(OPENERS) as openers:
        opened = list(openers.map(lambda _: books.connect(), range(size)))
        yield [Desk(stack.enter_context(connection)) for connection in opened]


def rush(desks: list[Desk], *actions: Callable[[Desk], Any]) -> list[Any]:
    """Each action at its own desk, all at once. Answers in order; a refusal is its code."""
    return all_at_once(
        *(partial(tried, action, desk) for action, desk in zip(actions, desks, strict=True))
    )


def tried(action: Callable[[Desk], Any], desk: Desk) -> Any:
    try:
        return action(desk)
    except Refused as refused:
        return refused.code
