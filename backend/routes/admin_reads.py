"""What an admin of the shop may look up."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from flask import Blueprint

from backend.auth import policy
from backend.errors import ValidationError
from backend.routes.parsing import Currency, PageLimit, Request, Uuid, moment, query
from backend.routes.payments import Status
from backend.wiring import services

blueprint = Blueprint("admin_reads", __name__)

# An id of ours, one of Stripe's, or an e-mail address.
Named = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
        r"|(pi|cs|in|sub|re|pyr|dp|du)_[A-Za-z0-9_]+|[^@\s]+@[^@\s]+)\Z",
        max_length=320,
    ),
]
EventStatus = Literal["received", "processed", "ignored", "failed"]


class SearchQuery(Request, rename={"named": "q", "start": "from", "end": "to"}):
    named: Named | None = None
    status: Status | None = None
    user_id: Uuid | None = None
    currency: Currency | None = None
    start: str | None = None
    end: str | None = None
    disputed: bool = False
    limit: PageLimit = 20
    cursor: Uuid | None = None


@blueprint.get("/admin/payments")
@policy("admin")
def search_payments() -> dict[str, Any]:
    """Everybody's payments, with their refunds and disputes; all that is given must hold."""
    asked = query(SearchQuery)
    start = moment("from", asked.start) if asked.start else None
    end = moment("to", asked.end) if asked.end else None
    if start and end and start >= end:
        raise ValidationError.of("from", "From must be before to.")
    return services().administration.payments(
        limit=asked.limit,
        cursor=asked.cursor,
        query=asked.named,
        status=asked.status,
        user_id=asked.user_id,
        currency=asked.currency,
        start=start,
        end=end,
        disputed=asked.disputed,
    )


@blueprint.get("/admin/users/<uuid:user_id>")
@policy("admin")
def get_user(user_id: UUID) -> dict[str, Any]:
    """One user: credits, newest payments and transactions, subscriptions, cards."""
    return services().administration.user(str(user_id))


class InboxQuery(Request):
    status: EventStatus | None = None
    type: Annotated[str, msgspec.Meta(pattern=r"^[a-z_0-9.]{1,100}\Z")] | None = None
    limit: PageLimit = 20
    cursor: Annotated[str, msgspec.Meta(pattern=r"^\w{1,255}\Z")] | None = None


@blueprint.get("/admin/events")
@policy("admin")
def list_events() -> dict[str, Any]:
    """The webhook inbox, newest first, without payloads."""
    asked = query(InboxQuery)
    return services().inbox.listed(asked.limit, asked.cursor, asked.status, asked.type)
