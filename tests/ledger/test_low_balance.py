"""Falling below the threshold is told once: the crossing, not the state."""

from datetime import UTC, datetime, timedelta

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


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def expire(books: Books) -> None:
    """The last day of all that expires has come."""
    books.rows("update public.credit_lots set expires_at = now() where expires_at is not null")


def test_a_hold_that_ends_on_expired_credits_tells_nothing_again(
    books: Books, desk: Desk, user_id: str
) -> None:
    """Between its steps the account has more credits than the user ever had."""
    desk.grant(user_id, 90, tomorrow())
    desk.grant(user_id, 20)
    holds = [desk.hold(user_id, 30)["hold_id"] for _ in range(3)]
    expire(books)
    desk.release(holds[0])
    desk.capture(holds[1], 10)
    desk.release(holds[2])
    assert told(books) == [THRESHOLD - 30]


def test_credits_that_expire_beside_a_hold_are_missed_when_it_ends(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, 100, tomorrow())
    desk.grant(user_id, 30, tomorrow())
    desk.grant(user_id, THRESHOLD - 10)
    hold = desk.hold(user_id, 100)
    assert told(books) == []
    expire(books)
    desk.capture(hold["hold_id"])
    assert told(books) == [THRESHOLD - 10]
