"""Spending and holding over HTTP. A unit of audio_processing costs three credits."""

import json
import uuid

import psycopg
import pytest

from tests.backend.server import Server, give
from tests.people import Person, banned
from tests.together import at_once

COST = 3


@pytest.fixture
def rich(database: psycopg.Connection[dict], buyer: Person) -> Person:
    """Somebody with a hundred credits."""
    give(database, buyer, 100)
    return buyer


def test_a_spend_takes_what_the_feature_costs(server: Server, rich: Person) -> None:
    answer = server.spend(rich, 4, metadata={"job": "night"})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["amount"], body["balance"], body["available"]) == (4 * COST, 88, 88)
    [line] = rich.get("/api/credits/transactions?type=spend").json()["transactions"]
    assert (line["id"], line["amount"], line["balance_after"]) == (body["transaction_id"], -12, 88)
    assert (line["feature"], line["metadata"]) == ("audio_processing", {"job": "night"})


def test_the_price_version_and_the_request_are_on_the_row(
    server: Server, rich: Person, database: psycopg.Connection[dict]
) -> None:
    answer = server.spend(rich)
    row = database.execute(
        "select price_version, quantity, request_id from credit_transactions where id = %s",
        [answer.json()["transaction_id"]],
    ).fetchone()
    assert row == {
        "price_version": 1,
        "quantity": 1,
        "request_id": answer.headers["X-Request-Id"],
    }


def test_a_replay_gives_the_first_answer_and_takes_nothing(server: Server, rich: Person) -> None:
    key = uuid.uuid4().hex
    first, again = (server.spend(rich, 2, key=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert rich.available == 94


def test_fifty_at_once_with_one_key_spend_once(server: Server, rich: Person) -> None:
    key = uuid.uuid4().hex
    answers = at_once(50, lambda: server.spend(rich, key=key))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert rich.available == 97


@pytest.mark.parametrize("change", [{"quantity": 3}, {"metadata": {"a": 1}}])
def test_a_key_is_for_one_request(server: Server, rich: Person, change: dict) -> None:
    key = uuid.uuid4().hex
    server.spend(rich, key=key)
    answer = server.spend(rich, **{"quantity": 1, "key": key} | change)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize("change", [{"quantity": 3}, {"ttl_seconds": 60}])
def test_a_key_is_for_one_hold(server: Server, rich: Person, change: dict[str, int]) -> None:
    key = uuid.uuid4().hex
    asked = {"quantity": 1, "ttl_seconds": 600, "key": key}
    first = server.hold(rich, **asked)
    assert server.hold(rich, **asked).json()["hold_id"] == first.json()["hold_id"]
    answer = server.hold(rich, **asked | change)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


def test_who_has_too_little_keeps_it(server: Server, rich: Person) -> None:
    answer = server.spend(rich, 34)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (402, "insufficient_credits")
    assert (problem["required"], problem["available"]) == (102, 100)
    assert rich.available == 100


def test_a_spend_and_a_hold_need_a_key(server: Server, rich: Person) -> None:
    """Without one, whoever tries again pays again."""
    for answer in (server.spend(rich, key=None), server.hold(rich, key=None)):
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
        assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]
    assert rich.available == 100


def test_a_spend_needs_a_known_feature_a_sensible_quantity_and_a_key_of_a_sensible_length(
    server: Server, rich: Person
) -> None:
    assert server.spend(rich, feature="time_travel").status_code == 404
    for quantity in (0, -1, 10**10):
        assert server.spend(rich, quantity).status_code == 422
    assert server.spend(rich, key="k" * 300).status_code == 422
    assert rich.available == 100


@pytest.mark.parametrize("levels", [21, 600])
def test_metadata_that_nobody_could_read_back_is_refused(
    server: Server, rich: Person, levels: int
) -> None:
    deep = json.loads('{"a":' * levels + "1" + "}" * levels)
    answer = server.spend(rich, metadata=deep)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "metadata")
    fitting = json.loads('{"a":' * 20 + "1" + "}" * 20)
    assert server.spend(rich, metadata=fitting).status_code == 201
    assert rich.get("/api/credits/transactions").json()["transactions"][0]["metadata"] == fitting


def test_who_is_banned_spends_and_holds_nothing(
    server: Server, rich: Person, database: psycopg.Connection[dict]
) -> None:
    with banned(database, rich):
        assert server.spend(rich).status_code == 403
        assert server.hold(rich).status_code == 403
    assert rich.available == 100


def test_a_hold_sets_credits_aside_and_a_capture_spends_part_of_them(
    server: Server, rich: Person
) -> None:
    held = server.hold(rich, 10)
    assert held.status_code == 201
    assert (held.json()["status"], held.json()["amount"], rich.available) == ("held", 30, 70)
    captured = server.capture(held.json()["hold_id"], 4)
    assert (captured.json()["amount"], captured.json()["available"]) == (12, 88)
    assert server.capture(held.json()["hold_id"], 4).json() == captured.json()
    assert rich.get("/api/credits").json()["held"] == 0


def test_a_released_hold_costs_nothing_and_can_not_be_captured(
    server: Server, rich: Person
) -> None:
    hold_id = server.hold(rich).json()["hold_id"]
    assert server.release(hold_id).json()["status"] == "released"
    assert server.release(hold_id).json()["available"] == 100
    assert server.capture(hold_id).json()["code"] == "invalid_state"
    assert server.get_hold(hold_id).json()["status"] == "released"


def test_a_captured_hold_can_not_be_released(server: Server, rich: Person) -> None:
    hold_id = server.hold(rich).json()["hold_id"]
    server.capture(hold_id)
    assert server.release(hold_id).json()["code"] == "invalid_state"
    assert rich.available == 97


def test_a_hold_past_its_time_reads_as_expired_and_the_job_gives_it_back(
    server: Server, rich: Person, database: psycopg.Connection[dict], sandbox: dict[str, str]
) -> None:
    hold_id = server.hold(rich, 5).json()["hold_id"]
    database.execute("update credit_holds set expires_at = now() where id = %s", [hold_id])
    assert server.get_hold(hold_id).json()["status"] == "expired"
    assert server.capture(hold_id).json()["code"] == "invalid_state"
    job = {"Authorization": f"Bearer {sandbox['CRON_SECRET']}"}
    done = rich.request("POST", "/api/jobs/release-holds", headers=job).json()
    assert done["done"] and done["expired"] >= 1
    assert rich.available == 100


def test_nobody_captures_more_than_was_held(server: Server, rich: Person) -> None:
    hold_id = server.hold(rich, 2).json()["hold_id"]
    assert server.capture(hold_id, 3).status_code == 422
    assert server.get_hold(hold_id).json()["status"] == "held"
