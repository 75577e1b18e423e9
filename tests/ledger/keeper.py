"""Runs the parts that a spend goes through and starts again whichever ends, as a host's init does.

The sandbox's own supervisor stops everything when one part ends, which suits a person at a terminal;
what is asked here is whether the parts find each other again.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from sandbox.credentials import ensure_credentials
from sandbox.environment import environment
from sandbox.part import Part, RunningPart
from sandbox.parts import backend, gateway, postgres, postgrest
from sandbox.settings import Settings
from tests.ledger.books import running_server

READY_SECONDS_MAX = 60
LOOK_SECONDS = 0.05


class Keeper:
    """`restarts` counts the parts that it had to start again."""

    def __init__(self, settings: Settings, env: dict[str, str], logs: Path) -> None:
        self.settings = settings
        self.env = env
        self.restarts = 0
        self._logs = logs
        self._running: dict[str, RunningPart] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=[self._parts()])

    def open(self) -> None:
        self._thread.start()
        self.wait_until_ready()

    def close(self) -> None:
        self._closing.set()
        self._thread.join(READY_SECONDS_MAX)
        for running in reversed(self._running.values()):
            running.stop()

    def wait_until_ready(self) -> None:
        """Every part answers, by itself."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while len(self._running) < len(self._parts()) or not all(
            running.part.ready() for running in list(self._running.values())
        ):
            assert time.monotonic() < deadline, f"not back after {READY_SECONDS_MAX} s"
            time.sleep(LOOK_SECONDS)

    def kill(self, victim: str) -> None:
        os.kill(getattr(self, f"_{victim}")(), signal.SIGKILL)

    def _postmaster(self) -> int:
        return self._running["postgres"].process.pid

    def _postgrest(self) -> int:
        return self._running["postgrest"].process.pid

    def _connection(self) -> int:
        """One of PostgREST's connections; Postgres then takes all others down and recovers."""
        query = "select max(pid) from pg_stat_activity where usename = 'authenticator'"
        deadline = time.monotonic() + READY_SECONDS_MAX
        with psycopg.connect(self.env["SUPABASE_DB_URL"], autocommit=True) as connection:
            while True:  # PostgREST opens them when it needs them
                [pid] = connection.execute(query).fetchone() or [None]
                if pid:
                    return pid
                assert time.monotonic() < deadline, "PostgREST has no connection"
                time.sleep(LOOK_SECONDS)

    def _worker(self) -> int:
        """A gunicorn worker: the newest child of the master."""
        master = self._running["backend"].process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return int(children[-1])

    def _parts(self) -> list[Part]:
        return [
            postgres.part(self.settings),
            postgrest.part(self.settings),
            gateway.part(self.settings, self.env),
            backend.part(self.settings, self.env),
        ]

    def _watch(self, parts: list[Part]) -> None:
        # The kernel stops a part when the thread ends that started it: this one starts them all.
        while not self._closing.wait(LOOK_SECONDS):
            for part in parts:
                running = self._running.get(part.name)
                if running and running.exit_code() is not None:
                    self.restarts += 1
                if running is None or running.exit_code() is not None:
                    self._running[part.name] = RunningPart(part, self._logs)


@contextmanager
def kept_running(port: int, data: Path) -> Iterator[Keeper]:
    with running_server(port, data):
        pass  # makes the database, with its migrations
    settings = Settings(port, data)
    env = environment(settings, ensure_credentials(data))
    keeper = Keeper(settings, env, settings.logs)
    try:
        keeper.open()
        yield keeper
    finally:
        keeper.close()
