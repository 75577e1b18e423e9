"""Deliveries that wait, are held back, or are done: one row for each event and endpoint.

`status`: pending (will be sent when due), sending, succeeded, failed (given up), held (until it is
released), dropped (never sent by itself). Any of them can be sent again.
"""

import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ..ids import new_id
from ..store import Object, Transaction

COPIES_MAX = 100


class Mode(StrEnum):
    """What becomes of new deliveries."""

    LIVE = "live"
    HOLD = "hold"
    DROP = "drop"


# What older endpoints never hear of.
FIRST_VERSION_OF_EVENTS = {"invoice_payment.paid": "2025-03-31"}
STATUS_OF_NEW = {Mode.LIVE: "pending", Mode.HOLD: "held", Mode.DROP: "dropped"}


@dataclass
class Policy:
    """Set from the console or by tests; a restart begins with the default again."""

    mode: Mode = Mode.LIVE
    copies: int = 1

    def described(self) -> dict[str, Any]:
        return asdict(self)


policy = Policy()


def enqueue(tx: Transaction, event: Object) -> int:
    """One delivery (or `policy.copies`) to every endpoint that listens; returns how many listen."""
    endpoints = [e for e in tx.select("webhook_endpoint") if _listens(e, event["type"])]
    at = time.time()
    for endpoint in endpoints:
        for _ in range(policy.copies):
            tx.has_queued_mail = True
            tx.db.execute(
                "insert into deliveries values (?, ?, ?, ?, ?, 0, ?, null, null, null, ?, ?)",
                (
                    new_id("dlv"),
                    event["id"],
                    event["type"],
                    endpoint["id"],
                    STATUS_OF_NEW[policy.mode],
                    at,
                    at,
                    at,
                ),
            )
    return len(endpoints)


def find(
    tx: Transaction,
    *,
    ids: list[str] | None = None,
    status: str | None = None,
    event_type: str | None = None,
    event_id: str | None = None,
    limit: int = 500,
) -> list[dict[str, Any]]:
    """Newest first."""
    clauses, values = ["true"], []
    for column, value in (("status", status), ("event_type", event_type), ("event_id", event_id)):
        if value is not None:
            clauses.append(f"{column} = ?")
            values.append(value)
    if ids is not None:
        clauses.append(f"id in ({', '.join('?' * len(ids))})")
        values += ids
    rows = tx.db.execute(
        f"select * from deliveries where {' and '.join(clauses)} order by rowid desc limit ?",
        (*values, limit),
    )
    return [dict(row) for row in rows]


def claim_due(tx: Transaction, at: float, limit: int) -> list[str]:
    """Marks what is due as `sending` and returns its ids, oldest first."""
    rows = tx.db.execute(
        "select id from deliveries where status = 'pending' and due <= ? "
        "order by due, rowid limit ?",
        (at, limit),
    ).fetchall()
    ids = [row["id"] for row in rows]
    set_status(tx, ids, "sending")
    return ids


def set_status(tx: Transaction, ids: list[str], status: str) -> None:
    tx.db.executemany("update deliveries set status = ? where id = ?", [(status, i) for i in ids])


def resume(tx: Transaction) -> None:
    """What was under way when the last process ended is sent again."""
    tx.db.execute("update deliveries set status = 'pending' where status = 'sending'")


def unacknowledged(tx: Transaction, event_id: str) -> int:
    """How many endpoints have not taken this event yet: its `pending_webhooks`."""
    row = tx.db.execute(
        "select count(distinct endpoint_id) from deliveries d where event_id = ? and not exists "
        "(select 1 from deliveries s where s.event_id = d.event_id "
        "and s.endpoint_id = d.endpoint_id and s.status = 'succeeded')",
        (event_id,),
    ).fetchone()
    return int(row[0])


def _listens(endpoint: Object, event_type: str) -> bool:
    wanted = endpoint["enabled_events"]
    version = endpoint["api_version"]
    is_known = version is None or version >= FIRST_VERSION_OF_EVENTS.get(event_type, "")
    is_wanted = "*" in wanted or event_type in wanted
    return endpoint["status"] == "enabled" and is_known and is_wanted
