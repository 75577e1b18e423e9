"""python -m tests.model.soak [--ops 100000] [--seed N] [--workers N]

Plays that many random operations on real books, game after game, and compares with the model after
each one. A worker takes a chunk at a time, in new books, which are audited at its end. Prints
progress, rate and seed. A game that is lost is shrunk and printed. Ctrl-C ends it well: what was
played until then counts.
"""

import argparse
import os
import platform
import secrets
import signal
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.ledger.books import Server, running_server
from tests.model.play import drawn_game, failure, shrunk, table
from tests.sandbox_process import port_range

GAME_OPERATIONS = 60
CHUNK_GAMES = 50
PROGRESS_SECONDS = 10
IGNORE_CTRL_C = (signal.SIGINT, signal.SIG_IGN)


class GameLost(Exception):
    """Carries the difference, and the shortest game found that shows it."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model.soak")
    parser.add_argument("--ops", type=int, default=100_000, metavar="N")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), metavar="N")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args()
    print(f"{asked.ops:,} operations, seed {asked.seed}, {asked.workers} workers", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="topup-soak-") as folder,
        running_server(port_range(6), Path(folder) / "data") as server,
    ):
        began = time.monotonic()
        played, lost = soak(server, asked.ops, asked.seed, asked.workers)
        seconds = time.monotonic() - began
        rate = f"{seconds:,.0f} s, {played / seconds:,.0f} operations a second"
        print(f"{played:,} operations agreed with the model: seed {asked.seed}, {rate}")
        print(machine(server))
        if lost:
            print(f"LOST: {lost}", file=sys.stderr, flush=True)
    return 1 if lost else 0


def soak(server: Server, operations: int, seed: int, workers: int) -> tuple[int, str]:
    """How many operations agreed, and the game that was lost, if one was."""
    chunks = -(-operations // (CHUNK_GAMES * GAME_OPERATIONS))
    # Ctrl-C reaches everybody in the terminal; here alone it is decided what it means.
    with ProcessPoolExecutor(workers, initializer=signal.signal, initargs=IGNORE_CTRL_C) as pool:
        jobs = [pool.submit(play_chunk, server, f"{seed}/{nth}") for nth in range(chunks)]
        played, began, shown = 0, time.monotonic(), 0.0
        try:
            for job in as_completed(jobs):
                played += job.result()
                seconds = time.monotonic() - began
                if seconds > shown + PROGRESS_SECONDS:
                    shown = seconds
                    print(f"  {played:>12,}  {played / seconds:,.0f}/s", flush=True)
        except KeyboardInterrupt:
            return played, ""
        except (GameLost, AssertionError) as lost:
            return played, str(lost)
        finally:
            pool.shutdown(cancel_futures=True)
    return played, ""


def play_chunk(server: Server, seed: str) -> int:
    """So many games in new books; returns the number of operations. Raises GameLost."""
    with server.copy() as books, table(books) as game_table:
        for nth in range(CHUNK_GAMES):
            drawn = drawn_game(f"{seed}/{nth}", GAME_OPERATIONS)
            try:
                game_table.replay(drawn, audits=False)
            except AssertionError as error:
                shortest = failure(game_table, shrunk(game_table, drawn))
                raise GameLost(f"game {seed}/{nth}: {shortest or error}") from None
    return CHUNK_GAMES * GAME_OPERATIONS


def machine(server: Server) -> str:
    """Its size, in words."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    with server.copy() as books:
        version = books.one("show server_version")
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, "
        f"Postgres {version}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
