"""Spending at the same moment: no credit is spent twice, and none is lost."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.ledger.books import Books, Desk, new_key
from tests.ledger.crowd import crowd, rush

REFUSED = "insufficient_credits"


@pytest.mark.parametrize("verb", ["spend", "hold"])
def test_of_many_spends_at_once_exactly_those_succeed_that_there_are_credits_for(
    books: Books, desk: Desk, user_id: str, verb: str
) -> None:
    balance, spends = 60, 200
    for days in (1, 2, 3):  # some spends need credits of two lots
        desk.grant(user_id, balance // 3, datetime.now(UTC) + timedelta(days=days))
    with crowd(books, spends) as desks:
        answers = rush(desks, *[lambda desk: getattr(desk, verb)(user_id, 3)] * spends)
    accepted = [answer for answer in answers if answer != REFUSED]
    assert len(accepted) == balance // 3
    assert sorted(answer["available"] for answer in accepted) == list(range(0, balance, 3))


@pytest.mark.parametrize("verb", ["spend", "hold"])
def test_one_key_at_once_has_one_effect_and_one_answer(
    books: Books, desk: Desk, user_id: str, verb: str
) -> None:
    desk.grant(user_id, 100)
    key, callers = new_key(), 50
    with crowd(books, callers) as desks:
        answers = rush(desks, *[lambda desk: getattr(desk, verb)(user_id, 2, key)] * callers)
    assert sorted(answer.pop("replayed") for answer in answers) == [False] + [True] * (callers - 1)
    assert answers == [answers[0]] * callers
    assert answers[0]["available"] == 98
    assert books.one("select balance - held from public.user_credits") == 98


def test_one_key_at_once_for_two_requests_serves_one_of_them(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, 100)
    key, callers = new_key(), 20
    actions = [lambda desk, n=n: desk.spend(user_id, 1 + n % 2, key) for n in range(callers)]
    with crowd(books, callers) as desks:
        answers = rush(desks, *actions)
    served = [answer["amount"] for answer in answers if answer != "idempotency_conflict"]
    assert len(served) == callers / 2 and len(set(served)) == 1
    assert books.one("select balance from public.user_credits") == 100 - served[0]


def test_one_grant_at_once_is_one_grant(books: Books, desk: Desk, user_id: str) -> None:
    key, callers = new_key(), 30
    with crowd(books, callers) as desks:
        answers = rush(desks, *[lambda desk: desk.grant(user_id, 7, key=key)] * callers)
    assert answers == [answers[0]] * callers
    assert books.one("select balance from public.user_credits") == 7


def test_a_hold_captured_by_many_at_once_is_spent_once(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, 100)
    hold_id, callers = desk.hold(user_id, 10)["hold_id"], 30
    with crowd(books, callers) as desks:
        answers = rush(
            desks, *[lambda desk, n=n: desk.capture(hold_id, 1 + n % 10) for n in range(callers)]
        )
    told = {(answer["transaction_id"], answer["amount"], answer["available"]) for answer in answers}
    [(_, captured, available)] = told
    assert available == 100 - captured == books.one("select balance from public.user_credits")


def test_a_hold_is_either_captured_or_released(books: Books, desk: Desk, user_id: str) -> None:
    holds = 40
    desk.grant(user_id, holds)
    hold_ids = [desk.hold(user_id, 1)["hold_id"] for _ in range(holds)]
    with crowd(books, 2 * holds) as desks:
        answers = rush(
            desks,
            *[lambda desk, held=held: desk.capture(held) for held in hold_ids],
            *[lambda desk, held=held: desk.release(held) for held in hold_ids],
        )
    captured, released = answers[:holds], answers[holds:]
    for capture, release in zip(captured, released, strict=True):
        assert (capture == "invalid_state") != (release == "invalid_state")
    spent = sum(capture != "invalid_state" for capture in captured)
    account = books.rows("select balance, held, lifetime_spent from public.user_credits")
    assert account == [(holds - spent, 0, spent)]
