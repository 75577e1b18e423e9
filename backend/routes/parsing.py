"""Reading requests: strict bodies and query strings, or a 422 that names the field."""

import functools
import re
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from flask import request

from backend.errors import InvalidRequest, UnsupportedMediaType, ValidationError

Body = TypeVar("Body", bound=msgspec.Struct)

Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{3}\Z")]
Locale = Annotated[str, msgspec.Meta(min_length=2, max_length=35)]
Uuid = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
]
Url = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s\\]+\Z", max_length=2000)]
PackageId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]
STRIPE_ID = r"^[a-z]+_[A-Za-z0-9_]{1,250}\Z"
StripeId = Annotated[str, msgspec.Meta(pattern=STRIPE_ID)]
PageLimit = Annotated[int, msgspec.Meta(ge=1, le=100)]
MinorUnits = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
CREDITS_MAX = 1_000_000_000


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """Base of request bodies: a field that is not declared is an error, not a surprise."""


def body(kind: type[Body]) -> Body:
    """The JSON body as `kind`. Raises UnsupportedMediaType, InvalidRequest, ValidationError."""
    raw = request.get_data()
    if raw and not request.is_json:
        raise UnsupportedMediaType()
    try:
        return _decoder(kind).decode(raw or b"{}")
    except msgspec.ValidationError as error:
        raise _validation_error(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest() from error


def query(kind: type[Body]) -> Body:
    """The query string as `kind`. Raises ValidationError."""
    given = request.args.to_dict(flat=False)
    for name, values in given.items():
        if len(values) > 1:
            raise ValidationError.of(name, "Give this once.")
    try:
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _validation_error(str(error)) from error


def moment(field: str, text: str) -> datetime:
    """A time in UTC. A day means its beginning; without a zone, UTC. Raises ValidationError."""
    try:
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValidationError.of(field, "Write a day or a time as RFC 3339 does.") from error


def _validation_error(message: str) -> ValidationError:
    """msgspec says "Expected `int`, got `str` - at `$.limit`"; split it into message and field."""
    reason, _, place = message.partition(" - at ")
    field = place.strip("`").removeprefix("$").lstrip(".")
    if named := re.search(r"(?:unknown|required) field `([^`]+)`", reason):
        field = f"{field}.{named[1]}".lstrip(".")
    return ValidationError.of(field or "body", reason)


@functools.cache
def _decoder(kind: type[Body]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
