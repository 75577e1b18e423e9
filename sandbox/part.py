"""A part of the sandbox: one program, one log, one way to tell that it is ready."""

import http.client
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.leash import leashed
from sandbox.settings import HOST, ROOT

STOP_SECONDS_MAX = 15
LINES_SHOWN = 20  # of the log of a part that ended


@dataclass(frozen=True)
class Part:
    """How to run a part. `env` is all that the program sees besides the machine's own."""

    name: str
    command: list[str]
    ready: Callable[[], bool]
    env: dict[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    # setpriv's options for the program's identity; empty: whoever runs the sandbox.
    identity: tuple[str, ...] = ()
    cwd: Path = ROOT


class RunningPart:
    """A part that was started; what it prints goes to `<name>.log`, anew at each start."""

    def __init__(self, part: Part, logs: Path) -> None:
        self.part = part
        self.log = logs / f"{part.name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                leashed(part.command, part.stop_signal, part.identity),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=part.env,
                cwd=part.cwd,
                # Ctrl-C in the terminal must reach the supervisor alone, which keeps the order.
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        return self.process.poll()

    def stop(self) -> None:
        """Ask it to stop, wait, then leave nothing of its session behind."""
        if self.exit_code() is None:
            self.process.send_signal(self.part.stop_signal)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(STOP_SECONDS_MAX)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def log_tail(self) -> str:
        with self.log.open(encoding="utf-8", errors="replace") as log:
            return "".join(f"    {line}" for line in deque(log, maxlen=LINES_SHOWN)).rstrip()


def answers(port: int, path: str) -> Callable[[], bool]:
    """Ready when GET `path` on `port` is answered with 200."""

    def ready() -> bool:
        connection = http.client.HTTPConnection(HOST, port, timeout=1)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ready
