"""The shop's numbers over HTTP: which days, which currency. What they mean is tested on the ledger."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests import shop
from tests.backend.purchase import Shop
from tests.backend.server import Server
from tests.people import Person
from tests.specification import check_answer

PATH = "/api/admin/metrics"


def metrics(admin: Person, **asked: str) -> dict[str, Any]:
    answer = admin.get(PATH, params=asked)
    assert answer.status_code == 200, answer.text
    check_answer(answer)
    return answer.json()


def days(first: date, count: int) -> list[str]:
    return [(first + timedelta(days=n)).isoformat() for n in range(count)]


def test_a_purchase_and_a_spend_show_on_their_day(
    sandbox: dict[str, str], admin: Person, buyer: Person, shop_floor: Shop
) -> None:
    before = metrics(admin, currency="JPY")["totals"]
    shop_floor.sell(buyer, currency="jpy")
    Server(sandbox).spend(buyer, 2)
    answer = metrics(admin, currency="jpy")
    today = answer["days"][-1]
    assert today["day"] == datetime.now(UTC).date().isoformat()
    assert answer["totals"]["revenue"] - before["revenue"] == 780
    assert answer["totals"]["payments"] - before["payments"] == 1
    assert today["revenue"] >= 780
    assert today["conversion"] > 0
    assert today["credits_outstanding"] - before["credits_outstanding"] == 500 - 6
    assert "audio_processing" in {used["feature"] for used in today["usage_by_feature"]}


def test_without_dates_it_is_the_last_thirty_days_and_today_is_one(admin: Person) -> None:
    answer = metrics(admin)
    today = datetime.now(UTC).date()
    assert [entry["day"] for entry in answer["days"]] == days(today - timedelta(days=29), 30)
    assert answer["to"] == (today + timedelta(days=1)).isoformat()
    assert answer["currency"] == "usd"


def test_from_is_included_and_to_is_not(admin: Person) -> None:
    answer = metrics(admin, **{"from": "2026-02-27", "to": "2026-03-02"})
    assert [entry["day"] for entry in answer["days"]] == days(date(2026, 2, 27), 3)
    [day] = metrics(admin, **{"from": "2026-02-27T09:00:00Z", "to": "2026-02-27T17:00:00Z"})["days"]
    assert day["day"] == "2026-02-27", "a day that has begun counts whole"
    assert len(metrics(admin, **{"from": "2024-01-01", "to": "2025-01-01"})["days"]) == 366


def test_a_currency_that_nothing_is_sold_in_is_all_zeros(admin: Person) -> None:
    totals = metrics(admin, currency="xxx")["totals"]
    assert (totals["revenue"], totals["orders"], totals["conversion"]) == (0, 0, None)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "2026-01-02", "to": "2026-01-01"}, "from"),
        ({"from": "2026-01-01", "to": "2026-01-01"}, "from"),
        ({"from": "2024-01-01", "to": "2025-01-02"}, "from"),
        ({"from": "2999-01-01"}, "from"),
        ({"from": "monday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"to": "9999-12-31T12:00:00Z"}, "to"),
        ({"to": "0001-01-02"}, "to"),
        ({"currency": "us"}, "currency"),
        ({"group": "week"}, "group"),
    ],
    ids=str,
)
def test_wrong_input_names_its_field(admin: Person, asked: dict[str, str], field: str) -> None:
    answer = admin.get(PATH, params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_shops_own_currency_is_taken_without_one(
    sandbox: dict[str, str], admin: Person
) -> None:
    euros = shop.client(sandbox, DEFAULT_CURRENCY="EUR")
    assert euros.get(PATH, headers=shop.bearer(admin.token)).json["currency"] == "eur"
