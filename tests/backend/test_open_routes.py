"""Health, readiness, configuration and the cart: what a page asks before anything else."""

import json
from typing import Any

import pytest

from tests import shop
from tests.backend.purchase import Shop
from tests.backend.webhook import PATH, signature
from tests.http import HTTP
from tests.people import Person
from tests.stripe_console import StripeConsole

Env = dict[str, str]


def ask(env: Env, path: str) -> Any:
    answer = HTTP.get(env["BACKEND_URL"] + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_health_touches_nothing() -> None:
    """No database, no Stripe, no keys: nothing is there in this shop."""
    answer = shop.client().get("/api/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_names_each_dependency(sandbox: Env) -> None:
    ready = ask(sandbox, "/api/ready")
    assert ready["database"]["status"] == "ok"
    assert 0 < ready["database"]["latency_ms"] < 5000
    assert ready["stripe"]["status"] == "ok"


def test_without_a_database_it_is_alive_and_not_ready() -> None:
    answer = shop.client().get("/api/ready")
    assert answer.status_code == 503
    assert answer.json["database"]["status"] == "database_unavailable"


def test_with_a_database_that_is_not_migrated_it_is_not_ready(sandbox: Env) -> None:
    """Any address that answers something else stands for it."""
    answer = shop.client(SUPABASE_URL=sandbox["BACKEND_URL"]).get("/api/ready")
    assert answer.status_code == 503
    assert answer.json["database"]["status"] == "error"


def test_config_tells_the_browser_all_it_needs(sandbox: Env) -> None:
    assert ask(sandbox, "/api/config") == {
        "payments_enabled": True,
        "environment": "test",
        "stripe": {
            "publishable_key": sandbox["STRIPE_PUBLISHABLE_KEY"],
            "js_url": sandbox["STRIPE_JS_URL"],
        },
        "supabase": {
            "url": sandbox["SUPABASE_URL"],
            "anon_key": sandbox["SUPABASE_PUBLISHABLE_KEY"],
        },
        "features": {
            "hosted_checkout": True,
            "embedded_checkout": True,
            "payment_element": True,
            "saved_cards": True,
            "auto_recharge": True,
            "subscriptions": True,
            "promotion_codes": True,
            "automatic_tax": False,
        },
        "currencies": ["cny", "eur", "jpy", "kwd", "usd"],
        "default_currency": "usd",
        "locales": ["en", "zh"],
    }


def test_a_config_that_has_not_changed_is_not_sent_again(sandbox: Env) -> None:
    """Every page asks for it."""
    url = sandbox["BACKEND_URL"] + "/api/config"
    first = HTTP.get(url)
    again = HTTP.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["Cache-Control"] == "public, max-age=30"


SECRETS = (
    "SUPABASE_SERVICE_KEY", "SUPABASE_SECRET_KEY", "SUPABASE_JWT_SECRET", "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET", "SERVICE_API_KEYS", "CRON_SECRET", "SUPABASE_DB_URL",
)  # fmt: skip


@pytest.mark.parametrize("path", ["/api/config", "/api/ready", "/api/packages", "/api/nothing"])
def test_no_open_route_tells_a_secret(sandbox: Env, path: str) -> None:
    answer = HTTP.get(sandbox["BACKEND_URL"] + path)
    told = answer.text + str(answer.headers)
    assert [name for name in SECRETS if sandbox[name] in told] == []


def test_the_cart_of_a_visitor_is_empty(sandbox: Env) -> None:
    assert ask(sandbox, "/api/cart/count") == {"count": 0, "items": []}


def test_the_cart_holds_what_can_still_be_paid(
    buyer: Person, stranger: Person, shop_floor: Shop, stripe_console: StripeConsole
) -> None:
    shop_floor.sell(buyer)
    cancelled = buyer.order()
    buyer.post(f"/api/payments/{cancelled['payment_id']}/cancel")
    expired = buyer.order()
    stripe_console.expire(expired["session_id"])
    buyer.refresh(expired["payment_id"])
    still_open = [buyer.order("creator"), buyer.order()]

    cart = buyer.get("/api/cart/count").json()
    assert cart["count"] == 2
    assert [item["payment_id"] for item in cart["items"]] == [
        order["payment_id"] for order in reversed(still_open)
    ]
    assert [item["payment_url"] for item in cart["items"]] == [
        order["url"] for order in reversed(still_open)
    ]
    assert stranger.get("/api/cart/count").json() == {"count": 0, "items": []}


def test_an_embedded_payment_is_in_the_cart_too(buyer: Person) -> None:
    """It takes one of the buyer's places for open payments, so he must be able to go back to it."""
    order = buyer.order(ui_mode="embedded")
    [item] = buyer.get("/api/cart/count").json()["items"]
    assert item["payment_id"] == order["payment_id"]
    assert item["payment_url"] == f"{buyer.env['FRONTEND_URL']}/?payment={order['payment_id']}"
    assert buyer.refresh(order["payment_id"])["client_secret"] == order["client_secret"]


@pytest.fixture(scope="module")
def closed(sandbox: Env) -> Any:
    """A shop that sells nothing at the moment."""
    return shop.client(sandbox, PAYMENTS_ENABLED="false")


def test_a_closed_shop_sells_nothing(closed: Any, buyer: Person) -> None:
    answer = closed.post(
        "/api/stripe/create-checkout-session",
        json={"package_id": "starter"},
        headers=shop.bearer(buyer.token),
    )
    assert (answer.status_code, answer.json["code"]) == (503, "payments_disabled")
    assert buyer.get("/api/payments").json()["payments"] == []


def test_a_closed_shop_says_so_and_lets_everybody_read(
    closed: Any, buyer: Person, shop_floor: Shop
) -> None:
    bought = shop_floor.sell(buyer)
    headers = shop.bearer(buyer.token)
    assert closed.get("/api/config").json["payments_enabled"] is False
    assert closed.get("/api/ready").status_code == 200
    assert closed.get("/api/packages").json["packages"]
    assert closed.get("/api/credits", headers=headers).json["available"] == 500
    assert closed.get(f"/api/payments/{bought.payment_id}", headers=headers).status_code == 200


def test_a_closed_shop_still_takes_in_what_was_paid_before(
    closed: Any, buyer: Person, shop_floor: Shop
) -> None:
    bought = shop_floor.sell_silently(buyer)
    path = f"/api/payments/{bought.payment_id}/refresh"
    assert closed.post(path, headers=shop.bearer(buyer.token)).json["status"] == "succeeded"


def test_in_a_closed_shop_webhooks_and_spending_go_on(
    closed: Any, buyer: Person, shop_floor: Shop, stripe_console: StripeConsole
) -> None:
    bought = shop_floor.sell_silently(buyer)
    for told in stripe_console.events(bought.order["session_id"]):
        body = json.dumps(told).encode()
        signed = {"Stripe-Signature": signature(body, buyer.env["STRIPE_WEBHOOK_SECRET"])}
        assert closed.post(PATH, data=body, headers=signed).json["status"] == "processed"
    assert buyer.available == 500
    work = {"user_id": buyer.id, "feature": "audio_processing"}
    key = {"Idempotency-Key": buyer.id} | shop.bearer(buyer.env["SERVICE_API_KEYS"].split(",")[0])
    assert closed.post("/api/credits/spend", json=work, headers=key).status_code == 201
    assert buyer.available == 497
