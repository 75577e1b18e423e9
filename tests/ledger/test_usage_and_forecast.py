"""What a user is told of his spending: on which days and for what, and how long his credits last."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.ledger.books import UNIT, Books, Desk
from tests.ledger.test_metrics import at

DAY = date(2026, 3, 10)
NEXT = DAY + timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
NOTHING = {"per_day": None, "days_left": None, "empty_on": None, "next_expiry": None}
FEATURE = "docx_processing"  # two credits each
Spend = Callable[..., None]


def told(books: Books, user_id: str, query: str, *values: Any, **settings: str) -> list[Any]:
    """The columns of the row that the user sees."""
    claims = json.dumps({"sub": user_id, "role": "authenticated"})
    with books.connect("postgres", **settings) as connection, connection.transaction():
        connection.execute(
            "select set_config('request.jwt.claims', %s, true), "
            "set_config('role', 'authenticated', true)",
            [claims],
        )
        return list(connection.execute(query, values).fetchone() or [])


def usage(
    books: Books, user_id: str, since: datetime, to: datetime, **settings: str
) -> list[tuple[str, str, int, int]]:
    """(period, feature, credits, calls)."""
    [rows] = told(books, user_id, "select public.get_usage(%s, %s)", since, to, **settings)
    for row in rows:
        assert row.keys() == {"period", "feature", "credits", "calls"}
    return [(row["period"], row["feature"], row["credits"], row["calls"]) for row in rows]


def forecast(books: Books, user_id: str) -> dict[str, Any]:
    """With `empty_on` as the number of days from today, for tests that run at midnight."""
    query = "select public.get_forecast(), (now() at time zone 'UTC')::date"
    answer, today = told(books, user_id, query)
    if answer["empty_on"]:
        answer["empty_on"] = (date.fromisoformat(answer["empty_on"]) - today).days
    return answer


@pytest.fixture
def spend(desk: Desk, user_id: str, moved: Any) -> Spend:
    """Credits from the user's lots, spent at that moment."""

    def spend(quantity: int, moment: datetime, feature: str = UNIT) -> None:
        spent = desk.spend(user_id, quantity, feature=feature)
        moved("credit_transactions", f"id = '{spent['transaction_id']}'", created_at=moment)

    return spend


@pytest.fixture
def customer(desk: Desk, user_id: str) -> str:
    """Somebody with a thousand credits that never expire."""
    desk.grant(user_id, 1000)
    return user_id


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def test_usage_is_summed_by_day_and_feature(books: Books, customer: str, spend: Spend) -> None:
    spend(7, at(NEXT))
    spend(3, at(DAY, 9))
    spend(4, at(DAY, 18))
    spend(5, at(DAY), FEATURE)
    assert usage(books, customer, at(DAY, 0), at(NEXT, 24)) == [
        ("2026-03-10", FEATURE, 10, 1),
        ("2026-03-10", UNIT, 7, 2),
        ("2026-03-11", UNIT, 7, 1),
    ]


@pytest.mark.parametrize("timezone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_day_is_one_of_utc_wherever_the_database_thinks_it_is(
    books: Books, customer: str, spend: Spend, timezone: str
) -> None:
    spend(1, at(NEXT, 0) - MICROSECOND)
    spend(2, at(NEXT, 0))
    spend(4, at(NEXT, 24) - MICROSECOND)
    assert usage(books, customer, at(DAY, 0), at(NEXT, 24), TimeZone=timezone) == [
        ("2026-03-10", UNIT, 1, 1),
        ("2026-03-11", UNIT, 6, 2),
    ]


def test_a_period_has_its_beginning_and_not_its_end(
    books: Books, customer: str, spend: Spend
) -> None:
    since, to = at(DAY, 6), at(DAY, 18)
    for credits, moment in ((1, since - MICROSECOND), (2, since), (4, to - MICROSECOND), (8, to)):
        spend(credits, moment)
    assert usage(books, customer, since, to) == [("2026-03-10", UNIT, 6, 2)]
    assert usage(books, customer, since, since) == []


def test_usage_is_what_he_spent_and_nothing_else(books: Books, desk: Desk, customer: str) -> None:
    desk.refund(desk.buy(customer), 100)
    desk.grant(customer, -5)
    desk.hold(customer, 10)
    desk.release(desk.hold(customer, 20)["hold_id"])
    desk.capture(desk.hold(customer, 40)["hold_id"], 30)
    stranger = books.new_user()
    desk.grant(stranger, 100)
    desk.spend(stranger, 100)
    [(_, *row)] = usage(books, customer, ago(1), ago(-1))
    assert row == [UNIT, 30, 1]


