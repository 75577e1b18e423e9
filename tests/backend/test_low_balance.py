"""Everybody chooses from how few credits on he is told, and hears of each crossing once.

A unit of audio_processing costs three credits.
"""

from typing import Any

import psycopg
import pytest

from tests.backend.server import Server, give
from tests.people import Person

Connection = psycopg.Connection[dict[str, Any]]
PATH = "/api/credits/low-balance-threshold"
USUAL = 50
CHOSEN = 80


@pytest.fixture
def careful(database: Connection, buyer: Person) -> Person:
    """Somebody with a hundred credits who wants to be told below eighty."""
    give(database, buyer, 100)
    assert choose(buyer, CHOSEN) == (200, {"low_balance_threshold": CHOSEN})
    return buyer


def choose(person: Person, threshold: Any) -> tuple[int, Any]:
    answer = person.request("PUT", PATH, json={"threshold": threshold})
    return answer.status_code, answer.json()


def told(person: Person) -> list[dict[str, int]]:
    """What was said each time, newest first."""
    events = person.get("/api/credits/events").json()["events"]
    return [event["data"] for event in events if event["type"] == "low_balance"]


def seen(person: Person) -> tuple[int, int, bool]:
    """(available, threshold, low) as the badge reads it."""
    credits = person.get("/api/credits").json()
    return credits["available"], credits["low_balance_threshold"], credits["low_balance"]


def test_who_is_no_more_chooses_nothing(database: psycopg.Connection[dict], buyer: Person) -> None:
    database.execute("update auth.users set deleted_at = now() where id = %s", [buyer.id])
    assert choose(buyer, CHOSEN)[0] == 403
    assert database.execute("select from user_credits where user_id = %s", [buyer.id]).rowcount == 0


def test_crossing_the_chosen_threshold_is_told_once(server: Server, careful: Person) -> None:
    server.spend(careful, 6)
    assert (seen(careful), told(careful)) == ((82, CHOSEN, False), [])
    server.spend(careful)
    assert seen(careful) == (79, CHOSEN, True)
    for _ in range(3):
        server.spend(careful)
    assert seen(careful) == (70, CHOSEN, True)
    assert told(careful) == [{"available": 79, "threshold": CHOSEN}]


def test_exactly_the_threshold_is_not_below_it(
    server: Server, careful: Person, database: Connection
) -> None:
    give(database, careful, 22)
    for take, left in ((server.spend, 101), (server.hold, CHOSEN)):
        assert take(careful, 7).status_code == 201
        assert (seen(careful), told(careful)) == ((left, CHOSEN, False), [])


def test_the_usual_threshold_means_nothing_any_more(server: Server, careful: Person) -> None:
    server.spend(careful, 7)
    server.spend(careful, 10)
    assert seen(careful) == (USUAL - 1, CHOSEN, True)
    assert told(careful) == [{"available": 79, "threshold": CHOSEN}]


def test_who_buys_and_falls_again_is_told_again(
    server: Server, careful: Person, database: Connection
) -> None:
    server.spend(careful, 7)
    give(database, careful, 10)
    server.spend(careful, 5)
    assert [each["available"] for each in told(careful)] == [74, 79]


def test_a_replayed_spend_tells_nothing_new(server: Server, careful: Person) -> None:
    for _ in range(2):
        assert server.spend(careful, 7, key=f"night {careful.id}").status_code in (200, 201)
    assert told(careful) == [{"available": 79, "threshold": CHOSEN}]


def test_moving_the_threshold_itself_is_no_crossing(server: Server, careful: Person) -> None:
    choose(careful, 200)
    server.spend(careful)
    assert (seen(careful), told(careful)) == ((97, 200, True), [])


def test_who_chooses_zero_is_never_told(
    server: Server, careful: Person, database: Connection
) -> None:
    choose(careful, 0)
    give(database, careful, -1)
    server.spend(careful, 33)
    assert (seen(careful), told(careful)) == ((0, 0, False), [])


def test_a_choice_is_for_oneself_alone(
    careful: Person, stranger: Person, database: Connection
) -> None:
    give(database, stranger, 1)
    choose(careful, CHOSEN)
    assert seen(stranger)[1] == USUAL
    body = {"threshold": 1, "user_id": careful.id}
    assert stranger.request("PUT", PATH, json=body).status_code == 422
    assert seen(careful)[1] == CHOSEN


@pytest.mark.parametrize("threshold", [-1, 10**10, 1.5, "80", None, True])
def test_a_threshold_that_makes_no_sense_changes_nothing(careful: Person, threshold: Any) -> None:
    status, problem = choose(careful, threshold)
    assert (status, problem["errors"][0]["field"]) == (422, "threshold")
    assert seen(careful)[1] == CHOSEN
