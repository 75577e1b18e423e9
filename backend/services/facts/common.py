"""What the readings of all kinds of objects share."""

import uuid
from datetime import UTC, datetime
from typing import Any

Facts = dict[str, Any]
StripeObject = dict[str, Any]
# What reading an object raises that is not of the shape we know.
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)


def known(facts: Facts) -> Facts:
    """Without what Stripe left open: what is absent changes nothing, a null would erase."""
    return {name: fact for name, fact in facts.items() if fact is not None}


def id_of(reference: Any) -> str | None:
    """The id of what may be an id or the expanded object."""
    return reference.get("id") if isinstance(reference, dict) else reference


def expanded(reference: Any) -> StripeObject | None:
    """The object itself where it was expanded."""
    return reference if isinstance(reference, dict) else None


def payment_id_in(metadata: Any) -> str | None:
    """Our id in any metadata. Whoever has a key of the account can write there, so only a real id
    may reach SQL."""
    return uuid_of((metadata or {}).get("payment_id"))


def uuid_of(text: Any) -> str | None:
    """The id in its usual form, or None."""
    try:
        return str(uuid.UUID(text))
    except (ValueError, TypeError, AttributeError):
        return None


def time_of(seconds: int | None) -> str | None:
    """Stripe's seconds since 1970 as RFC 3339 UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else None


def total_of(parts: Any) -> int:
    """The sum of a list of {amount}, which may be null."""
    return sum(part["amount"] for part in parts or [])
