"""Starts the parts, watches them, and stops them all when one ends or somebody asks."""

import signal
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from sandbox import demo_accounts, instance, welcome
from sandbox.credentials import ensure_credentials
from sandbox.environment import environment
from sandbox.migrations import apply_migrations
from sandbox.part import Part, RunningPart
from sandbox.parts import auth, backend, gateway, postgres, postgrest, stripe
from sandbox.ports import check_ports
from sandbox.settings import SandboxError, Settings
from sandbox.signing_keys import ensure_signing_keys

# These take a while to load and need no database for that: they do it while it gets ready.
LOADING = {
    "auth": auth.part,
    "gateway": gateway.part,
    "stripe": stripe.part,
}
# What `up` brings up; the migrations are no program, but can be left out like one.
PARTS = {"postgres", "migrations", *LOADING, "postgrest", "backend"}
READY_SECONDS_MAX = 60
# After a kill -9 of the last supervisor its parts may still be stopping.
LEFTOVER_SECONDS_MAX = 15
POLL_SECONDS = 0.03
WATCH_SECONDS = 0.2


def run(settings: Settings, wanted: set[str]) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises SandboxError when a part cannot start or ends."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with instance.sole_instance(settings.data):
        patience = LEFTOVER_SECONDS_MAX if instance.was_killed(settings.data) else 0
        check_ports(settings, wanted, patience)
        instance.announce(settings.data, settings.port, ready=False)
        supervisor = Supervisor(settings.logs)
        try:
            _start(supervisor, settings, wanted)
            instance.announce(settings.data, settings.port, ready=True)
            supervisor.watch()
        except KeyboardInterrupt:
            print("\nstopping …", flush=True)
        finally:
            supervisor.stop()


class Supervisor:
    """The running parts, in the order they were started."""

    def __init__(self, logs: Path) -> None:
        logs.mkdir(exist_ok=True, mode=0o700)
        self.logs = logs
        self.running: list[RunningPart] = []

    def start(self, part: Part) -> RunningPart:
        running = RunningPart(part, self.logs)
        self.running.append(running)
        return running

    def wait_until_ready(self, *parts: RunningPart) -> None:
        deadline = time.monotonic() + READY_SECONDS_MAX
        for running in parts:
            while not running.part.ready():
                self.raise_if_ended()
                if time.monotonic() > deadline:
                    name = running.part.name
                    raise SandboxError(
                        f"{name} was not ready after {READY_SECONDS_MAX} s. {_end_of_log(running)}"
                    )
                time.sleep(POLL_SECONDS)

    def watch(self) -> NoReturn:
        while True:
            self.raise_if_ended()
            time.sleep(WATCH_SECONDS)

    def raise_if_ended(self) -> None:
        for running in self.running:
            code = running.exit_code()
            if code is not None:
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                name = running.part.name
                raise SandboxError(f"{name} ended by itself ({how}). {_end_of_log(running)}")

    def stop(self) -> None:
        """Last started, first stopped; a second Ctrl-C must not leave half of them running."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for running in reversed(self.running):
            running.stop()


def _start(supervisor: Supervisor, settings: Settings, wanted: set[str]) -> None:
    began = time.monotonic()
    print(f"starting the sandbox in {settings.data} …", flush=True)
    credentials = ensure_credentials(settings.data)
    ensure_signing_keys(settings.data, credentials["SUPABASE_JWT_SECRET"])
    env = environment(settings, credentials)

    database = supervisor.start(postgres.part(settings))
    for name, make in LOADING.items():
        if name in wanted:
            supervisor.start(make(settings, env))
    supervisor.wait_until_ready(database)
    postgres.prepare(settings)
    if "migrations" in wanted:
        apply_migrations(settings)
    # Only now: PostgREST reads the schema once when it starts.
    if "postgrest" in wanted:
        supervisor.start(postgrest.part(settings))
    if "backend" in wanted:
        supervisor.start(backend.part(settings, env))
    demo_accounts.ensure_demo_accounts()
    supervisor.wait_until_ready(*supervisor.running)
    print(welcome.text(settings, wanted, time.monotonic() - began), flush=True)


def _end_of_log(running: RunningPart) -> str:
    return f"The end of {running.log}:\n{running.log_tail()}"


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
