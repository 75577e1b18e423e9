"""A buyer's own payments: list, look, refresh, cancel."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.backend.purchase import Purchase, Shop
from tests.people import People, Person
from tests.stripe_console import IS_DECLINED, StripeConsole
from tests.together import all_at_once, at_once

SHAPE = {
    "payment_id", "status", "kind", "package_id", "amount", "amount_refunded", "currency",
    "credits", "credits_refunded", "payment_url", "receipt_url", "error", "created_at", "paid_at",
}  # fmt: skip
UNKNOWN = "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"


def verbs(person: Person, payment_id: str) -> list[tuple[int, str]]:
    """What looking, refreshing and cancelling answer."""
    path = f"/api/payments/{payment_id}"
    asked = [person.get(path), person.post(f"{path}/refresh"), person.post(f"{path}/cancel")]
    return [(answer.status_code, answer.json()["code"]) for answer in asked]


def test_a_paid_payment_shows_all_that_the_contract_names(purchase: Purchase) -> None:
    payment = purchase.now
    assert payment.keys() >= SHAPE
    shown = {name: payment[name] for name in SHAPE - {"created_at", "paid_at", "receipt_url"}}
    assert shown == {
        "payment_id": purchase.payment_id,
        "status": "succeeded",
        "kind": "one_time",
        "package_id": "starter",
        "amount": 499,
        "amount_refunded": 0,
        "currency": "usd",
        "credits": 500,
        "credits_refunded": 0,
        "payment_url": None,
        "error": None,
    }
    assert payment["receipt_url"].startswith("http")
    assert all(_is_utc(payment[name]) for name in ("created_at", "paid_at"))


def _is_utc(moment: str) -> bool:
    return datetime.fromisoformat(moment).utcoffset() == timedelta(0)


def test_nothing_of_stripes_or_of_the_users_own_ids_is_shown(purchase: Purchase) -> None:
    shown = str(purchase.now)
    assert purchase.intent_id not in shown
    assert purchase.buyer.id not in shown


def test_somebody_elses_payment_does_not_exist(
    purchase: Purchase, stranger: Person, people: People
) -> None:
    for other in (stranger, people.admin()):
        assert verbs(other, purchase.payment_id) == [(404, "not_found")] * 3
        assert other.get("/api/payments").json() == {"payments": [], "next_cursor": None}
    assert purchase.now["status"] == "succeeded"


def test_what_never_existed_looks_the_same(purchase: Purchase, stranger: Person) -> None:
    unknown = stranger.get(f"/api/payments/{UNKNOWN}").json()
    theirs = stranger.get(f"/api/payments/{purchase.payment_id}").json()
    del unknown["request_id"], theirs["request_id"]
    assert unknown == theirs


@pytest.mark.parametrize("garbage", ["1", "me", "..", "%00", "a' or '1'='1", "x" * 2000, "{}"])
def test_a_garbage_id_is_not_found(buyer: Person, garbage: str) -> None:
    answer = buyer.get(f"/api/payments/{garbage}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_list_is_read_page_by_page_newest_first(buyer: Person) -> None:
    orders = [buyer.order()["payment_id"] for _ in range(5)]
    pages, cursor = [], None
    for _ in range(4):
        query = f"limit=2&cursor={cursor}" if cursor else "limit=2"
        page = buyer.get(f"/api/payments?{query}").json()
        pages.append([payment["payment_id"] for payment in page["payments"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sum(pages, []) == orders[::-1]


def test_a_full_last_page_has_no_next(buyer: Person) -> None:
    buyer.order()
    assert buyer.get("/api/payments?limit=1").json()["next_cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=x", "cursor=x", "status=paid", "user_id=1",
        "limit=1&limit=2", f"cursor={UNKNOWN}%0A",
    ],
)  # fmt: skip
def test_a_wrong_question_is_a_422(buyer: Person, query: str) -> None:
    answer = buyer.get(f"/api/payments?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


def test_somebody_elses_cursor_is_as_unknown_as_one_that_never_was(
    purchase: Purchase, stranger: Person
) -> None:
    stranger.order()
    for cursor in (purchase.payment_id, UNKNOWN):
        answer = stranger.get(f"/api/payments?cursor={cursor}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "cursor"


def test_a_list_can_be_asked_for_one_status(purchase: Purchase) -> None:
    buyer = purchase.buyer
    pending = buyer.order()["payment_id"]

    def listed(status: str) -> list[str]:
        page = buyer.get(f"/api/payments?status={status}").json()
        return [payment["payment_id"] for payment in page["payments"]]

    assert listed("succeeded") == [purchase.payment_id]
    assert listed("pending") == [pending]
    assert listed("refunded") == []


def test_refresh_credits_without_any_webhook_and_only_once(shop_floor: Shop, buyer: Person) -> None:
    bought = shop_floor.sell_silently(buyer)
    assert buyer.available == 0
    for _ in range(3):
        assert buyer.refresh(bought.payment_id)["status"] == "succeeded"
    assert buyer.available == 500
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_ten_refreshes_at_once_credit_once(shop_floor: Shop, buyer: Person) -> None:
    bought = shop_floor.sell_silently(buyer)
    payments = at_once(10, lambda: buyer.refresh(bought.payment_id))
    assert {payment["status"] for payment in payments} == {"succeeded"}
    assert buyer.available == 500
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_an_unpaid_payment_stays_open_after_a_refresh(buyer: Person) -> None:
    order = buyer.order()
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], payment["payment_url"]) == ("pending", order["url"])
    assert buyer.available == 0


def test_a_decline_leaves_the_payment_open_and_says_why(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    stripe_console.pay(order["url"], IS_DECLINED)
    payment = buyer.refresh(order["payment_id"])
    assert payment["status"] == "pending"
    assert payment["error"]["code"] == "card_declined"
    assert payment["error"]["message"]
    stripe_console.pay(order["url"])
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], payment["error"]) == ("succeeded", None)


def test_a_cancelled_payment_cannot_be_paid_any_more(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    answer = buyer.post(f"/api/payments/{order['payment_id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert answer.json()["payment_url"] is None
    session = stripe_console.api(f"checkout/sessions/{order['session_id']}")
    assert session["status"] == "expired"
    assert buyer.get("/api/cart/count").json() == {"count": 0, "items": []}


def test_cancelling_twice_is_cancelling_once(buyer: Person) -> None:
    path = f"/api/payments/{buyer.order()['payment_id']}/cancel"
    assert [buyer.post(path).json()["status"] for _ in range(2)] == ["canceled", "canceled"]


def test_cancelling_under_one_key_gives_the_first_answer_again(buyer: Person) -> None:
    path = f"/api/payments/{buyer.order()['payment_id']}/cancel"
    first, again = (buyer.post(path, key="k") for _ in range(2))
    assert first.json() == again.json()


def test_what_is_paid_cannot_be_cancelled(shop_floor: Shop, buyer: Person) -> None:
    """Even if nobody has told us of the money yet."""
    bought = shop_floor.sell_silently(buyer)
    answer = buyer.post(f"/api/payments/{bought.payment_id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert bought.now["status"] == "succeeded"
    assert buyer.available == 500


def test_paying_and_cancelling_at_once_end_in_one_of_both(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    all_at_once(
        lambda: stripe_console.pay(order["url"]),
        lambda: buyer.post(f"/api/payments/{order['payment_id']}/cancel"),
    )
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], buyer.available) in (("succeeded", 500), ("canceled", 0))


@pytest.mark.parametrize("body", [{"force": True}, [], "x"])
def test_refresh_and_cancel_take_no_fields(buyer: Person, body: Any) -> None:
    order = buyer.order()
    for verb in ("refresh", "cancel"):
        answer = buyer.post(f"/api/payments/{order['payment_id']}/{verb}", body)
        assert answer.status_code == 422


def test_a_session_that_expired_by_itself_is_over_everywhere(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    stripe_console.expire(order["session_id"])
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], payment["payment_url"]) == ("expired", None)
