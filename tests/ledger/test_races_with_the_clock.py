"""What expires while it is being used: either the use came in time, or the clock did."""

import time
from datetime import UTC, datetime, timedelta

from tests.ledger.books import Books, Desk
from tests.ledger.crowd import crowd, rush

SOON = timedelta(milliseconds=60)
# Spread over the moment of expiry, so that both sides win some.
SPREAD_SECONDS = 0.12


def at(moment: datetime, nth: int, of: int) -> None:
    """Wait for the nth of so many moments around this one."""
    time.sleep(max(0.0, moment.timestamp() - time.time() + SPREAD_SECONDS * (nth / of - 0.5)))


def test_credits_that_expire_are_held_in_time_or_written_off(books: Books, desk: Desk) -> None:
    users = [books.new_user() for _ in range(40)]
    for user_id in users:
        desk.grant(user_id, 10)
    with crowd(books, 2 * len(users)) as desks:
        moment = datetime.now(UTC) + SOON
        books.rows("update public.credit_lots set expires_at = %s", moment)

        def hold(desk: Desk, nth: int) -> object:
            at(moment, nth, len(users))
            return desk.hold(users[nth], 10)

        def sweep(desk: Desk, nth: int) -> object:
            at(moment, nth, len(users))
            return desk.call("expire_credits", limit=5)

        answers = rush(
            desks,
            *[lambda desk, nth=nth: hold(desk, nth) for nth in range(len(users))],
            *[lambda desk, nth=nth: sweep(desk, nth) for nth in range(len(users))],
        )
    desk.call("expire_credits", limit=100)
    held = sum(answer != "insufficient_credits" for answer in answers[: len(users)])
    totals = books.rows("select sum(balance), sum(held) from public.user_credits")
    assert totals == [(10 * held, 10 * held)]


def test_a_hold_is_either_captured_in_time_or_expired(
    books: Books, desk: Desk, user_id: str
) -> None:
    holds = 40
    desk.grant(user_id, holds)
    hold_ids = [desk.hold(user_id, 1)["hold_id"] for _ in range(holds)]
    with crowd(books, 2 * holds) as desks:
        moment = datetime.now(UTC) + SOON
        books.rows("update public.credit_holds set expires_at = %s", moment)

        def capture(desk: Desk, nth: int) -> object:
            at(moment, nth, holds)
            return desk.capture(hold_ids[nth])

        def sweep(desk: Desk, nth: int) -> object:
            at(moment, nth, holds)
            return desk.call("expire_holds", limit=5)

        answers = rush(
            desks,
            *[lambda desk, nth=nth: capture(desk, nth) for nth in range(holds)],
            *[lambda desk, nth=nth: sweep(desk, nth) for nth in range(holds)],
        )
    desk.call("expire_holds", limit=100)
    captured = sum(answer != "invalid_state" for answer in answers[:holds])
    ended = dict(books.rows("select status, count(*) from public.credit_holds group by status"))
    assert ended.get("captured", 0) == captured and sum(ended.values()) == holds
    assert ended.keys() <= {"captured", "expired"}
    assert books.one("select balance from public.user_credits") == holds - captured


def test_sweeps_beside_sweeps_and_spending_write_off_each_credit_once(
    books: Books, desk: Desk
) -> None:
    users = [books.new_user() for _ in range(30)]
    for user_id in users:
        desk.grant(user_id, 5, datetime.now(UTC) + timedelta(days=1))
        desk.grant(user_id, 10)
    books.rows("update public.credit_lots set expires_at = now() where expires_at is not null")
    with crowd(books, 60) as desks:
        rush(
            desks,
            *[lambda desk: desk.call("expire_credits", limit=7)] * 30,
            *[lambda desk, user_id=user_id: desk.spend(user_id, 10) for user_id in users],
        )
    desk.call("expire_credits", limit=100)
    sums = dict(
        books.rows("select type::text, sum(amount)::int from public.credit_transactions group by 1")
    )
    assert sums == {"bonus": 450, "expiry": -150, "spend": -300}
