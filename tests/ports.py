"""Seven ports in a row that nobody uses, one range for each sandbox that a test run starts."""

import os
import socket

RANGE = 7
FIRST, LAST = 21000, 29000


def free_range() -> int:
    """The first port of a free range; parallel workers look in different places."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    start = FIRST + worker * 1000 + os.getpid() % 100 * RANGE
    for first in range(start, LAST, RANGE):
        if all(_is_free(port) for port in range(first, first + RANGE)):
            return first
    raise RuntimeError(f"no {RANGE} free ports in a row between {start} and {LAST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
