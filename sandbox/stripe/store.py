"""Every object by its id, as JSON in SQLite, changed in whole transactions only.

Keys that begin with an underscore are the stand-in's own notes on an object (a card's number, what
a session will put on its intent); `public` takes them off before anything leaves.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .settings import Settings

Object = dict[str, Any]
NOTHING: Mapping[str, Any] = MappingProxyType({})

SCHEMA = """
create table if not exists objects (
    seq integer primary key autoincrement,
    id text not null unique,
    type text not null,
    created integer not null,
    body text not null
) strict;
create index if not exists objects_by_type on objects (type, seq);
create index if not exists objects_by_customer
    on objects (type, json_extract(body, '$.customer'));
create index if not exists objects_by_intent
    on objects (type, json_extract(body, '$.payment_intent'));
create index if not exists objects_by_hidden_intent
    on objects (type, json_extract(body, '$._intent'));
create index if not exists objects_by_charge
    on objects (type, json_extract(body, '$.charge'));

create table if not exists idempotency_keys (
    key text primary key,
    fingerprint text not null,
    status integer not null,
    body text not null,
    request_id text not null,
    created integer not null
) strict;

create table if not exists timers (
    object_id text not null,
    action text not null,
    due real not null,
    test_clock text,
    primary key (object_id, action)
) strict;

create table if not exists time_moved (
    id integer primary key check (id = 1),
    ahead_seconds real not null
) strict;

create table if not exists deliveries (
    id text primary key,
    event_id text not null,
    event_type text not null,
    endpoint_id text not null,
    status text not null,
    attempts integer not null,
    due real not null,
    response_status integer,
    response_body text,
    error text,
    created real not null,
    updated real not null
) strict;
create index if not exists deliveries_by_status on deliveries (status, due);
create index if not exists deliveries_by_event on deliveries (event_id);
"""


@dataclass(frozen=True)
class Cause:
    """What made a change: an API request, or (both None) the buyer or time itself."""

    request_id: str | None = None
    idempotency_key: str | None = None
    from_browser: bool = False  # by Stripe.js, with the publishable key


class Store:
    """One connection and one lock: a transaction takes well under a millisecond, so waiting for
    one's turn costs less than sharing the file among connections would."""

    def __init__(self, file: Path | str, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.executescript(SCHEMA)
        self.when_mail_is_queued: Callable[[], None] = lambda: None

    @contextmanager
    def transaction(self, cause: Cause = Cause()) -> Iterator["Transaction"]:
        with self._lock:
            self._db.execute("begin immediate")
            tx = Transaction(self._db, cause, self._settings)
            try:
                yield tx
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")
        if tx.has_queued_mail:
            self.when_mail_is_queued()

    def time_moved(self) -> float:
        """How many seconds ahead the sandbox's time was left."""
        with self.transaction() as tx:
            row = tx.db.execute("select ahead_seconds from time_moved").fetchone()
        return float(row["ahead_seconds"]) if row else 0.0


class Transaction:
    def __init__(self, db: sqlite3.Connection, cause: Cause, settings: Settings) -> None:
        self.db = db
        self.cause = cause
        self.settings = settings
        self.has_queued_mail = False

    @contextmanager
    def savepoint(self) -> Iterator[Callable[[], object]]:
        """Yields a function that undoes what was done since."""
        self.db.execute("savepoint work")
        yield lambda: self.db.execute("rollback to work")
        self.db.execute("release work")

    def keep_time_moved(self, ahead_seconds: float) -> None:
        self.db.execute("insert or replace into time_moved values (1, ?)", (ahead_seconds,))

    def add(self, obj: Object) -> Object:
        self.db.execute(
            "insert into objects (id, type, created, body) values (?, ?, ?, ?)",
            (obj["id"], obj["object"], _created(obj), json.dumps(obj)),
        )
        return obj

    def get(self, object_type: str, object_id: str) -> Object | None:
        row = self.db.execute(
            "select body from objects where id = ? and type = ?", (object_id, object_type)
        ).fetchone()
        return _loaded(row)

    def get_any(self, object_id: str) -> Object | None:
        row = self.db.execute("select body from objects where id = ?", (object_id,)).fetchone()
        return _loaded(row)

    def change(self, obj: Object, **changes: Any) -> Object:
        """Sets members of `obj`, keeps it, and returns what they were before, where they differ:
        an event's `previous_attributes`."""
        previous = _differences(obj, changes)
        obj.update(changes)
        self.replace(obj)
        return public(previous)

    def replace(self, obj: Object) -> Object:
        """Puts `obj` where one with its id was."""
        self.db.execute("update objects set body = ? where id = ?", (json.dumps(obj), obj["id"]))
        return obj

    def remove(self, object_id: str) -> None:
        self.db.execute("delete from objects where id = ?", (object_id,))

    def sequence_of(self, object_type: str, object_id: str) -> int | None:
        row = self.db.execute(
            "select seq from objects where id = ? and type = ?", (object_id, object_type)
        ).fetchone()
        return row["seq"] if row else None

    def select(
        self,
        object_type: str,
        equal: Mapping[str, Any] = NOTHING,
        *,
        conditions: Sequence[tuple[str, Any]] = (),
        limit: int = 1_000,
        oldest_first: bool = False,
    ) -> list[Object]:
        """Objects whose members equal `equal` (dotted paths), newest first unless told otherwise.

        `conditions` are SQL over the columns `seq` and `created`, each with its one value.
        """
        clauses = ["type = ?", "json_extract(body, '$.deleted') is null"]
        values: list[Any] = [object_type]
        for member, value in equal.items():
            clauses.append(f"json_extract(body, '$.{member}') = ?")
            values.append(value)
        for condition, value in conditions:
            clauses.append(condition)
            values.append(value)
        order = "asc" if oldest_first else "desc"
        rows = self.db.execute(
            f"select body from objects where {' and '.join(clauses)} order by seq {order} limit ?",
            (*values, limit),
        )
        return [json.loads(row["body"]) for row in rows]


def _created(obj: Object) -> int:
    """Only a discount does not say `created`."""
    return int(obj["created"] if "created" in obj else obj["start"])


def _loaded(row: sqlite3.Row | None) -> Object | None:
    return dict(json.loads(row["body"])) if row else None


def without(obj: Object, *names: str) -> Object:
    """A copy without these members."""
    return {name: value for name, value in obj.items() if name not in names}


def public(obj: Object) -> Object:
    """A copy without the stand-in's own notes."""
    return {key: _public(member) for key, member in obj.items() if key[:1] != "_"}


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return public(value)
    if isinstance(value, list):
        return [_public(member) for member in value]
    return value


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old values of what changes; inside objects, only the members that change."""
    previous: dict[str, Any] = {}
    for key, value in new.items():
        before = old.get(key)
        if before == value:
            continue
        if isinstance(before, dict) and isinstance(value, dict):
            gone = dict.fromkeys(before.keys() - value.keys())
            previous[key] = _differences(before, value | gone)
        else:
            previous[key] = before
    return previous
