"""Falling below the threshold is told once: the crossing, not the state."""

from tests.ledger.books import Books, Desk

THRESHOLD = 50


def told(books: Books) -> list[int]:
    """What was available each time."""
    events = books.rows("select data from public.account_events order by created_at")
    return [data["available"] for (data,) in events]


def test_spending_below_the_threshold_is_told_once(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, THRESHOLD + 2)
    desk.spend(user_id, 2)
    assert told(books) == []
    desk.spend(user_id, 1)
    desk.spend(user_id, 1)
    assert told(books) == [THRESHOLD - 1]


def test_a_hold_that_crosses_and_its_capture_are_one_crossing(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, THRESHOLD + 10)
    hold = desk.hold(user_id, 20)
    desk.capture(hold["hold_id"])
    assert told(books) == [THRESHOLD - 10]


def test_who_comes_up_and_falls_again_is_told_again(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, THRESHOLD)
    desk.spend(user_id, 1)
    desk.grant(user_id, 1)
    desk.spend(user_id, 5)
    assert told(books) == [THRESHOLD - 1, THRESHOLD - 5]
