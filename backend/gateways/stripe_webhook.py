"""What is sent to the webhook: is it Stripe's, is it an event, and of which version's shape?"""

import time
from collections.abc import Iterable
from typing import Any

import msgspec

from backend.errors import InvalidRequest, InvalidSignature

# Both ways: an old event may be a replay, one from the future was not signed by Stripe's clock.
TOLERANCE_SECONDS = 300
YEAR_9999_SECONDS = 253_402_300_799  # what a timestamp can hold
NOT_AN_EVENT = "The body is signed but is not an event."


def verified(body: bytes, signature: str, secrets: Iterable[str]) -> dict[str, Any]:
    """The event that was signed with one of the secrets. Raises InvalidSignature, InvalidRequest.

    Only the header is checked with the SDK, then plain JSON is read: building its typed event costs
    more than the rest of the request. https://docs.stripe.com/webhooks#verify-manually
    """
    if not any(_is_signed(body, signature, secret) for secret in secrets):
        raise InvalidSignature()
    try:
        event = msgspec.json.decode(body)
    except ValueError as error:
        raise InvalidRequest(NOT_AN_EVENT) from error
    if not _is_event(event):
        raise InvalidRequest(NOT_AN_EVENT)
    return event


def is_of_our_version(event: dict[str, Any]) -> bool:
    """Releases that share a name (`2026-10-28.endive`) differ by additions alone.

    https://docs.stripe.com/api/versioning
    """
    import stripe

    theirs = event.get("api_version") or stripe.api_version
    return "." in theirs and theirs.split(".")[-1] == stripe.api_version.split(".")[-1]


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    import stripe

    try:
        stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE_SECONDS)
        return _signed_at(header) <= time.time() + TOLERANCE_SECONDS
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False  # the SDK raises TypeError on a signature that is not ASCII


def _signed_at(header: str) -> int:
    fields = (part.partition("=") for part in header.split(","))
    return next(int(value) for name, _, value in fields if name == "t")


def _is_event(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and all(isinstance(event.get(name), str) for name in ("id", "type"))
        and isinstance(event.get("livemode"), bool)
        and type(event.get("created")) is int  # True is an int, too
        and 0 <= event["created"] <= YEAR_9999_SECONDS
        and isinstance(event.get("data"), dict)
        and isinstance(event["data"].get("object"), dict)
    )
