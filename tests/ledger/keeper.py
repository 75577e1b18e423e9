"""Runs the parts that a spend goes through and starts again whichever ends, as a host's init does.

The sandbox's own supervisor stops everything when one part ends, which suits a person at a terminal;
what is asked here is whether the parts find each other again.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
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
    def __init__(self, settings: Settings, env: dict[str, str], logs: Path) -> None:
        self.settings = settings
        self.env = env
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
        wait_until(
            lambda: (
                len(self._running) == len(self._parts())
                and all(running.part.ready() for running in list(self._running.values()))
            ),
            "not ready",
        )

    def kill(self, victim: str) -> int:
        """Returns the id of the process that was killed, once another does its work. It is the
        oldest: of two workers, the one that those connect to who have lost the other."""
        wait_until(lambda: bool(self.pids(victim)), f"no {victim}")
        before = self.pids(victim)
        killed = before[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{killed}").exists(), "not gone")
        wait_until(lambda: bool(set(self.pids(victim)) - set(before)), "not replaced")
        self.wait_until_ready()
        return killed

    def pids(self, victim: str) -> list[int]:
        """The processes that do this work, the oldest first."""
        return list(getattr(self, f"_{victim}")())

    def _postmaster(self) -> list[int]:
        return [self._running["postgres"].process.pid]

    def _postgrest(self) -> list[int]:
        return [self._running["postgrest"].process.pid]

    def _connection(self) -> list[int]:
        """PostgREST's; when one is killed, Postgres takes all others down and recovers."""
        query = "select pid from pg_stat_activity where usename = 'authenticator' order by pid"
        try:
            with psycopg.connect(self.env["SUPABASE_DB_URL"], autocommit=True) as connection:
                return [pid for (pid,) in connection.execute(query)]
        except psycopg.OperationalError:
            return []

    def _worker(self) -> list[int]:
        """The children of gunicorn's master."""
        master = self._running["backend"].process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return [int(pid) for pid in children]

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
                if running is None or running.exit_code() is not None:
                    self._running[part.name] = RunningPart(part, self._logs)


def wait_until(happened: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not happened():
        assert time.monotonic() < deadline, f"{otherwise} after {READY_SECONDS_MAX} s"
        time.sleep(LOOK_SECONDS)


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
