"""What an app gets from `@costs`, `hold` and `spend` when it mounts routes of its own on this backend.

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
from backend.errors import DatabaseUnavailable, NotFound, ValidationError
from backend.services.spending import Spending
from tests import shop
from tests.backend.proxy import proxy_to
from tests.backend.server import give
from tests.people import People, Person
from tests.together import at_once

Connection = psycopg.Connection[dict[str, Any]]
COST = 3
FEATURE = "audio_processing"


@dataclass
class Workshop:
    """An app with routes of its own: /work holds, works and captures; /keep captures half of what it
    holds; /buy spends, then works; /buy_twice does so two times in one request."""

    env: dict[str, str] = field(repr=False)
    comes_to: Callable[[], Any] = dict
    """What the work answers, or how it fails."""
    ttl_seconds: int = 900
    works: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    """What differs from the environment."""

    def __post_init__(self) -> None:
        self._app = shop.app(self.env, **self.settings)
        from backend.costs import costs, hold, spend

        @policy("user")
        @costs(
            FEATURE,
            quantity=lambda: request.args.get("units", 1, int),
            ttl_seconds=self.ttl_seconds,
        )
        def work() -> Any:
            self.works += 1
            return self.comes_to()

        @policy("user")
        def buy() -> dict[str, Any]:
            answer = spend(FEATURE, request.args.get("units", 1, int), request.args.get("key"))
            self.works += 1
            return answer

        @policy("user")
        def buy_twice() -> list[dict[str, Any]]:
            return [buy(), buy()]

        @policy("user")
        def keep() -> dict[str, Any]:
            with hold(FEATURE, 2, ttl_seconds=self.ttl_seconds) as held:
                self.works += 1
                return held.capture(1)

        for view in (work, keep, buy, buy_twice):
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
    assert row
    assert row.pop("request_id").startswith(answer.headers["X-Request-Id"] + ":")
    assert row == {"amount": -12, "feature": FEATURE, "quantity": 4}


def test_a_spend_that_is_too_much_takes_nothing(workshop: Workshop, rich: Person) -> None:
    answer = workshop.ask(rich, "buy?units=34")
    assert (answer.status_code, answer.json["code"]) == (402, "insufficient_credits")
    assert (answer.json["required"], answer.json["available"]) == (102, 100)
    assert (purse(rich), spends(rich)) == ((100, 0), [])


def test_one_key_pays_for_one_spend_and_the_work_after_it(workshop: Workshop, rich: Person) -> None:
    assert workshop.ask(rich, "buy?units=2", key="mine").status_code == 200
    for units in (2, 3):
        again = workshop.ask(rich, f"buy?units={units}", key="mine")
        assert (again.status_code, again.json["code"]) == (409, "idempotency_conflict")
    assert (workshop.works, purse(rich), spends(rich)) == (1, (94, 0), [-2 * COST])


def test_eight_spends_at_once_with_one_key_are_one(workshop: Workshop, rich: Person) -> None:
    answers = at_once(8, lambda: workshop.ask(rich, "buy?units=2", key="mine"))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert (workshop.works, purse(rich), spends(rich)) == (1, (94, 0), [-2 * COST])


@pytest.mark.parametrize("key", ["mine", None])
def test_two_spends_of_one_request_are_both_taken(
    workshop: Workshop, rich: Person, key: str | None
) -> None:
    answer = workshop.ask(rich, "buy_twice", key=key)
    assert [said["replayed"] for said in answer.json] == [False, False]
    assert (workshop.works, spends(rich)) == (2, [-COST, -COST])


def test_a_request_that_pays_twice_is_refused_before_anything_when_its_key_comes_again(
    workshop: Workshop, rich: Person
) -> None:
    workshop.ask(rich, "buy_twice", key="mine")
    assert workshop.ask(rich, "buy_twice", key="mine").status_code == 409
    assert (workshop.works, purse(rich)) == (2, (94, 0))


@pytest.mark.parametrize("key", ["mine:2", "2:mine", "spend2:mine"])
def test_no_key_looks_like_the_second_of_another(
    workshop: Workshop, rich: Person, key: str
) -> None:
    workshop.ask(rich, "buy", key=key)
    assert workshop.ask(rich, "buy_twice", key="mine").status_code == 200
    assert spends(rich) == [-COST] * 3


def test_a_key_of_the_apps_own_counts_instead_of_the_requests_and_may_come_again(
    workshop: Workshop, rich: Person
) -> None:
    own = f"buy?key={uuid.uuid4().hex}"
    answers = [workshop.ask(rich, own, key=key) for key in ("one", "two", "two", None)]
    assert [answer.json.pop("replayed") for answer in answers] == [False, True, True, True]
    assert all(
        answer.json["transaction_id"] == answers[0].json["transaction_id"] for answer in answers
    )
    assert spends(rich) == [-COST]


@pytest.mark.parametrize("what", ["work", "keep"])
@pytest.mark.parametrize("ttl_seconds", [1, 60, 86_400])
def test_a_hold_lasts_as_long_as_the_app_says(
    sandbox: dict[str, str], rich: Person, database: Connection, what: str, ttl_seconds: int
) -> None:
    # Captured within the second, or refused as ended: how long it was to last is written either way.
    Workshop(sandbox, ttl_seconds=ttl_seconds).ask(rich, what)
    lasted = database.execute(
        "select extract(epoch from expires_at - created_at)::int as seconds from credit_holds where user_id = %s",
        [rich.id],
    ).fetchall()
    assert lasted == [{"seconds": ttl_seconds}]


@pytest.mark.parametrize("what", ["work", "keep"])
@pytest.mark.parametrize("ttl_seconds", [0, -1, 86_401])
def test_a_hold_of_no_time_or_more_than_a_day_is_refused_before_the_work(
    sandbox: dict[str, str], rich: Person, what: str, ttl_seconds: int
) -> None:
    workshop = Workshop(sandbox, ttl_seconds=ttl_seconds)
    answer = workshop.ask(rich, what)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "ttl_seconds")
    assert (workshop.works, purse(rich)) == (0, (100, 0))


@pytest.mark.parametrize("what", ["work", "buy"])
@pytest.mark.parametrize("units", [-1, 0, 10**9 + 1, 2**63, 10**30])
def test_a_quantity_that_nobody_can_mean_is_refused_before_the_work(
    workshop: Workshop, rich: Person, what: str, units: int
) -> None:
    """It may come from the request: 2**63 is more than Postgres can read."""
    answer = workshop.ask(rich, f"{what}?units={units}")
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert answer.json["errors"] == [{"field": "quantity", "message": "Between 1 and 1000000000."}]
    assert (workshop.works, purse(rich)) == (0, (100, 0))


@pytest.mark.parametrize("units", [0, 2**63])
def test_a_capture_of_what_nobody_can_mean_is_refused_and_the_hold_released(
    rich: Person, sandbox: dict[str, str], units: int
) -> None:
    spending = shop.app(sandbox).extensions["services"].spending
    key = uuid.uuid4().hex
    with pytest.raises(ValidationError), spending.hold(rich.id, FEATURE, 1, key) as held:
        held.capture(units)
    assert purse(rich) == (100, 0)


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
    key = uuid.uuid4().hex
    with pytest.raises(DatabaseUnavailable), spending.hold(rich.id, FEATURE, 1, key) as held:
        held.capture()
    assert rich.available == 100 - COST


@pytest.mark.parametrize("key", ["mine", None])
@pytest.mark.parametrize("what", ["work", "buy"])
def test_an_answer_that_is_lost_once_is_no_replay(
    sandbox: dict[str, str], rich: Person, what: str, key: str | None
) -> None:
    """The gateway asks again by itself: what it finds then is this request's own."""
    with proxy_to(sandbox["SUPABASE_URL"]) as way:
        way_there = {"SUPABASE_URL": way.url, "SUPABASE_JWT_ISSUER": issuer(sandbox)}
        workshop = Workshop(sandbox, settings=way_there)
        way.mode = "lose_one"
        answer = workshop.ask(rich, what, key=key)
        assert (answer.status_code, way.mode, workshop.works) == (200, "pass", 1)
        assert (purse(rich), spends(rich)) == ((97, 0), [-COST])
        if key:
            assert workshop.ask(rich, what, key=key).status_code == 409


def issuer(env: dict[str, str]) -> str:
    return f"{env['SUPABASE_URL']}/auth/v1"
