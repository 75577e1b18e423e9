"""An account event is told to the app until it is taken, or given up; by one job at a time."""

from datetime import timedelta
from functools import partial
from typing import Any

from tests.ledger.books import Books, Desk
from tests.ledger.crowd import crowd, rush

Event = dict[str, Any]
REFUSAL = "HTTP 500"
MADE = """
insert into public.account_events (user_id, type, data, next_attempt_at)
select gen_random_uuid(), 'low_balance', '{"available": 1}', now() - n * interval '1 second'
from generate_series(1, %s) n order by n returning id::text
"""


def make(books: Books, count: int = 1) -> list[str]:
    """Their ids; the last has been due for the longest time."""
    return [event_id for (event_id,) in books.rows(MADE, count)]


def claim(desk: Desk, limit: int = 10) -> list[Event]:
    return desk.call("claim_account_events", limit=limit)


def finish(desk: Desk, event: Event, error: str | None = None) -> None:
    desk.call("finish_account_event", id=event["id"], error=error)


def pause_after_failure(desk: Desk, event: Event) -> timedelta | None:
    """None: it is given up."""
    pause = "select next_attempt_at - now() from public.account_events where id = %s"
    with desk.connection.transaction():
        finish(desk, event, REFUSAL)
        [answer] = desk.connection.execute(pause, [event["id"]]).fetchone() or [None]
    return answer


def wait(books: Books, time: str) -> None:
    """Time moves by moving what is due."""
    sooner = "update public.account_events set next_attempt_at = next_attempt_at - %s::interval"
    books.rows(sooner, time)


def test_an_event_is_claimed_with_all_that_is_told(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, 50)
    desk.spend(user_id, 1)
    [event] = claim(desk)
    told = {"available": 49, "threshold": 50}
    assert event.keys() == {"id", "user_id", "type", "data", "created_at", "attempts"}
    assert (event["user_id"], event["type"], event["data"]) == (user_id, "low_balance", told)


def test_the_pauses_grow_until_it_is_given_up_after_some_five_days(
    books: Books, desk: Desk
) -> None:
    make(books)
    pauses: list[timedelta | None] = []
    for attempt in range(1, 21):
        [event] = claim(desk)
        assert event["attempts"] == attempt
        pauses.append(pause_after_failure(desk, event))
        wait(books, "12 hours")
    doubling = [timedelta(minutes=2**nth) for nth in range(10)]
    half_days = [timedelta(hours=12)] * 9
    assert pauses == [*doubling, *half_days, None]
    assert sum(doubling + half_days, timedelta()).days == 5
    assert claim(desk) == []
    end = "select next_attempt_at, delivered_at, error from public.account_events"
    assert books.rows(end) == [(None, None, REFUSAL)]


def test_a_failure_is_not_tried_again_before_its_pause_is_over(books: Books, desk: Desk) -> None:
    [event_id] = make(books)
    [event] = claim(desk)
    finish(desk, event, REFUSAL)
    wait(books, "50 seconds")
    assert claim(desk) == []
    wait(books, "10 seconds")
    assert [event["id"] for event in claim(desk)] == [event_id]


def test_what_a_job_has_claimed_is_its_own_for_a_minute(books: Books, desk: Desk) -> None:
    """If it has died, another takes over."""
    [event_id] = make(books)
    assert [event["attempts"] for event in claim(desk)] == [1]
    wait(books, "50 seconds")
    assert claim(desk) == []
    wait(books, "10 seconds")
    assert [(event["id"], event["attempts"]) for event in claim(desk)] == [(event_id, 2)]


def test_what_twenty_jobs_have_died_of_is_given_up(books: Books, desk: Desk) -> None:
    make(books)
    for _ in range(20):
        assert len(claim(desk)) == 1
        wait(books, "1 minute")
    assert claim(desk) == []
    [(next_attempt_at, error)] = books.rows("select next_attempt_at, error from account_events")
    assert next_attempt_at is None
    assert error == "Each job that sent it ended before it was answered."


def test_what_was_taken_is_never_sent_again(books: Books, desk: Desk) -> None:
    make(books)
    for error in (REFUSAL, None):
        [event] = claim(desk)
        finish(desk, event, error)
        wait(books, "1 minute")
    wait(books, "1 year")
    assert claim(desk) == []
    assert (
        books.one("select error from public.account_events where delivered_at is not null") is None
    )


def test_a_job_that_is_late_does_not_revive_what_another_has_delivered(
    books: Books, desk: Desk
) -> None:
    make(books)
    [late] = claim(desk)
    wait(books, "1 minute")
    [event] = claim(desk)
    finish(desk, event)
    finish(desk, late, REFUSAL)
    wait(books, "1 year")
    assert claim(desk) == []
    assert (
        books.one("select error from public.account_events where delivered_at is not null") is None
    )


def test_what_has_been_due_for_the_longest_time_is_claimed_first(books: Books, desk: Desk) -> None:
    due = make(books, 5)
    claims = [{event["id"] for event in claim(desk, 2)} for _ in range(4)]
    assert claims == [set(due[3:]), set(due[1:3]), set(due[:1]), set()]


def test_many_jobs_at_once_claim_each_event_once(books: Books) -> None:
    due = make(books, 50)
    with crowd(books, 20) as desks:
        claims = rush(desks, *[partial(claim, limit=4)] * 20)
    assert sorted(event["id"] for events in claims for event in events) == sorted(due)


def test_a_job_passes_over_what_another_is_just_claiming(books: Books, desk: Desk) -> None:
    sooner, longer = make(books, 2)
    with books.desk(lock_timeout="1s") as other, desk.connection.transaction():
        assert [event["id"] for event in claim(desk, 1)] == [longer]
        assert [event["id"] for event in claim(other)] == [sooner]
    assert claim(desk) == []


def test_what_nobody_has_asked_for_in_a_month_is_no_news(books: Books, desk: Desk) -> None:
    """Events wait from the first day on; the app's address may be set years later."""
    new, *_, old = make(books, 12)
    books.rows(
        "update public.account_events set created_at = now() - interval '31 days' where id <> %s",
        new,
    )
    assert [event["id"] for event in claim(desk, limit=5)] == [new]  # behind eleven of them
    [left] = books.rows(
        "select attempts, next_attempt_at, error from public.account_events where id = %s", old
    )
    assert left == (0, None, "Nobody sent it in time.")
