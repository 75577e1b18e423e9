"""An admin reads the webhook inbox: what came, what became of it, and no payload."""

import uuid
from typing import Any

import pytest

from tests.backend.webhook import Webhook, event
from tests.people import Person
from tests.specification import check_answer

PATH = "/api/admin/events"


def inbox(admin: Person, **asked: Any) -> dict[str, Any]:
    answer = admin.get(PATH, params=asked)
    assert answer.status_code == 200, answer.text
    check_answer(answer)
    return answer.json()


def ids(page: dict[str, Any]) -> list[str]:
    return [event["id"] for event in page["events"]]


def test_each_event_says_what_became_of_it(admin: Person, webhook: Webhook) -> None:
    failing = event("checkout.session.completed", {"id": "cs_of_nobody"})
    for _ in range(2):
        webhook.send(failing)
    [shown] = [each for each in inbox(admin)["events"] if each["id"] == failing["id"]]
    assert (shown["type"], shown["status"]) == ("checkout.session.completed", "failed")
    assert (shown["attempts"], shown["livemode"]) == (2, False)
    assert shown["error"]
    assert shown["api_version"] == failing["api_version"]
    assert shown["created_at"] <= shown["received_at"] <= shown["processed_at"]


def test_they_are_found_by_status_and_type(admin: Person, webhook: Webhook) -> None:
    kind = f"test.{uuid.uuid4().hex}"
    unheard = event(kind, {"id": "x"})
    failing = event("checkout.session.completed", {"id": "cs_of_nobody"})
    webhook.send(unheard)
    webhook.send(failing)
    assert ids(inbox(admin, type=kind)) == [unheard["id"]]
    assert ids(inbox(admin, type=kind, status="ignored")) == [unheard["id"]]
    assert ids(inbox(admin, type=kind, status="failed")) == []
    assert failing["id"] in ids(inbox(admin, status="failed"))


def test_pages_have_no_gap_and_no_overlap(admin: Person, webhook: Webhook) -> None:
    kind = f"test.{uuid.uuid4().hex}"
    sent = [event(kind, {"id": "x"}) for _ in range(5)]
    for each in sent:
        webhook.send(each)
    seen, cursor = [], None
    while True:
        page = inbox(admin, type=kind, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += ids(page)
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [each["id"] for each in sent[::-1]]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"type": "checkout session"}, "type"),
        ({"cursor": "evt_of_nobody"}, "cursor"),
        ({"cursor": "evt 1"}, "cursor"),
        ({"limit": "0"}, "limit"),
        ({"payload": "true"}, "payload"),
    ],
    ids=str,
)
def test_wrong_input_names_its_field(admin: Person, asked: dict[str, str], field: str) -> None:
    answer = admin.get(PATH, params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
