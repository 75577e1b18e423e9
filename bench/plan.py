"""What is compared with what.

Three groups, each measured in rounds of its own: the goals (spend beside the smallest function),
the paths (each operation through more and more of the stack) and growth (one user's history).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bench import http_load
from bench.operations import (
    OPERATIONS,
    Orders,
    event_template,
    facts_template,
    through_backend,
    through_postgrest,
)
from bench.pgbench import CLIENTS, Pgbench
from bench.rounds import Run, Scenario
from bench.seed import USER_NAME, USERS, user_id
from sandbox.settings import read_settings

PATHS = ("pgbench", "PostgREST", "gateway, PostgREST", "backend, gateway, PostgREST")
# Users with the shortest history are many, so that they keep it while they spend.
SHORT_HISTORY_USERS = 500


@dataclass(frozen=True)
class Effort:
    """How often and how long; short runs that alternate often beat long ones."""

    goal_rounds: int
    path_rounds: int
    path_seconds: int
    growth_rounds: int
    histories: tuple[int, int, int]  # ledger rows of one user
    orders: int  # each webhook pays one, until there are no more

    goal_seconds: int = 2
    growth_calls: int = 500


FULL = Effort(11, 5, 2, 7, (10, 10_000, 1_000_000), orders=60_000)
QUICK = Effort(5, 2, 1, 3, (10, 1_000, 100_000), orders=20_000)


def goals(pgbench: Pgbench, effort: Effort) -> list[Scenario]:
    """spend and the smallest function, over the whole crowd and on one user of it."""
    scenarios = []
    for who, users in ((f"{USERS:,} users", USERS), ("one user", 1)):
        for script in ("smallest", "spend"):
            run = partial(
                pgbench.run, script, seconds=effort.goal_seconds, name=USER_NAME, users=users
            )
            scenarios.append(Scenario(f"{script}, {who}", f"smallest, {who}", run))
    return scenarios


def paths(env: dict[str, str], pgbench: Pgbench, orders: Orders, effort: Effort) -> list[Scenario]:
    """Each operation by each path; a scenario's name is `operation, path`."""
    base = "smallest, pgbench"
    sql = partial(pgbench.run, seconds=effort.path_seconds, name=USER_NAME, users=USERS)
    scenarios = [
        Scenario(base, base, partial(sql, "smallest")),
        Scenario("spend, pgbench", base, partial(sql, "spend")),
        Scenario("hold + capture, pgbench", base, partial(sql, "hold_capture")),
        Scenario("webhook, pgbench", base, _sql_webhooks(pgbench, orders, effort)),
    ]
    ports = read_settings(int(env["PORT"])).ports
    secret, token = env["SUPABASE_SECRET_KEY"], env["SUPABASE_SERVICE_KEY"]
    direct = through_postgrest("", f"Authorization: Bearer {token}", orders)
    by_gateway = through_postgrest("/rest/v1", f"apikey: {secret}", orders)
    over_http = (
        (ports["postgrest"], direct),
        (ports["gateway"], by_gateway),
        (ports["backend"], through_backend(env, orders)),
    )
    for path, (path_port, calls) in zip(PATHS[1:], over_http, strict=True):
        for operation in OPERATIONS:
            run = partial(http_load.run, path_port, calls[operation], effort.path_seconds)
            scenarios.append(Scenario(f"{operation}, {path}", base, run))
    return scenarios


def _sql_webhooks(pgbench: Pgbench, orders: Orders, effort: Effort) -> Callable[[], Run]:
    """A run that is counted instead of timed: it takes as many orders as it pays."""
    calls_per_client = orders.count // (len(PATHS) * effort.path_rounds * CLIENTS)
    event, facts = event_template(), facts_template()

    def run() -> Run:
        first = orders.take(calls_per_client * CLIENTS)
        return pgbench.run(
            "webhook",
            calls_per_client=calls_per_client,
            first=first,
            turn=0,
            event=event,
            facts=facts,
        )

    return run


def growth(pgbench: Pgbench, effort: Effort) -> list[Scenario]:
    """A spend and a read of the balance by one client, for users of short and long history."""
    scenarios = []
    for script in ("spend", "balance"):
        for rows in effort.histories:
            run = partial(
                pgbench.run,
                script,
                calls_per_client=effort.growth_calls,
                clients=1,
                name=history_name(rows),
                users=history_users(rows, effort),
                options=_as_user(history_name(rows)) if script == "balance" else "",
            )
            base = f"{script}, {effort.histories[0]:,} rows"
            scenarios.append(Scenario(f"{script}, {rows:,} rows", base, run))
    return scenarios


def history_name(rows: int) -> str:
    return f"history{rows}_"


def history_users(rows: int, effort: Effort) -> int:
    return SHORT_HISTORY_USERS if rows == effort.histories[0] else 1


def _as_user(name: str) -> str:
    """PGOPTIONS of a connection that is what PostgREST makes of the token of user `<name>1`."""
    claims = json.dumps({"sub": user_id(name, 1)}, separators=(",", ":"))
    return f"-c role=authenticated -c request.jwt.claims={claims}"
