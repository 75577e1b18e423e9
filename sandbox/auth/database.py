"""Connections to schema auth, one per request: Postgres may be restarted under us at any time."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from sandbox.settings import read_settings

Row = dict[str, Any]
Database = psycopg.Connection[Row]

SETTINGS = read_settings()


def one(found: psycopg.Cursor[Row]) -> Row:
    """The row that an insert, or a statement about a known key, is sure to return."""
    row = found.fetchone()
    assert row is not None
    return row


def transaction() -> Database:
    """Use in `with`: commits at its end, rolls back on an exception, closes in both cases."""
    return psycopg.connect(
        SETTINGS.database_url("supabase_auth_admin"), row_factory=dict_row, connect_timeout=5
    )
