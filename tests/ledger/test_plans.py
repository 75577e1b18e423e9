"""The hot queries read what they need, by index, however long a customer's history is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.ledger.books import Books, Server

OLD_CUSTOMER = "00000000-0000-4000-8000-000000000000"
HISTORY = Path(__file__).with_name("long_history.sql")
# Postgres chooses a plan for good after five executions of a prepared statement.
EXECUTIONS = 8
PAGE = 20
# Small tables that may be read whole.
CATALOG = ["feature_costs", "credit_packages", "credit_package_prices", "stripe_prices"]
READ = """
select sum(seq_scan), sum(seq_tup_read + coalesce(idx_tup_fetch, 0))
from pg_stat_xact_user_tables where schemaname in ('public', 'auth') and relname <> all(%s)
"""


@dataclass
class Archive:
    """The books with the long history."""

    books: Books
    connection: psycopg.Connection[Any]

    def act_as(self, role: str) -> None:
        claims = json.dumps({"sub": OLD_CUSTOMER, "role": role})
        self.connection.execute(
            "select set_config('request.jwt.claims', %s, true), set_config('role', %s, true)",
            [claims, role],
        )

    def rows_read(self, role: str, call: str, *values: Any) -> int:
        """How many rows of users' tables one call reads, at most. Fails if it scans a table."""
        most = 0
        for _ in range(EXECUTIONS):
            with self.connection.transaction(force_rollback=True):
                scans_before, rows_before = self._counted()
                self.act_as(role)
                self.connection.execute(call, values, prepare=True)
                self.connection.execute("reset role")
                scans, rows = self._counted()
            assert scans == scans_before
            most = max(most, rows - rows_before)
        return most

    def _counted(self) -> tuple[int, int]:
        """Scans of whole tables and rows read, so far."""
        scans, rows = self.connection.execute(READ, [CATALOG]).fetchone() or (0, 0)
        return scans, rows


@pytest.fixture(scope="module")
def archive(server: Server) -> Iterator[Archive]:
    with server.copy() as books, books.connect("postgres") as connection:
        connection.execute(HISTORY.read_text())
        yield Archive(books, connection)


def test_the_history_is_as_long_as_it_should_be(archive: Archive) -> None:
    count = "select count(*) from public.credit_transactions where user_id = %s"
    assert archive.books.one(count, OLD_CUSTOMER) == 100_000


def test_a_spend_reads_a_handful_of_rows(archive: Archive) -> None:
    spend = "select public.spend(%s, 'docx_processing', 1, 'key')"
    assert archive.rows_read("service_role", spend, OLD_CUSTOMER) <= 10


def test_a_hold_reads_a_handful_of_rows(archive: Archive) -> None:
    hold = "select public.hold(%s, 'docx_processing', 1, 60, 'key')"
    assert archive.rows_read("service_role", hold, OLD_CUSTOMER) <= 20


@pytest.fixture
def hold_id(archive: Archive) -> Iterator[str]:
    """The old customer's, from the one lot that is open."""
    with archive.books.desk() as desk:
        hold_id = desk.hold(OLD_CUSTOMER, 2)["hold_id"]
        yield hold_id
        desk.release(hold_id)


@pytest.mark.parametrize("end", ["capture(%s, 1)", "capture(%s)", "release(%s)"])
def test_the_end_of_a_hold_reads_a_handful_of_rows(
    archive: Archive, hold_id: str, end: str
) -> None:
    assert archive.rows_read("service_role", f"select public.{end}", hold_id) <= 20


def test_the_balance_reads_open_lots_alone(archive: Archive) -> None:
    assert archive.rows_read("authenticated", "select public.get_credits()") <= 10


@pytest.mark.parametrize("function", ["list_transactions", "list_payments", "list_account_events"])
def test_a_page_reads_a_page(archive: Archive, function: str) -> None:
    first = f"select public.{function}({PAGE})"
    assert archive.rows_read("authenticated", first) <= PAGE + 5


@pytest.mark.parametrize(
    ("function", "table"),
    [("list_transactions", "credit_transactions"), ("list_payments", "payment_orders")],
)
def test_a_page_from_the_middle_reads_a_page(archive: Archive, function: str, table: str) -> None:
    [(cursor,)] = archive.books.rows(
        f"select id from public.{table} where user_id = %s order by created_at offset 1000 limit 1",
        OLD_CUSTOMER,
    )
    page = f"select public.{function}({PAGE}, %s)"
    assert archive.rows_read("authenticated", page, cursor) <= 2 * PAGE


def test_open_payments_are_found_among_old_ones(archive: Archive) -> None:
    assert archive.rows_read("authenticated", "select public.list_open_payments()") <= 25


def test_usage_reads_no_more_than_its_period(archive: Archive) -> None:
    to = datetime.now(UTC) - timedelta(days=30)
    since = to - timedelta(days=3)
    in_period = archive.books.one(
        "select count(*) from public.credit_transactions "
        "where user_id = %s and created_at >= %s and created_at < %s",
        OLD_CUSTOMER, since, to,
    )  # fmt: skip
    usage = "select public.get_usage(%s, %s)"
    assert in_period > 100
    assert archive.rows_read("authenticated", usage, since, to) <= in_period


def test_the_forecast_reads_no_more_than_thirty_days(archive: Archive) -> None:
    in_period = archive.books.one(
        "select count(*) from public.credit_transactions "
        "where user_id = %s and created_at >= now() - interval '30 days'",
        OLD_CUSTOMER,
    )
    assert in_period > 1000
    assert archive.rows_read("authenticated", "select public.get_forecast()") <= in_period + 10


@pytest.mark.parametrize("job", ["expire_credits", "expire_holds", "claim_account_events"])
def test_a_job_with_nothing_to_do_reads_nothing(archive: Archive, job: str) -> None:
    assert archive.rows_read("service_role", f"select public.{job}(100)") == 0


def test_the_row_policies_ask_who_is_calling_once_a_statement(archive: Archive) -> None:
    """Once is an InitPlan, whose result the scan compares with; each row would be a function call."""
    tables = archive.books.rows(
        "select quote_ident(tablename), qual from pg_policies where schemaname = 'public' and qual ~ 'uid'"
    )
    assert len(tables) > 5
    with archive.connection.transaction(force_rollback=True):
        archive.act_as("authenticated")
        for table, _ in tables:
            explain = sql.SQL("explain (costs off) select * from public.{}")
            plan = archive.connection.execute(explain.format(sql.Identifier(table))).fetchall()
            text = "\n".join(line for (line,) in plan)
            assert "InitPlan" in text, text
            assert "uid()" not in text.split("InitPlan")[0], text
