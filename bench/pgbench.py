"""Load on SQL functions with pgbench, which comes with the embedded Postgres.

https://www.postgresql.org/docs/16/pgbench.html
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from bench.rounds import Run, percentile
from bench.seed import SQL
from bench.shop import BenchError
from sandbox.parts.postgres import binaries

CLIENTS = 4
RUN_SECONDS_MAX = 120
# A pool's connections are warm; pgbench opens new ones for each run, and a function is compiled and
# planned in a connection's first calls.
WARM_UP_SHARE = 0.25
# Postgres accounts for the processor time of a connection when its process has been reaped.
REAPED_AFTER_SECONDS = 0.05


class Pgbench:
    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._program = str(binaries() / "pgbench")
        with psycopg.connect(database_url) as connection:
            stat = _stat(connection.info.backend_pid)
        self._postmaster = int(stat[1])

    def run(
        self,
        script: str,
        *,
        seconds: int = 0,
        calls_per_client: int = 0,
        clients: int = CLIENTS,
        options: str = "",
        **variables: object,
    ) -> Run:
        """Run sql/run_<script>.sql for some seconds, the first quarter of which does not count, or
        for some calls, which all do. `options`: PGOPTIONS of each connection. Statements are
        prepared, as PostgREST has them. Raises BenchError."""
        length = ["-T", str(seconds)] if seconds else ["-t", str(calls_per_client)]
        defined = [f"-D{name}={value}" for name, value in variables.items()]
        fixed = ["--no-vacuum", "--protocol=prepared", "--log", "--log-prefix=calls"]
        with tempfile.TemporaryDirectory() as folder:
            cpu_before = self._server_cpu_seconds()
            ran = subprocess.run(
                [self._program, *fixed, *length, f"-c{clients}", f"-Dclients={clients}", *defined,
                 "-f", str(SQL / f"run_{script}.sql"), self._url],
                cwd=folder,
                env={**os.environ, "PGOPTIONS": options},
                capture_output=True,
                text=True,
                timeout=RUN_SECONDS_MAX,
            )  # fmt: skip
            if ran.returncode != 0:
                raise BenchError(f"pgbench {script}:\n{ran.stderr[-2000:]}")
            time.sleep(REAPED_AFTER_SECONDS)
            cpu_seconds = self._server_cpu_seconds() - cpu_before
            lines = "".join(log.read_text() for log in Path(folder).glob("calls.*")).splitlines()
        calls = sorted(_began_and_took(line) for line in lines)
        warm_from = calls[0][0] + int(seconds * WARM_UP_SHARE * 1_000_000)
        warm = [(began, took) for began, took in calls if began >= warm_from]
        took = sorted(took for _, took in warm)
        return Run(
            calls=len(warm),
            seconds=(max(began + took for began, took in warm) - warm[0][0]) / 1_000_000,
            p50_ms=percentile(took, 0.5) / 1000,
            p99_ms=percentile(took, 0.99) / 1000,
            server_cpu_us=cpu_seconds / len(calls) * 1_000_000,
        )

    def _server_cpu_seconds(self) -> float:
        """What connections that have ended took, user and system."""
        stat = _stat(self._postmaster)
        return (int(stat[13]) + int(stat[14])) / os.sysconf("SC_CLK_TCK")


def _began_and_took(line: str) -> tuple[int, int]:
    """In microseconds; a line of the log is client, call, microseconds, script, and its end in
    seconds and microseconds more."""
    fields = line.split()
    took = int(fields[2])
    return int(fields[4]) * 1_000_000 + int(fields[5]) - took, took


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat from the third on, which is the first here; see proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
