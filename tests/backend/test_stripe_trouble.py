"""Between Stripe and us: whatever breaks, a retry finds what was begun and never begins twice."""

import time
from typing import Any

import psycopg
import pytest

from backend import config
from tests import shop
from tests.backend.purchase import Shop
from tests.backend.test_buying import CHECKOUT, SESSIONS
from tests.backend.test_buying_once import ORDER, count, sessions_made
from tests.people import Person, banned
from tests.stripe_console import StripeConsole, eventually
from tests.together import at_once

TRIES = 1 + config.STRIPE_RETRIES_MAX
OUTAGES: dict[str, dict[str, Any]] = {
    "an error before the work": {"status": 500, "when": "before"},
    "an error after the work": {"status": 500, "when": "after"},
    "no answer before the work": {"kind": "drop", "when": "before"},
    "no answer after the work": {"kind": "drop", "when": "after"},
    "too busy": {"status": 429},
}


@pytest.mark.parametrize("outage", list(OUTAGES.values())[:4], ids=list(OUTAGES)[:4])
def test_one_hiccup_is_not_noticed_by_the_buyer(
    buyer: Person, stripe_console: StripeConsole, outage: dict[str, Any]
) -> None:
    stripe_console.fault(method="POST", path=SESSIONS, **outage)
    answer = buyer.post(CHECKOUT, ORDER)
    assert answer.status_code == 201
    assert len(sessions_made(stripe_console)) == 1


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
def test_after_an_outage_the_same_key_gives_the_session_that_was_begun(
    buyer: Person,
    database: psycopg.Connection[dict],
    stripe_console: StripeConsole,
    outage: dict[str, Any],
) -> None:
    stripe_console.fault(method="POST", path=SESSIONS, times=TRIES, **outage)
    refused = buyer.post(CHECKOUT, ORDER, key="one wish")
    assert (refused.status_code, refused.json()["code"]) == (503, "stripe_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    stripe_console.put_back()

    answer = buyer.post(CHECKOUT, ORDER, key="one wish")
    assert answer.status_code == 201
    assert count(database, "payment_orders", buyer) == 1
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert payment["payment_id"] == answer.json()["payment_id"]
    keys = {r["idempotency_key"] for r in stripe_console.requests(method="POST", path=SESSIONS)}
    assert len(keys) == 1
    assert len(sessions_made(stripe_console)) == 1


def test_a_slow_stripe_is_given_up_in_time(
    buyer: Person, stripe_console: StripeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked in this process, with a shorter time limit than the real one."""
    monkeypatch.setattr("backend.gateways.stripe_api.STRIPE_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)
    stripe_console.fault(method="POST", path=SESSIONS, kind="delay", seconds=0.6, times=TRIES)
    began = time.perf_counter()
    answer = shop.client(buyer.env).post(CHECKOUT, json=ORDER, headers=shop.bearer(buyer.token))
    assert answer.json["code"] == "stripe_unavailable"
    assert time.perf_counter() - began < 2
    # Stripe goes on with what nobody waits for; the next test's faults must not meet it.
    eventually(lambda: stripe_console.requests(path=SESSIONS), all_answered)


def all_answered(requests: list[dict[str, Any]]) -> bool:
    return all(request["status"] is not None for request in requests)


@pytest.fixture
def orphan(buyer: Person, database: psycopg.Connection[dict]) -> str:
    """An order whose process died before it had asked Stripe."""
    [row] = database.execute(
        "select create_payment(%s, 'starter', null, 'usd', false, 'hosted', null, 'en', 'k', 'h')"
        " -> 'payment' ->> 'payment_id' as id",
        [buyer.id],
    ).fetchall()
    return row["id"]


def test_refresh_finishes_an_order_that_a_crash_left_behind(
    buyer: Person, orphan: str, stripe_console: StripeConsole
) -> None:
    assert buyer.payment(orphan)["payment_url"] is None
    payment = buyer.refresh(orphan)
    assert payment["status"] == "pending"
    stripe_console.pay(payment["payment_url"])
    assert buyer.refresh(orphan)["status"] == "succeeded"
    assert buyer.available == 500


def test_ten_refreshes_at_once_finish_it_once(
    buyer: Person, orphan: str, stripe_console: StripeConsole
) -> None:
    payments = at_once(10, lambda: buyer.refresh(orphan))
    assert len({payment["payment_url"] for payment in payments}) == 1
    assert len(sessions_made(stripe_console)) == 1


def test_a_lost_order_is_not_opened_for_who_was_banned_meanwhile(
    buyer: Person,
    orphan: str,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
) -> None:
    stripe_console.forget_requests()
    with banned(database, buyer):
        answer = buyer.post(f"/api/payments/{orphan}/refresh")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert stripe_console.requests() == []
        assert buyer.post(f"/api/payments/{orphan}/cancel").json()["status"] == "canceled"


def test_an_order_that_stripe_never_heard_of_can_be_cancelled_for_good(
    buyer: Person, orphan: str
) -> None:
    answer = buyer.post(f"/api/payments/{orphan}/cancel")
    assert answer.json()["status"] == "canceled"
    assert buyer.refresh(orphan)["status"] == "canceled"


def test_an_answer_that_was_lost_after_the_work_is_found_by_refresh(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    stripe_console.fault(method="POST", path=SESSIONS, kind="drop", when="after", times=TRIES)
    assert buyer.post(CHECKOUT, ORDER).status_code == 503
    stripe_console.put_back()
    [lost] = buyer.get("/api/cart/count").json()["items"]
    assert buyer.refresh(lost["payment_id"])["payment_url"]
    assert len(sessions_made(stripe_console)) == 1


@pytest.mark.parametrize("verb", ["refresh", "cancel"])
def test_while_stripe_is_away_a_payment_stays_as_it_was(
    buyer: Person, stripe_console: StripeConsole, verb: str
) -> None:
    order = buyer.order()
    stripe_console.fault(path=f"{SESSIONS}/*", status=500, times=2 * TRIES)
    answer = buyer.post(f"/api/payments/{order['payment_id']}/{verb}")
    assert (answer.status_code, answer.json()["code"]) == (503, "stripe_unavailable")
    assert buyer.payment(order["payment_id"])["status"] == "pending"


def test_while_stripe_is_away_reading_goes_on(
    buyer: Person, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    bought = shop_floor.sell(buyer)
    stripe_console.fault(path="/v1/*", kind="drop", times=50)
    assert bought.now["status"] == "succeeded"
    assert buyer.available == 500
    assert buyer.get("/api/packages").status_code == 200
