"""python -m bench [--quick] [--json FILE] [--port PORT]"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import psycopg

from bench import http_load, operations, plan, report, round_trips, seed, shop
from bench.operations import Orders
from bench.pgbench import Pgbench
from bench.plan import Effort
from bench.rounds import alternate
from bench.seed import USERS

# Below the ports that the kernel hands out itself. The sandbox takes seven, the counting two more.
PORT_DEFAULT = 19_000
COUNTED_PORT_OFFSET = 7


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures spending, holds and webhooks beside the smallest credit function, in "
        "a sandbox of its own. Exit code 1: the books do not balance, or calls failed.",
    )
    parser.add_argument("--quick", action="store_true", help="one minute instead of five")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all runs there, too")
    parser.add_argument("--port", type=int, default=PORT_DEFAULT, help="the first of nine ports")
    arguments = parser.parse_args()
    try:
        results = measure(plan.QUICK if arguments.quick else plan.FULL, arguments.port)
    except (shop.BenchError, http_load.Refused) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(report.as_text(results))
    if arguments.json:
        arguments.json.write_text(json.dumps(report.as_json(results), indent=1))
    return 0 if results.is_sound else 1


def measure(effort: Effort, port: int) -> report.Results:
    """Everything, in a sandbox that exists only for this."""
    tell, load_before = Teller(), os.getloadavg()[0]
    tell("starting a sandbox")
    with (
        shop.open_shop(port) as env,
        psycopg.connect(env["SUPABASE_DB_URL"], autocommit=True) as connection,
    ):
        tell(f"seeding {USERS:,} users and {effort.orders:,} orders")
        seed.create_schema(connection)
        seed.seed_crowd(connection, effort.orders)
        seed.settle_down(connection)
        pgbench, orders = Pgbench(env["SUPABASE_DB_URL"]), Orders(effort.orders)
        calls = operations.through_backend(env, orders)
        trips = round_trips.count(env, port + COUNTED_PORT_OFFSET, calls)
        goals = alternate(plan.goals(pgbench, effort), effort.goal_rounds, tell)
        paths = alternate(plan.paths(env, pgbench, orders, effort), effort.path_rounds, tell)

        # Only now: in indexes of a million rows, each spend after a checkpoint finds pages that
        # have to be written to the WAL as a whole, of which the smallest ledger has none.
        tell(f"seeding histories of up to {effort.histories[-1]:,} ledger rows")
        for rows in effort.histories:
            users = plan.history_users(rows, effort)
            seed.seed_users(connection, plan.history_name(rows), users, rows)
        seed.settle_down(connection)
        growth = alternate(plan.growth(pgbench, effort), effort.growth_rounds, tell)

        seed.drop_schema(connection)
        tell("auditing the books")
        broken = connection.execute("select law, subject, detail from private.audit()").fetchall()
        tell("stopping")
    tell("")
    return report.Results(
        effort=effort,
        goals=goals,
        paths=paths,
        growth=growth,
        round_trips=trips,
        broken_laws=[" · ".join(row) for row in broken],
        load_before=load_before,
    )


class Teller:
    """Says on a terminal what is going on; says nothing where nobody watches."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, what: str) -> None:
        if sys.stderr.isatty():
            line = f"{time.monotonic() - self._began:4.0f} s  {what}" if what else ""
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
