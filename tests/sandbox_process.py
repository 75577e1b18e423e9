"""Runs `python -m sandbox up` for tests, as a person would, and stops it afterwards."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The first start makes a database; a slow machine with busy cores gets time for it.
READY_SECONDS_MAX = 90
STOP_SECONDS_MAX = 60


def port_range(nth: int) -> int:
    """PORT for the nth sandbox (0 to 9) of this pytest worker; nobody else gets the ten after it.

    TEST_PORT moves all of them; the default lies below the ports the kernel hands out itself.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return int(os.environ.get("TEST_PORT", "20000")) + worker * 100 + nth * 10


class SandboxDidNotStart(Exception):
    """Carries all that `up` printed."""


@contextmanager
def start_sandbox(
    port: int, data: Path, only: tuple[str, ...] | None = None
) -> Iterator[dict[str, str]]:
    """Yields the sandbox's environment once everything is ready. `only`: these parts alone."""
    process = launch(port, data, only)
    try:
        wait_until_ready(process, data)
        yield read_env(data)
    finally:
        stop(process, signal.SIGTERM)  # in a shell's background nobody hears Ctrl-C


def launch(port: int, data: Path, only: tuple[str, ...] | None = None) -> subprocess.Popen[bytes]:
    """`up` in a process group of its own; what it prints goes to `<data>.out`."""
    command = [sys.executable, "-m", "sandbox", "up"]
    with _output(data).open("wb") as output:
        return subprocess.Popen(
            command + (["--only", ",".join(only)] if only else []),
            cwd=ROOT,
            env=_environment(data) | {"PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_ready(process: subprocess.Popen[bytes], data: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SandboxDidNotStart(_output(data).read_text())
        if _state(data, process.pid).get("ready"):
            return
        time.sleep(0.05)
    raise SandboxDidNotStart(f"not ready in {READY_SECONDS_MAX} s\n{_output(data).read_text()}")


def stop(process: subprocess.Popen[bytes], with_signal: signal.Signals = signal.SIGINT) -> int:
    """Ask it to stop as Ctrl-C does; returns the exit code."""
    if process.poll() is None:
        process.send_signal(with_signal)
    try:
        return process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS_MAX)
        raise


def run_command(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m sandbox …` on this data folder."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env=_environment(data),
        capture_output=True,
        text=True,
        timeout=STOP_SECONDS_MAX,
    )


def read_env(data: Path) -> dict[str, str]:
    printed = run_command(data, "env")
    if printed.returncode != 0:
        raise SandboxDidNotStart(printed.stderr)
    pairs = (shlex.split(line)[0].partition("=") for line in printed.stdout.splitlines())
    return {name: value for name, _, value in pairs}


def _environment(data: Path) -> dict[str, str]:
    return os.environ | {"SANDBOX_DATA": str(data), "PYTHONUNBUFFERED": "1"}


def _output(data: Path) -> Path:
    return data.with_name(f"{data.name}.out")


def _state(data: Path, pid: int) -> dict[str, object]:
    """What the sandbox says of itself, unless it is the leftover of another process."""
    try:
        state = json.loads((data / "running.json").read_text())
    except FileNotFoundError:
        return {}
    return state if state["pid"] == pid else {}
