"""Credits that nobody paid for, as an admin hands them out."""

import uuid
from datetime import datetime

import psycopg

from tests.people import Person


def give(
    database: psycopg.Connection[dict],
    person: Person,
    credits: int,
    reason: str = "A gift",
    expires_at: datetime | None = None,
) -> None:
    """Adds to the person's balance; None: these credits never expire."""
    database.execute(
        "select public.adjust_credits(%s, %s, %s, %s, 'a test', %s)",
        [person.id, credits, reason, expires_at, str(uuid.uuid4())],
    )
