"""Straight at the database, around the backend."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.sql.books import Books

Connection = psycopg.Connection[dict]


@pytest.fixture
def books(database: Connection) -> Books:
    """The service's verbs, called in SQL."""
    return Books(database)


@pytest.fixture
def superuser(sandbox: dict[str, str], database: Connection) -> Iterator[Connection]:
    """supabase_admin, in a transaction that is rolled back: whatever it breaks is whole again
    before the audit that ends every test."""
    url = sandbox["SUPABASE_DB_URL"].replace("//postgres@", "//supabase_admin@")
    with psycopg.connect(url, row_factory=dict_row) as connection:
        yield connection
        connection.rollback()
