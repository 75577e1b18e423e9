"""The people who are there from the start."""

from typing import Any

from sandbox.auth import users
from sandbox.auth.database import transaction

ACCOUNTS: list[tuple[str, str, dict[str, Any]]] = [
    ("user@example.com", "topup-user-1", {}),
    ("second@example.com", "topup-second-1", {}),
    ("admin@example.com", "topup-admin-1", {"role": "admin"}),
]


def ensure_demo_accounts() -> None:
    """Make those that are missing; one that somebody changed stays as it is."""
    with transaction() as database:
        for email, password, app_metadata in ACCOUNTS:
            if users.by_email(database, email) is None:
                users.create(database, email, password, {}, app_metadata)
