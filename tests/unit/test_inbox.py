"""What is answered to Stripe about an event that could not be used."""

from typing import Any

import pytest

from backend.errors import DatabaseUnavailable
from backend.services.inbox import Inbox
from tests import shop

EVENT = {
    "id": "evt_1", "type": "x.y", "livemode": False, "created": 0, "data": {"object": {"id": "x"}},
}  # fmt: skip


class Books:
    """A database that records an event as failed."""

    def __init__(self, retry: bool) -> None:
        self._outcome = {"status": "failed", "error": "55P03 locked", "retry": retry}

    def as_service(self, function: str, **_: Any) -> Any:
        return EVENT if function == "get_event" else self._outcome


def test_what_may_pass_is_sent_again() -> None:
    with pytest.raises(DatabaseUnavailable):
        inbox(retry=True).replay("evt_1")


def test_what_will_not_pass_is_kept_for_a_person() -> None:
    assert inbox(retry=False).replay("evt_1") == {"event_id": "evt_1", "status": "failed"}


def inbox(retry: bool) -> Inbox:
    settings = shop.app().config["settings"]
    return Inbox(settings, Books(retry), None)  # type: ignore[arg-type]
