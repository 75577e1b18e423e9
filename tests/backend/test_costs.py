"""What an app gets from `@costs` and `spend` when it mounts routes of its own on this backend.

A unit of audio_processing costs three credits.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
import pytest
from flask import abort, request

from backend.auth import policy
from backend.errors import DatabaseUnavailable, NotFound
from backend.services.spending import Spending
from tests import shop
from tests.backend.server import give
from tests.people import People, Person
from tests.together import at_once

Connection = psycopg.Connection[dict[str, Any]]
COST = 3
FEATURE = "audio_processing"


@dataclass
class Workshop:
    """An app with two routes: /work holds, works and captures; /buy spends at once."""

    env: dict[str, str] = field(repr=False)
    comes_to: Callable[[], Any] = dict
    """What the work answers, or how it fails."""
    works: int = 0

    def __post_init__(self) -> None:
        self._app = shop.app(self.env)
        from backend.costs import costs, spend

        @policy("user")
        @costs(FEATURE, quantity=lambda: request.args.get("units", 1, int))
        def work() -> Any:
            self.works += 1
            return self.comes_to()

        @policy("user")
        def buy() -> dict[str, Any]:
            return spend(FEATURE, request.args.get("units", 1, int), request.args.get("key"))

        for view in (work, buy):
            self._app.add_url_rule(f"/api/{view.__name__}", view_func=view, methods=["POST"])

    def ask(self, person: Person, what: str, key: str | None = None) -> Any:
        """The answer, of werkzeug's test client."""
        headers = shop.bearer(person.token) | ({"Idempotency-Key": key} if key else {})
        return self._app.test_client().post(f"/api/{what}", headers=headers)


@pytest.fixture
def workshop(sandbox: dict[str, str]) -> Workshop:
    return Workshop(sandbox)


@pytest.fixture
def rich(database: Connection, buyer: Person) -> Person:
    """Somebody with a hundred credits."""
    give(database, buyer, 100)
    return buyer


def purse(person: Person) -> tuple[int, int]:
    """(available, held) credits."""
    credits = person.get("/api/credits").json()
    return credits["available"], credits["held"]


def spends(person: Person) -> list[int]:
    """What each spend took, newest first."""
    lines = person.get("/api/credits/transactions?type=spend").json()["transactions"]
    return [line["amount"] for line in lines]


@pytest.mark.parametrize("status", [200, 201, 303])
def test_work_that_is_done_is_paid_by_its_quantity(
    workshop: Workshop, rich: Person, status: int
) -> None:
    workshop.comes_to = lambda: ({"done": True}, status)
    answer = workshop.ask(rich, "work?units=4")
    assert (answer.status_code, answer.json) == (status, {"done": True})
    assert (purse(rich), spends(rich)) == ((88, 0), [-4 * COST])


def test_while_the_work_runs_its_credits_are_set_aside(workshop: Workshop, rich: Person) -> None:
    workshop.comes_to = lambda: {"seen": purse(rich)}
    assert workshop.ask(rich, "work?units=4").json == {"seen": [88, 12]}


def not_found() -> None:
    raise NotFound()


def bug() -> None:
    raise RuntimeError("a bug of the app")


@pytest.mark.parametrize(
    ("comes_to", "status"),
    [
        (lambda: ({"no": "sense"}, 400), 400),
        (lambda: ({"no": "more"}, 499), 499),
        (lambda: ({"no": "idea"}, 503), 503),
        (partial(abort, 404), 404),
        (not_found, 404),
        (bug, 500),
    ],
)
def test_work_that_fails_costs_nothing_and_keeps_nothing_back(
    workshop: Workshop, rich: Person, comes_to: Callable[[], Any], status: int
) -> None:
    workshop.comes_to = comes_to
    assert workshop.ask(rich, "work").status_code == status
    assert workshop.works == 1
    assert (purse(rich), spends(rich)) == ((100, 0), [])


def test_who_can_not_pay_gets_no_work(workshop: Workshop, rich: Person) -> None:
    answer = workshop.ask(rich, "work?units=34")
    assert (answer.status_code, answer.json["code"]) == (402, "insufficient_credits")
    assert (answer.json["required"], answer.json["available"]) == (102, 100)
    assert (workshop.works, purse(rich)) == (0, (100, 0))


def test_one_key_pays_for_one_piece_of_work(workshop: Workshop, rich: Person) -> None:
    assert workshop.ask(rich, "work", key="mine").status_code == 200
    again = workshop.ask(rich, "work", key="mine")
    assert (again.status_code, again.json["code"]) == (409, "idempotency_conflict")
    assert (workshop.works, purse(rich)) == (1, (97, 0))


