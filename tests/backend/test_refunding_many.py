"""Many refunded at once, with a result each."""

from typing import Any

import psycopg
import pytest

from tests.backend.purchase import Purchase, Shop
from tests.backend.refunding import BULK, REFUNDS, UNKNOWN, given_back, path_of, refund
from tests.people import People, Person
from tests.stripe_console import StripeConsole


@pytest.fixture
def three(buyer: Person, shop_floor: Shop) -> list[Purchase]:
    return [shop_floor.sell(buyer) for _ in range(3)]


def in_bulk(admin: Person, ids: list[str], **fields: Any) -> list[dict[str, Any]]:
    answer = admin.post(BULK, {"payment_ids": ids} | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_many_are_refunded_in_full_with_a_result_each(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    ids = [bought.payment_id for bought in three]
    results = in_bulk(admin, ids, reason="duplicate")
    assert [result["payment_id"] for result in results] == ids
    assert all(result["ok"] and result["amount"] == 499 for result in results)
    assert all(given_back(stripe_console, bought) == [499] for bought in three)
    assert three[0].buyer.available == 0


def test_a_dry_run_says_what_would_happen_and_does_nothing(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    stripe_console.forget_requests()
    results = in_bulk(admin, [bought.payment_id for bought in three], dry_run=True)
    assert [(result["ok"], result["amount"], result["credits"]) for result in results] == [
        (True, 499, 500)
    ] * 3
    assert stripe_console.requests() == []
    assert three[0].buyer.available == 1500


def test_one_that_fails_hinders_no_other(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    first, second, third = (bought.payment_id for bought in three)
    unpaid = three[0].buyer.order()["payment_id"]
    refund(admin, three[1])
    results = in_bulk(admin, [first, UNKNOWN, second, unpaid, third, first])
    assert [(result["payment_id"], result.get("code")) for result in results] == [
        (first, None),
        (UNKNOWN, "not_found"),
        (second, "invalid_state"),
        (unpaid, "invalid_state"),
        (third, None),
    ]
    assert all(result["detail"] for result in results if not result["ok"])
    assert all(given_back(stripe_console, bought) == [499] for bought in three)


def test_one_that_stripe_could_not_answer_can_be_asked_for_again(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    ids = [bought.payment_id for bought in three]
    stripe_console.fault(method="POST", path=REFUNDS, status=500, when="after", times=3)
    results = in_bulk(admin, ids)
    assert [result["ok"] for result in results] == [False, True, True]
    assert results[0]["code"] == "stripe_unavailable"
    in_bulk(admin, ids)
    assert all(given_back(stripe_console, bought) == [499] for bought in three)
    assert {bought.now["status"] for bought in three} == {"refunded"}


def test_the_same_key_gives_the_same_results(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    wish = {"payment_ids": [bought.payment_id for bought in three]}
    first, again = (admin.post(BULK, wish, key=three[0].payment_id) for _ in range(2))
    assert first.json() == again.json()
    assert all(result["ok"] for result in again.json()["results"])


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"payment_ids": []},
        {"payment_ids": UNKNOWN},
        {"payment_ids": ["x"]},
        {"payment_ids": [None]},
        {"payment_ids": [UNKNOWN] * 101},
        {"payment_ids": [UNKNOWN], "amount": 1},
        {"payment_ids": [UNKNOWN], "dry_run": "no"},
        {"payment_ids": [UNKNOWN], "reason": "x" * 501},
        {"payment_ids": [UNKNOWN], "reason": ""},
    ],
)
def test_a_wrong_question_is_a_422(admin: Person, wish: dict) -> None:
    answer = admin.post(BULK, wish)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


def test_a_key_of_yesterday_whose_answer_was_lost_refunds_no_second_time(
    admin: Person,
    purchase: Purchase,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
) -> None:
    """Stripe forgets its own key after a day."""
    stripe_console.fault(method="POST", path=REFUNDS, status=500, when="after", times=3)
    assert admin.post(path_of(purchase), {"amount": 100}, key="once").status_code == 503
    stripe_console.put_back()
    database.execute(
        "update idempotency_keys set created_at = now() - interval '1 day' "
        "where caller = %s and key = 'once'",
        [admin.id],
    )
    again = admin.post(path_of(purchase), {"amount": 100}, key="once")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    assert given_back(stripe_console, purchase) == [100]
    database.execute("delete from idempotency_keys where caller = %s", [admin.id])


def test_what_failed_among_many_is_tried_again_with_the_same_key_and_nothing_twice(
    admin: Person, people: People, shop_floor: Shop, stripe_console: StripeConsole
) -> None:
    first, second = (shop_floor.sell(people.sign_up()) for _ in range(2))
    asked = {"payment_ids": [first.payment_id, second.payment_id]}
    stripe_console.fault(method="POST", path=REFUNDS, status=429, times=1)
    results = admin.post(BULK, asked, key="all of it").json()["results"]
    assert [result["ok"] for result in results] == [False, True]
    assert results[0]["code"] == "stripe_unavailable"
    again = admin.post(BULK, asked, key="all of it").json()["results"]
    assert [result["ok"] for result in again] == [True, True]
    assert again[1] == results[1]
    assert given_back(stripe_console, first) == given_back(stripe_console, second) == [499]
    other = admin.post(BULK, {"payment_ids": [first.payment_id]}, key="all of it")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
