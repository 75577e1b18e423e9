"""Which sandbox runs on a data folder: one at most, known to the commands that ask for it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from sandbox.files import read_json, write_json
from sandbox.settings import SandboxError

LOCK = "sandbox.lock"
STATE = "running.json"


@contextmanager
def sole_instance(data: Path) -> Iterator[None]:
    """Hold the data folder. The kernel lets go of it when we end, however we end."""
    # Others may walk through (Postgres under root is one of them), and list nothing.
    data.mkdir(parents=True, exist_ok=True, mode=0o711)
    lock = _try_lock(data)
    if lock is None:
        raise SandboxError(
            f"a sandbox is running on {data} already; `python -m sandbox down` stops it."
        )
    with lock:
        try:
            yield
        finally:
            (data / STATE).unlink(missing_ok=True)


def announce(data: Path, port: int, ready: bool) -> None:
    write_json(data / STATE, {"pid": os.getpid(), "port": port, "ready": ready})


def was_killed(data: Path) -> bool:
    """Whether the last sandbox here ended without cleaning up. Asked before `announce`."""
    return (data / STATE).exists()


def running_instance(data: Path) -> dict[str, Any] | None:
    """`pid`, `port` and `ready` of the sandbox that runs on `data`, if one does."""
    if not (data / LOCK).exists():
        return None
    lock = _try_lock(data)
    if lock is not None:
        lock.close()
        return None
    state: dict[str, Any] | None = read_json(data / STATE)
    return state


def wait_until_stopped(data: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        lock = _try_lock(data)
        if lock is not None:
            lock.close()
            return True
        time.sleep(0.05)
    return False


def _try_lock(data: Path) -> TextIO | None:
    lock = (data / LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