def test_eight_at_once_with_one_key_are_one_piece_of_work(workshop: Workshop, rich: Person) -> None:
    answers = at_once(8, lambda: workshop.ask(rich, "work", key="mine"))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert (workshop.works, purse(rich), spends(rich)) == (1, (97, 0), [-COST])


def test_without_a_key_every_piece_of_work_is_paid(workshop: Workshop, rich: Person) -> None:
    assert [workshop.ask(rich, "work").status_code for _ in range(2)] == [200, 200]
    assert spends(rich) == [-COST, -COST]


@pytest.mark.parametrize("what", ["work", "buy"])
def test_the_same_key_of_two_people_pays_for_each(
    workshop: Workshop,
    rich: Person,
    stranger: Person,
    database: Connection,
    what: str,
) -> None:
    give(database, stranger, 10)
    for person in (rich, stranger):
        assert workshop.ask(person, what, key="1").status_code == 200
    assert (purse(rich), purse(stranger)) == ((97, 0), (7, 0))


@pytest.mark.parametrize("what", ["work", "buy"])
def test_nobody_and_guests_are_asked_for_an_account_first(
    workshop: Workshop, people: People, buyer: Person, what: str
) -> None:
    buyer.token = "nobody"
    statuses = [workshop.ask(person, what).status_code for person in (buyer, people.guest())]
    assert (statuses, workshop.works) == ([401, 403], 0)


def test_spend_takes_at_once_and_says_what_is_left(
    workshop: Workshop, rich: Person, database: Connection
) -> None:
    answer = workshop.ask(rich, "buy?units=4")
    said = answer.json
    transaction_id = said.pop("transaction_id")
    assert said == {"amount": 12, "balance": 88, "available": 88, "replayed": False}
    row = database.execute(
        "select amount, feature, quantity, request_id from credit_transactions where id = %s",
        [transaction_id],
    ).fetchone()
    assert row == {
        "amount": -12,
        "feature": FEATURE,
        "quantity": 4,
        "request_id": answer.headers["X-Request-Id"],
    }


def test_a_spend_that_is_too_much_takes_nothing(workshop: Workshop, rich: Person) -> None:
    answer = workshop.ask(rich, "buy?units=34")
    assert (answer.status_code, answer.json["code"]) == (402, "insufficient_credits")
    assert (answer.json["required"], answer.json["available"]) == (102, 100)
    assert (purse(rich), spends(rich)) == ((100, 0), [])


def test_a_spend_of_one_key_is_taken_once_however_often_it_is_asked(
    workshop: Workshop, rich: Person
) -> None:
    answers = at_once(8, lambda: workshop.ask(rich, "buy?units=2", key="mine").json)
    assert sorted(answer.pop("replayed") for answer in answers) == [False] + [True] * 7
    assert all(answer == answers[0] for answer in answers)
    other = workshop.ask(rich, "buy?units=3", key="mine")
    assert (other.status_code, other.json["code"]) == (409, "idempotency_conflict")
    assert spends(rich) == [-2 * COST]


def test_a_spend_may_have_a_key_of_the_apps_own(workshop: Workshop, rich: Person) -> None:
    """It counts, not the request's."""
    own = f"buy?key={uuid.uuid4().hex}"
    answers = [workshop.ask(rich, own, key=key) for key in ("one", "two")]
    assert [answer.json["replayed"] for answer in answers] == [False, True]
    assert spends(rich) == [-COST]


def test_without_a_key_every_spend_is_one(workshop: Workshop, rich: Person) -> None:
    for _ in range(2):
        workshop.ask(rich, "buy")
    assert spends(rich) == [-COST, -COST]


def test_a_capture_whose_answer_was_lost_is_told_as_what_it_is(
    rich: Person, sandbox: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Releasing what was captured after all is refused, and that is nobody's news."""
    spending = shop.app(sandbox).extensions["services"].spending
    capture = Spending.capture

    def lose_the_answer(self: Spending, *asked: Any) -> Any:
        capture(self, *asked)
        raise DatabaseUnavailable()

    monkeypatch.setattr(Spending, "capture", lose_the_answer)
    with pytest.raises(DatabaseUnavailable), spending.hold(rich.id, FEATURE, 1, "k") as held:
        held.capture()
    assert rich.available == 100 - COST
