"""One command brings everything up, and nothing stays behind, however it ends."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from sandbox.leash import leashed
from sandbox.settings import SandboxError
from tests.http import HTTP
from tests.sandbox.processes import alive, descendants
from tests.sandbox_process import (
    SandboxDidNotStart,
    launch,
    port_range,
    read_env,
    run_command,
    start_sandbox,
    stop,
    wait_until_ready,
)

PARTS = ("postgres", "postgrest", "auth", "gateway")
GONE_SECONDS_MAX = 20
SECOND_START_SECONDS_MAX = 5


@pytest.fixture(scope="module")
def port() -> int:
    return port_range(2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the whole file: only the first start has a database to make."""
    return tmp_path_factory.mktemp("supervised") / "data"


@contextmanager
def running(port: int, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = launch(port, data, PARTS)
    try:
        wait_until_ready(process, data)
        yield process
    finally:
        stop(process)


def wait_until_gone(pids: set[int]) -> set[int]:
    """Those of `pids` that are still there after a while: none, one hopes."""
    deadline = time.monotonic() + GONE_SECONDS_MAX
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive(pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_of_it(port: int, data: Path, number: signal.Signals) -> None:
    with running(port, data) as process:
        below = descendants(process.pid)
        assert len(below) > len(PARTS)
        assert stop(process, number) == 0
    assert alive(below) == set()


def test_a_killed_supervisor_leaves_no_process_and_the_next_start_works(
    port: int, data: Path
) -> None:
    with running(port, data) as process:
        below = descendants(process.pid)
        process.kill()
        process.wait(10)
        with running(port, data):
            pass
    assert wait_until_gone(below) == set()


def test_what_was_written_survives_a_restart_and_the_second_start_is_quick(
    port: int, data: Path
) -> None:
    with (
        start_sandbox(port, data, PARTS) as first,
        psycopg.connect(first["SUPABASE_DB_URL"]) as database,
    ):
        database.execute("create table public.kept as select 1 as one")
    began = time.monotonic()
    with start_sandbox(port, data, PARTS) as second:
        assert time.monotonic() - began < SECOND_START_SECONDS_MAX
        with psycopg.connect(second["SUPABASE_DB_URL"]) as database:
            assert database.execute("select one from public.kept").fetchone() == (1,)
    assert second == first


def test_postgrest_comes_back_after_postgres_crashed(port: int, data: Path) -> None:
    """One of Postgres' processes is killed: Postgres recovers by itself, cutting everybody off."""
    with start_sandbox(port, data, PARTS) as env:
        key = {"apikey": env["SUPABASE_SECRET_KEY"]}
        with psycopg.connect(env["SUPABASE_DB_URL"]) as database:
            query = "select pid from pg_stat_activity where usename = 'authenticator'"
            pids = [pid for (pid,) in database.execute(query)]
        os.kill(pids[0], signal.SIGKILL)
        deadline = time.monotonic() + GONE_SECONDS_MAX
        status = 0
        while status != 200 and time.monotonic() < deadline:
            status = HTTP.get(f"{env['SUPABASE_URL']}/rest/v1/", headers=key).status_code
        assert status == 200


def test_a_crash_of_one_part_is_named_and_stops_the_rest(port: int, data: Path) -> None:
    process = launch(port, data, PARTS)
    try:
        wait_until_ready(process, data)
        below = descendants(process.pid)
        (gateway,) = [pid for pid in below if b"main.mjs" in _command_line(pid)]
        os.kill(gateway, signal.SIGKILL)
        assert process.wait(GONE_SECONDS_MAX) == 1
    finally:
        stop(process)
    assert "gateway ended by itself (signal 9)" in data.with_name("data.out").read_text()
    assert alive(below) == set()


def test_a_taken_port_is_named_before_anything_starts(port: int, data: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port + 4))
        taken.listen()
        with pytest.raises(SandboxDidNotStart) as error, start_sandbox(port, data, PARTS):
            pass
    assert f"port {port + 4}, meant for postgrest, is taken" in str(error.value)
    assert "PORT=" in str(error.value)


def test_one_folder_has_one_sandbox_and_down_stops_it(port: int, data: Path) -> None:
    with running(port, data) as process:
        second = run_command(data, "up")
        assert (second.returncode, "is running" in second.stderr) == (1, True)
        refused = run_command(data, "reset")
        assert (refused.returncode, "is running" in refused.stderr) == (1, True)
        assert read_env(data)["PORT"] == str(port)
        assert run_command(data, "down").returncode == 0
        assert process.wait(10) == 0
    assert run_command(data, "env").returncode == 1


def test_reset_empties_only_a_folder_of_its_own(data: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    assert run_command(tmp_path, "reset").returncode == 1
    assert (tmp_path / "thesis.txt").exists()
    assert run_command(data, "reset").returncode == 0
    assert not data.exists()


def test_the_environment_is_read_alike_by_a_shell(port: int, data: Path, tmp_path: Path) -> None:
    with start_sandbox(port, data, ("postgres",)) as env:
        dotenv = tmp_path / "env"
        dotenv.write_text(run_command(data, "env").stdout)
        script = f'set -a; . {dotenv}; printf %s "$SUPABASE_DB_URL $STRIPE_WEBHOOK_SECRET"'
        shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=10)
    assert shell.stdout == f"{env['SUPABASE_DB_URL']} {env['STRIPE_WEBHOOK_SECRET']}"


def test_on_a_machine_that_is_no_linux_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match="needs Linux"):
        leashed(["true"], signal.SIGTERM)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""
