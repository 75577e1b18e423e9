"""Reading requests: strict bodies and query strings, or a 422 that names the field."""

import functools
import re
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from flask import request
from werkzeug.exceptions import HTTPException

from backend.errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType, ValidationError

Body = TypeVar("Body", bound=msgspec.Struct)

# A ValidationError is one of them: it must be caught before.
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_sentences: dict[str, str] = {}


def written_as(
    pattern: str, sentence: str, min_length: int | None = None, max_length: int | None = None
) -> msgspec.Meta:
    """A text's form: the pattern for machines, the sentence for whoever wrote it otherwise."""
    _sentences[repr(pattern)] = sentence
    return msgspec.Meta(pattern=pattern, min_length=min_length, max_length=max_length)


STRIPE_ID = r"^[a-z]+_[A-Za-z0-9_]{1,250}\Z"
Currency = Annotated[str, written_as(r"^[A-Za-z]{3}\Z", "Three letters, like usd.")]
Locale = Annotated[str, msgspec.Meta(min_length=2, max_length=35)]
Uuid = Annotated[
    str, written_as(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z", "This is no UUID.")
]
Url = Annotated[
    str,
    written_as(
        r"^https?://[^\s\\]+\Z", "An address that begins with http:// or https://.", max_length=2000
    ),
]
PackageId = Annotated[
    str, written_as(r"^[a-z0-9_-]{1,64}\Z", "Up to 64 small letters, digits, hyphens, underscores.")
]
StripeId = Annotated[str, written_as(STRIPE_ID, "This is no id of Stripe's.")]
# Not blank, and without NUL, which no text of Postgres can have.
Reason = Annotated[
    str,
    written_as(
        r"^[^\x00]*[^\s\x00][^\x00]*\Z", "Some words, without NUL.", min_length=1, max_length=500
    ),
]
PageLimit = Annotated[int, msgspec.Meta(ge=1, le=100)]
MinorUnits = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
CREDITS_MAX = 1_000_000_000


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """Base of request bodies: a field that is not declared is an error, not a surprise."""


def raw_body() -> bytes:
    """The body's bytes. Raises InvalidRequest, and PayloadTooLarge, also for a body of unknown
    length, of which werkzeug would give us the beginning."""
    try:
        raw = request.get_data()
    except HTTPException:
        raise
    except Exception as error:  # of whatever server reads it: say, chunks that are none
        raise InvalidRequest("The body could not be read.") from error
    limit = request.max_content_length
    if request.content_length is None and limit is not None and len(raw) >= limit:
        raise PayloadTooLarge()
    return raw


def body(kind: type[Body]) -> Body:
    """The JSON body as `kind`. Raises PayloadTooLarge, UnsupportedMediaType, InvalidRequest,
    ValidationError."""
    raw = raw_body()
    if raw and not request.is_json:
        raise UnsupportedMediaType()
    raw = raw or b"{}"
    try:
        return _decoder(kind).decode(raw)
    except msgspec.ValidationError as error:
        _require_json(raw)
        raise _validation_error(str(error)) from error
    except NOT_JSON as error:
        raise InvalidRequest() from error


def _require_json(raw: bytes) -> None:
    """Raises InvalidRequest for a text that breaks off behind what ended the typed reading."""
    try:
        msgspec.json.decode(raw)
    except msgspec.ValidationError:  # a number that is too large
        pass
    except NOT_JSON as error:
        raise InvalidRequest() from error


def query(kind: type[Body]) -> Body:
    """The query string as `kind`. Raises ValidationError."""
    given = request.args.to_dict(flat=False)
    for name, values in given.items():
        if len(values) > 1:
            raise ValidationError.of(name, "Give this once.")
        if values[0].lower() in ("", "null"):  # which would be read as nothing given
            raise ValidationError.of(name, "Leave this out, or give it a value.")
    try:
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _validation_error(str(error)) from error


def moment(field: str, text: str) -> datetime:
    """A time in UTC. A day means its beginning; without a zone, UTC. Raises ValidationError."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValidationError.of(field, "Write a day or a time as RFC 3339 does.") from error
    return in_utc(field, parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def in_utc(field: str, time: datetime) -> datetime:
    """The same time. Raises ValidationError for one that is before or after all years of UTC."""
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValidationError.of(field, "Write a day or a time as RFC 3339 does.") from error


def _validation_error(message: str) -> ValidationError:
    """msgspec says "Expected `int`, got `str` - at `$.limit`"; split it into message and field."""
    reason, _, place = message.partition(" - at ")
    field = place.strip("`").removeprefix("$").lstrip(".")
    if named := re.search(r"(?:unknown|required) field `([^`]+)`", reason):
        field = f"{field}.{named[1]}".lstrip(".")
    return ValidationError.of(field or "body", _in_words(reason))


def _in_words(reason: str) -> str:
    kind, matching, pattern = reason.partition(" matching regex ")
    return _sentences.get(pattern, reason) if matching else reason


@functools.cache
def _decoder(kind: type[Body]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
