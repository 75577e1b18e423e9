"""The caller's own credits."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from flask import Blueprint, Response, g

from backend.auth import policy
from backend.errors import ValidationError
from backend.routes.parsing import CREDITS_MAX, PageLimit, Request, Uuid, body, moment, query
from backend.wiring import services

blueprint = Blueprint("credits", __name__)

TransactionType = Literal[
    "purchase", "subscription", "bonus", "spend", "refund", "dispute", "dispute_reversal",
    "expiry", "adjustment",
]  # fmt: skip
USAGE_DAYS = 30
USAGE_DAYS_MAX = 366
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
CSV_COLUMNS = (
    "id", "created_at", "type", "amount", "balance_after", "feature", "description",
    "payment_id", "hold_id", "expires_at", "metadata",
)  # fmt: skip


@blueprint.get("/credits")
@policy("user")
def balance() -> dict[str, Any]:
    """What there is, what of it is held, and what expires when."""
    return services().credits.balance(g.caller.token)


class TransactionsQuery(Request):
    limit: PageLimit = 20
    cursor: Uuid | None = None
    type: TransactionType | None = None
    format: Literal["json", "csv"] = "json"


@blueprint.get("/credits/transactions")
@policy("user")
def transactions() -> dict[str, Any] | Response:
    """The statement: a page as JSON, or all of it as CSV."""
    asked = query(TransactionsQuery)
    if asked.format == "csv":
        rows = services().credits.all_transactions(g.caller.token, asked.type)
        return _csv(rows)
    return services().credits.transactions(g.caller.token, asked.limit, asked.cursor, asked.type)


class UsageQuery(Request, rename={"start": "from", "end": "to"}):
    start: str | None = None
    end: str | None = None
    group: Literal["day"] = "day"


@blueprint.get("/credits/usage")
@policy("user")
def usage() -> dict[str, Any]:
    """What was spent on what, day by day; the last 30 days unless asked otherwise."""
    asked = query(UsageQuery)
    end = moment("to", asked.end) if asked.end else datetime.now(UTC)
    try:
        start = moment("from", asked.start) if asked.start else end - timedelta(days=USAGE_DAYS)
    except OverflowError as error:
        raise ValidationError.of("to", "There are no days before that.") from error
    if not timedelta(0) < end - start <= timedelta(days=USAGE_DAYS_MAX):
        raise ValidationError.of(
            "from", f"From must be before to, by {USAGE_DAYS_MAX} days at most."
        )
    rows = services().credits.usage(g.caller.token, start.isoformat(), end.isoformat())
    return {"usage": rows}


@blueprint.get("/credits/forecast")
@policy("user")
def forecast() -> dict[str, Any]:
    """How long the credits will last at this pace, and what expires first."""
    return services().credits.forecast(g.caller.token)


class EventsQuery(Request):
    limit: PageLimit = 20


@blueprint.get("/credits/events")
@policy("user")
def events() -> dict[str, Any]:
    """What the caller should know, newest first."""
    return {"events": services().credits.events(g.caller.token, query(EventsQuery).limit)}


class ThresholdRequest(Request):
    threshold: Annotated[int, msgspec.Meta(ge=0, le=CREDITS_MAX)]


@blueprint.put("/credits/low-balance-threshold")
@policy("user")
def set_low_balance_threshold() -> dict[str, Any]:
    """From how many available credits on the caller wants to be told."""
    threshold = body(ThresholdRequest).threshold
    return services().credits.set_low_balance_threshold(g.caller.id, threshold)


def _csv(rows: Iterator[dict[str, Any]]) -> Response:
    # Taken before the response begins: an error must be a problem, not half a file.
    first = next(rows, None)

    def lines() -> Iterator[str]:
        yield _csv_line(CSV_COLUMNS)
        if first is not None:
            yield _csv_line(_cell(first[name]) for name in CSV_COLUMNS)
        for row in rows:
            yield _csv_line(_cell(row[name]) for name in CSV_COLUMNS)

    headers = {"Content-Disposition": 'attachment; filename="credits.csv"'}
    return Response(lines(), content_type="text/csv; charset=utf-8", headers=headers)


def _csv_line(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is quoted."""
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
