"""python -m tests.model.soak --ops 100000 [--seed N] [--workers 2]

Plays that many random operations on real books, game after game, and compares with the model after
each one; the audit runs every AUDIT_EVERY operations and at the end. Each worker has books of its
own on one Postgres. Prints progress, rate and seed; a game that fails is shrunk and printed, and
its place in the run is all that is needed to play it again.
"""

import argparse
import os
import platform
import secrets
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Manager
from pathlib import Path
from queue import Empty, Queue

from tests.ledger.books import Server, running_server
from tests.model.play import failure, game, shrunk, table
from tests.sandbox_process import port_range

GAME_OPERATIONS = 60
AUDIT_EVERY = 30_000
# Old books make every audit longer; new ones from time to time keep it bearable.
BOOKS_OPERATIONS = 150_000
PROGRESS_SECONDS = 10


class GameLost(Exception):
    """Carries the seed of the game, the difference, and the shortest game found that shows it."""


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
        # Postgres may run as another user, who must get through to the data.
        return soak(server, asked.ops, asked.seed, asked.workers)


def soak(server: Server, operations: int, seed: int, workers: int) -> int:
    began = time.monotonic()
    with Manager() as manager, ProcessPoolExecutor(workers) as pool:
        progress: Queue[int] = manager.Queue()
        share = -(-operations // workers)
        jobs = [
            pool.submit(work, server, share, f"{seed}/{nth}", progress) for nth in range(workers)
        ]
        done = shown = 0
        while done < share * workers and not any(job.done() and job.exception() for job in jobs):
            try:
                done += progress.get(timeout=1)
            except Empty:
                continue
            if time.monotonic() - began > shown:
                shown = time.monotonic() - began + PROGRESS_SECONDS
                print(f"  {done:>12,}  {done / (time.monotonic() - began):,.0f}/s", flush=True)
        for job in jobs:
            if error := job.exception():
                print(f"LOST after {done:,} operations of seed {seed}:\n{error}", file=sys.stderr)
                return 1
    seconds = time.monotonic() - began
    print(
        f"{done:,} operations agreed with the model, and every audit was empty: "
        f"seed {seed}, {seconds:,.0f} s, {done / seconds:,.0f} operations a second\n"
        f"on {machine(server)}"
    )
    return 0


def work(server: Server, operations: int, seed: str, progress: "Queue[int]") -> None:
    """This worker's share, in games; the last one is cut short."""
    done = 0
    while done < operations:
        with server.copy() as books, table(books) as game_table:
            until = min(operations, done + BOOKS_OPERATIONS)
            audited = done
            while done < until:
                length = min(GAME_OPERATIONS, until - done)
                name = f"{seed}/{done}"
                drawn = game(name, length)
                try:
                    game_table.replay(drawn, audits=False)
                    if done - audited >= AUDIT_EVERY:
                        game_table.audit()
                        audited = done
                except AssertionError as error:
                    shortest = failure(game_table, shrunk(game_table, drawn))
                    raise GameLost(f"game {name}: {shortest or error}") from None
                done += length
                progress.put(length)
            game_table.audit()


def machine(server: Server) -> str:
    """Its size, in words."""
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    with server.copy() as books:
        version = books.one("show server_version")
    return (
        f"{os.cpu_count()} cores, {pages * page / 2**30:.0f} GiB of memory, "
        f"Postgres {version}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