def test_who_has_spent_nothing_has_no_usage(books: Books, customer: str) -> None:
    assert usage(books, customer, ago(30), ago(-1)) == []


def test_who_has_spent_nothing_has_no_forecast(books: Books, desk: Desk, user_id: str) -> None:
    assert forecast(books, user_id) == NOTHING
    desk.grant(user_id, 100)
    assert forecast(books, user_id) == NOTHING


@pytest.fixture
def steady(customer: str, spend: Spend) -> str:
    """Ten credits a day for ten days; nine hundred are left."""
    for day in range(1, 11):
        spend(10, ago(day))
    return customer


def test_a_steady_pace_goes_on(books: Books, desk: Desk, steady: str) -> None:
    lasts = NOTHING | {"per_day": 10, "days_left": 90, "empty_on": 90}
    assert forecast(books, steady) == lasts
    desk.grant(steady, 9)
    assert forecast(books, steady) == lasts, "rounded down"
    desk.grant(steady, 1)
    assert forecast(books, steady)["days_left"] == 91


def test_credits_that_expire_before_they_are_spent_count_and_are_told_beside_it(
    books: Books, desk: Desk, steady: str
) -> None:
    later = datetime.now(UTC) + timedelta(days=3)
    sooner = later - timedelta(days=1)
    desk.grant(steady, 60, later)
    desk.grant(steady, 40, sooner)
    answer = forecast(books, steady)
    assert (answer["days_left"], answer["empty_on"]) == (100, 100)
    assert answer["next_expiry"]["credits"] == 40
    assert datetime.fromisoformat(answer["next_expiry"]["expires_at"]) == sooner


def test_credits_that_have_expired_do_not_count(books: Books, desk: Desk, steady: str) -> None:
    """Whether or not a job has written them off."""
    desk.grant(steady, 100, datetime.now(UTC) + timedelta(days=1))
    gone = "update public.credit_lots set expires_at = now() where expires_at is not null"
    books.rows(gone)
    lasts = NOTHING | {"per_day": 10, "days_left": 90, "empty_on": 90}
    assert forecast(books, steady) == lasts
    desk.call("expire_credits", limit=10)
    assert forecast(books, steady) == lasts


def test_credits_that_are_held_do_not_count_until_they_are_let_go(
    books: Books, desk: Desk, steady: str
) -> None:
    hold = desk.hold(steady, 100)
    assert forecast(books, steady)["days_left"] == 80
    desk.release(hold["hold_id"])
    assert forecast(books, steady)["days_left"] == 90


def test_the_pace_is_that_of_the_last_thirty_days(
    books: Books, customer: str, spend: Spend
) -> None:
    a_minute = 1 / 1440
    spend(500, ago(30 + a_minute))
    assert forecast(books, customer)["per_day"] is None
    spend(90, ago(30 - a_minute))
    assert forecast(books, customer)["per_day"] == 3
    spend(60, ago(1))
    assert forecast(books, customer)["per_day"] == 5


def test_the_pace_of_a_newcomer_is_that_of_his_days(
    books: Books, customer: str, spend: Spend
) -> None:
    spend(90, ago(20))
    assert forecast(books, customer)["per_day"] == 4.5


def test_the_first_hours_count_as_a_day(books: Books, customer: str, spend: Spend) -> None:
    spend(40, ago(1 / 24))
    assert forecast(books, customer) == NOTHING | {"per_day": 40, "days_left": 24, "empty_on": 24}


def test_who_owes_has_no_day_left(books: Books, desk: Desk, steady: str) -> None:
    desk.grant(steady, -901)
    lasts = NOTHING | {"per_day": 10, "days_left": 0, "empty_on": 0}
    assert forecast(books, steady) == lasts


def test_nobody_is_told_of_more_than_a_century(
    books: Books, desk: Desk, customer: str, spend: Spend
) -> None:
    spend(1, ago(10))
    desk.grant(customer, 1_000_000)
    answer = forecast(books, customer)
    assert (answer["days_left"], answer["empty_on"]) == (36_500, 36_500)
