"""Many at once: the way to ask whether a law holds under concurrency."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def all_at_once(*actions: Callable[[], Result]) -> list[Result]:
    """Run them on threads that start together; answers in the order given."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], Result]) -> Result:
        start.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def at_once(times: int, action: Callable[[], Result]) -> list[Result]:
    """The same action, `times` together."""
    return all_at_once(*[action] * times)
