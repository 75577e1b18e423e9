"""An admin gives and takes credits by hand: with a reason, under his name, once per key."""

import uuid
from datetime import datetime
from typing import Any

import httpx
import psycopg
import pytest

from tests import shop
from tests.backend.purchase import Shop
from tests.backend.server import give
from tests.people import Person
from tests.together import at_once

PATH = "/api/admin/credits/grant"


def grant(
    admin: Person, user: Person, credits: Any, key: str | None = None, **fields: Any
) -> httpx.Response:
    """With a fresh key, unless one is given."""
    body = {"user_id": user.id, "credits": credits, "reason": "For the wait."} | fields
    return admin.post(PATH, body, key=key or uuid.uuid4().hex)


def lines(person: Person) -> list[dict[str, Any]]:
    return person.get("/api/credits/transactions").json()["transactions"]


def test_a_gift_is_a_bonus_that_keeps_who_gave_it_and_why(admin: Person, buyer: Person) -> None:
    answer = grant(admin, buyer, 120, reason="Sorry for the outage.")
    assert answer.status_code == 201
    [line] = lines(buyer)
    assert answer.json() == {
        "transaction_id": line["id"],
        "amount": 120,
        "balance": 120,
        "available": 120,
    }
    assert (line["type"], line["amount"], line["balance_after"]) == ("bonus", 120, 120)
    assert line["description"] == "Sorry for the outage."
    assert line["metadata"] == {"actor": admin.id}


def test_what_is_taken_is_an_adjustment_that_keeps_the_same(admin: Person, buyer: Person) -> None:
    grant(admin, buyer, 120)
    taken = grant(admin, buyer, -50, reason="Given twice.").json()
    assert (taken["amount"], taken["balance"], taken["available"]) == (-50, 70, 70)
    line = lines(buyer)[0]
    assert (line["type"], line["amount"], line["balance_after"]) == ("adjustment", -50, 70)
    assert (line["description"], line["metadata"]) == ("Given twice.", {"actor": admin.id})


def test_a_gift_may_expire(admin: Person, buyer: Person) -> None:
    grant(admin, buyer, 30, expires_at="2099-01-01T22:59:00+23:59")
    [expiring] = buyer.get("/api/credits").json()["expiring"]
    assert expiring["credits"] == 30
    assert datetime.fromisoformat(expiring["expires_at"]) == datetime.fromisoformat(
        "2098-12-31T23:00:00Z"
    )


@pytest.mark.parametrize("reason", ["", " ", "\t\n", "\u00a0\u2003"])
def test_without_a_reason_nothing_moves(admin: Person, buyer: Person, reason: str) -> None:
    answer = grant(admin, buyer, 120, reason=reason)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == ["reason"]
    assert lines(buyer) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"credits": 0}, "credits"),
        ({"credits": 10**10}, "credits"),
        ({"credits": 1.5}, "credits"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": None}, "reason"),
        ({"user_id": "me"}, "user_id"),
        ({"expires_at": "2099-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-23:59"}, "expires_at"),
        ({"reason": "a\0b"}, "reason"),
        ({"actor": "somebody else"}, "actor"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(
    admin: Person, buyer: Person, fields: dict[str, Any], field: str
) -> None:
    asked: dict[str, Any] = {"credits": 5} | fields
    answer = grant(admin, buyer, **asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert lines(buyer) == []


def test_one_key_gives_once_and_answers_the_same(admin: Person, buyer: Person) -> None:
    key = uuid.uuid4().hex
    answers = at_once(8, lambda: grant(admin, buyer, 120, key=key))
    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert (answers[0].json()["balance"], buyer.available, len(lines(buyer))) == (120, 120, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"credits": 121},
        {"credits": -120},
        {"reason": "Another."},
        {"expires_at": "2099-01-01T00:00:00Z"},
    ],
)
def test_a_key_is_for_one_grant(admin: Person, buyer: Person, change: dict[str, Any]) -> None:
    key = uuid.uuid4().hex
    grant(admin, buyer, 120, key=key)
    asked: dict[str, Any] = {"credits": 120, "key": key} | change
    answer = grant(admin, buyer, **asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert (buyer.available, len(lines(buyer))) == (120, 1)


def test_a_key_is_for_one_user(admin: Person, buyer: Person, stranger: Person) -> None:
    key = uuid.uuid4().hex
    grant(admin, buyer, 120, key=key)
    assert grant(admin, stranger, 120, key=key).json()["code"] == "idempotency_conflict"
    assert (buyer.available, stranger.available) == (120, 0)


def test_a_grant_needs_a_key(admin: Person, buyer: Person) -> None:
    answer = admin.post(PATH, {"user_id": buyer.id, "credits": 5, "reason": "A gift."})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]
    assert lines(buyer) == []


def test_nobody_is_not_given_anything(admin: Person, buyer: Person) -> None:
    answer = grant(admin, buyer, 5, user_id=str(uuid.uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_taking_more_than_there_is_leaves_a_debt_that_the_next_gift_pays(
    admin: Person, buyer: Person, shop_floor: Shop, database: psycopg.Connection[dict[str, Any]]
) -> None:
    give(database, buyer, 20)
    assert grant(admin, buyer, -50).json()["balance"] == -30
    assert grant(admin, buyer, 100).json()["available"] == 70
    assert shop_floor.ledger(buyer) == [("bonus", 20), ("adjustment", -50), ("bonus", 100)]


def test_only_an_admin_grants(sandbox: dict[str, str], admin: Person, buyer: Person) -> None:
    credentials = [
        (buyer.token, 403),
        (sandbox["SERVICE_API_KEYS"].split(",")[0], 403),
        (sandbox["CRON_SECRET"], 403),
        ("nobody", 401),
    ]
    body = {"user_id": buyer.id, "credits": 5, "reason": "A gift."}
    for credential, status in credentials:
        headers = shop.bearer(credential) | {"Idempotency-Key": uuid.uuid4().hex}
        assert buyer.request("POST", PATH, json=body, headers=headers).status_code == status
    assert lines(buyer) == []
