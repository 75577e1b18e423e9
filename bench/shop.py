"""A sandbox of the bench's own, started as a person would, gone with its data afterwards."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS_MAX = 90
STOP_SECONDS_MAX = 60
COMMAND_SECONDS_MAX = 30
# As the shop is run in production: gunicorn.conf.py has two workers unless told otherwise.
WORKERS = 2


class BenchError(Exception):
    """Why there is no result; the message carries what the failing program said."""


@contextmanager
def open_shop(port: int) -> Iterator[dict[str, str]]:
    """Starts `python -m sandbox up` on `port` and the six after it; yields its environment."""
    with tempfile.TemporaryDirectory(prefix="topup-bench-") as folder:
        data = Path(folder) / "data"
        own = {"PORT": str(port), "SANDBOX_DATA": str(data), "WEB_CONCURRENCY": str(WORKERS)}
        environment = bare_environment() | own
        output = Path(folder) / "up.out"
        with output.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "sandbox", "up"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield _environment_when_ready(process, environment, output)
        finally:
            _stop(process)


def bare_environment() -> dict[str, str]:
    """What any program needs, and nothing that could lead the load to a real project: for the
    sandbox's backend, an address or key that is set outside wins over the sandbox's own."""
    needed = ("PATH", "HOME", "LANG", "TMPDIR")
    return {name: os.environ[name] for name in needed if name in os.environ}


def _environment_when_ready(
    process: subprocess.Popen[bytes], environment: dict[str, str], output: Path
) -> dict[str, str]:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while "sandbox is up" not in output.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"The sandbox did not start:\n{output.read_text()}")
        time.sleep(0.1)
    printed = subprocess.run(
        [sys.executable, "-m", "sandbox", "env"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
    )
    if printed.returncode != 0:
        raise BenchError(printed.stderr)
    pairs = (shlex.split(line)[0].partition("=") for line in printed.stdout.splitlines())
    return {name: value for name, _, value in pairs}


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)  # in a shell's background nobody hears Ctrl-C
    process.wait(STOP_SECONDS_MAX)
