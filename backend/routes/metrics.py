"""How the shop does, for its admins."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint

from backend.auth import policy
from backend.errors import ValidationError
from backend.routes.parsing import Currency, Request, moment, query
from backend.wiring import services

blueprint = Blueprint("metrics", __name__)

DAYS = 30
DAYS_MAX = 366


class MetricsQuery(Request, rename={"start": "from", "end": "to"}):
    start: str | None = None
    end: str | None = None
    currency: Currency | None = None


@blueprint.get("/admin/metrics")
@policy("admin")
def metrics() -> dict[str, Any]:
    """Money, conversion, webhooks and credits, day by day; the last 30 days by default."""
    asked = query(MetricsQuery)
    try:
        end = _first_day_from(moment("to", asked.end) if asked.end else datetime.now(UTC))
        start = moment("from", asked.start).date() if asked.start else end - timedelta(days=DAYS)
    except OverflowError as error:
        raise ValidationError.of("to", "There is no such day.") from error
    if not 1 <= (end - start).days <= DAYS_MAX:
        raise ValidationError.of("from", f"From must be before to, by {DAYS_MAX} days at most.")
    return services().metrics.daily(start, end, asked.currency)


def _first_day_from(until: datetime) -> date:
    """The first day that is not counted: one that has begun counts whole. Raises OverflowError."""
    has_begun = until.timetz() != time(tzinfo=UTC)
    return until.date() + timedelta(days=has_begun)
