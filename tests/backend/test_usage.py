"""What was spent on what, day by day. Units cost: docx_processing 2, audio_processing 3."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.backend.server import Server, give
from tests.people import Person

Connection = psycopg.Connection[dict[str, Any]]
PATH = "/api/credits/usage"
AUDIO, WORDS = "audio_processing", "docx_processing"
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}


@pytest.fixture
def rich(database: Connection, buyer: Person) -> Person:
    """Somebody with a thousand credits."""
    give(database, buyer, 1000)
    return buyer


def usage(person: Person, **asked: str) -> list[dict[str, Any]]:
    answer = person.get(PATH, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["usage"]


def of(period: str, feature: str, credits: int, calls: int) -> dict[str, Any]:
    return {"period": period, "feature": feature, "credits": credits, "calls": calls}


def spent(
    server: Server, database: Connection, person: Person, moment: str, feature: str, units: int
) -> None:
    """A spend, as if it had been then."""
    answer = server.spend(person, units, feature=feature)
    assert answer.status_code == 201, answer.text
    with database.transaction():
        database.execute("alter table credit_transactions disable trigger user")
        database.execute(
            "update credit_transactions set created_at = %s where id = %s",
            [moment, answer.json()["transaction_id"]],
        )
        database.execute("alter table credit_transactions enable trigger user")


def test_who_spent_nothing_sees_nothing(rich: Person) -> None:
    assert usage(rich) == []


def test_each_day_and_feature_has_its_credits_and_calls(
    server: Server, database: Connection, rich: Person
) -> None:
    for moment, feature, units in (
        ("2026-03-11T12:00:00Z", WORDS, 10),
        ("2026-03-10T00:00:00Z", AUDIO, 1),
        ("2026-03-10T23:59:59Z", AUDIO, 4),
        ("2026-03-10T12:00:00Z", WORDS, 7),
    ):
        spent(server, database, rich, moment, feature, units)
    assert usage(rich, **MARCH, group="day") == [
        of("2026-03-10", AUDIO, 15, 2),
        of("2026-03-10", WORDS, 14, 1),
        of("2026-03-11", WORDS, 20, 1),
    ]


def test_a_day_is_one_of_utc_whatever_zone_is_asked_in(
    server: Server, database: Connection, rich: Person
) -> None:
    spent(server, database, rich, "2026-03-10T23:30:00Z", AUDIO, 1)
    spent(server, database, rich, "2026-03-11T00:30:00+01:00", AUDIO, 1)
    asked = {"from": "2026-03-11T00:00:00+01:00", "to": "2026-03-12T00:00:00+01:00"}
    assert usage(rich, **asked) == [of("2026-03-10", AUDIO, 6, 2)]


def test_from_is_included_and_to_is_not(server: Server, database: Connection, rich: Person) -> None:
    for moment, units in (("2026-03-10T00:00:00Z", 1), ("2026-03-12T00:00:00Z", 9)):
        spent(server, database, rich, moment, AUDIO, units)
    days = {"from": "2026-03-10", "to": "2026-03-12"}
    assert usage(rich, **days) == [of("2026-03-10", AUDIO, 3, 1)]


def test_without_dates_it_is_the_last_thirty_days(
    server: Server, database: Connection, rich: Person
) -> None:
    now = datetime.now(UTC)
    inside, outside = now - timedelta(days=29, hours=23), now - timedelta(days=30, minutes=1)
    for moment in (inside, outside):
        spent(server, database, rich, moment.isoformat(), AUDIO, 2)
    assert usage(rich) == [of(inside.date().isoformat(), AUDIO, 6, 1)]


def test_what_was_captured_counts_and_nothing_else_that_moves_credits(
    server: Server, database: Connection, rich: Person
) -> None:
    captured = server.hold(rich, 10).json()["hold_id"]
    server.capture(captured, 4)
    server.release(server.hold(rich, 5).json()["hold_id"])
    server.hold(rich, 6)
    give(database, rich, -50)
    [today] = usage(rich)
    assert (today["feature"], today["credits"], today["calls"]) == (AUDIO, 12, 1)


def test_everybody_sees_his_own_only(server: Server, rich: Person, stranger: Person) -> None:
    server.spend(rich)
    assert usage(stranger) == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": ""}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"to": "0001-01-01"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-02"}, "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from"),
        ({"from": "2025-01-01", "to": "2026-01-03"}, "from"),
        ({"group": "hour"}, "group"),
        ({"user_id": "x"}, "user_id"),
    ],
)
def test_a_period_that_makes_no_sense_is_a_422(
    buyer: Person, asked: dict[str, str], field: str
) -> None:
    answer = buyer.get(PATH, params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_leap_year_is_the_longest_period(buyer: Person) -> None:
    assert usage(buyer, **{"from": "2028-01-01", "to": "2029-01-01"}) == []
