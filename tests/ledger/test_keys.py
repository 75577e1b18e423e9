"""A key is for one request; who asks again for the same reason hears the same."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.ledger.books import Books, Desk, Refused, new_key

Verb = Callable[..., Any]


@pytest.mark.parametrize("verb", [Desk.spend, Desk.hold])
def test_only_another_request_hears_of_a_replay(
    books: Books, desk: Desk, user_id: str, verb: Verb
) -> None:
    """The same asks again because its answer was lost; without an id nobody knows who asks."""
    desk.grant(user_id, 100)
    key = new_key()

    def ask(request_id: str | None) -> Any:
        return verb(desk, user_id, 10, key, request_id=request_id)

    first = ask("r1")
    assert not first["replayed"]
    assert ask("r1") == first
    for another in ("r2", None):
        assert ask(another) == first | {"replayed": True}
    assert books.one("select balance - held from public.user_credits") == 90


def test_of_a_hold_that_has_ended_even_the_same_request_hears(desk: Desk, user_id: str) -> None:
    desk.grant(user_id, 100)
    key = new_key()
    hold = desk.hold(user_id, 10, key, request_id="r1")
    desk.release(hold["hold_id"])
    again = desk.hold(user_id, 10, key, request_id="r1")
    assert (again["replayed"], again["status"]) == (True, "released")


@pytest.mark.parametrize("verb", [Desk.spend, Desk.hold])
def test_without_any_id_a_key_that_comes_again_is_a_replay(
    desk: Desk, user_id: str, verb: Verb
) -> None:
    desk.grant(user_id, 100)
    key = new_key()
    assert [verb(desk, user_id, 10, key)["replayed"] for _ in range(2)] == [False, True]


@pytest.mark.parametrize("verb", [Desk.spend, Desk.hold])
def test_a_key_is_for_one_user(books: Books, desk: Desk, user_id: str, verb: Verb) -> None:
    """Or the second would have his work for nothing."""
    other, key = books.new_user(), new_key()
    for user in (user_id, other):
        desk.grant(user, 100)
    verb(desk, user_id, 10, key)
    with pytest.raises(Refused, match="idempotency_conflict"):
        verb(desk, other, 10, key)


def test_a_key_is_for_one_time_to_hold(desk: Desk, user_id: str) -> None:
    desk.grant(user_id, 100)
    key = new_key()
    desk.hold(user_id, 10, key, ttl_seconds=900)
    with pytest.raises(Refused, match="idempotency_conflict"):
        desk.hold(user_id, 10, key, ttl_seconds=86_400)


def test_a_key_is_for_one_expiry_of_a_grant(desk: Desk, user_id: str) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    key = new_key()
    first = desk.grant(user_id, 10, tomorrow, key)
    assert desk.grant(user_id, 10, tomorrow, key) == first
    for another in (None, tomorrow + timedelta(days=1)):
        with pytest.raises(Refused, match="idempotency_conflict"):
            desk.grant(user_id, 10, another, key)


def test_what_would_have_expired_already_is_not_granted(
    books: Books, desk: Desk, user_id: str
) -> None:
    with pytest.raises(Refused, match="validation_error"):
        desk.grant(user_id, 10, datetime.now(UTC) - timedelta(seconds=1))
    assert books.rows("select * from public.credit_transactions") == []


def test_a_late_answer_leaves_the_first_one_standing(desk: Desk) -> None:
    key = {"caller": "x", "key": "k"}
    desk.call("claim_idempotency_key", **key, request_hash="h")
    for body in ("first", "second"):
        desk.call("store_idempotent_answer", **key, answer={"body": {"is": body}, "status": 200})
    claim = desk.call("claim_idempotency_key", **key, request_hash="h")
    assert claim["answer"]["body"] == {"is": "first"}
