"""The way to the database: counted, cut, slowed down, and its answers lost."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import shop
from tests.backend.proxy import Proxy, proxy_to
from tests.backend.purchase import Purchase, Shop
from tests.backend.webhook import PATH, signature
from tests.people import Person
from tests.stripe_console import StripeConsole

Env = dict[str, str]


@pytest.fixture
def way(sandbox: Env) -> Iterator[Proxy]:
    with proxy_to(sandbox["SUPABASE_URL"]) as proxy:
        yield proxy


@pytest.fixture
def client(sandbox: Env, way: Proxy, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A backend whose way to the database leads through the proxy, with a short time limit."""
    monkeypatch.setattr("backend.gateways.supabase.DATABASE_TIMEOUT_SECONDS", 0.5)
    issuer = f"{sandbox['SUPABASE_URL']}/auth/v1"
    return shop.client(sandbox, SUPABASE_URL=way.url, SUPABASE_JWT_ISSUER=issuer)


@pytest.fixture
def bought(shop_floor: Shop, buyer: Person) -> Purchase:
    return shop_floor.sell_silently(buyer)


@pytest.fixture
def paid(bought: Purchase, stripe_console: StripeConsole) -> dict[str, Any]:
    """The event that the money is there."""
    return stripe_console.events(bought.intent_id)[-1]


def deliver(client: FlaskClient, env: Env, event: dict[str, Any]) -> Any:
    body = json.dumps(event).encode()
    headers = {"Stripe-Signature": signature(body, env["STRIPE_WEBHOOK_SECRET"])}
    return client.post(PATH, data=body, headers=headers)


def test_a_webhook_is_one_round_trip(
    client: FlaskClient, way: Proxy, sandbox: Env, bought: Purchase, paid: dict
) -> None:
    for outcome in ("processed", "duplicate"):
        way.paths.clear()
        assert deliver(client, sandbox, paid).json["status"] == outcome
        assert way.paths == ["/rest/v1/rpc/receive_event"]
    assert bought.buyer.available == 500


def test_a_spend_a_hold_and_a_capture_are_one_round_trip_each(
    client: FlaskClient, way: Proxy, sandbox: Env, bought: Purchase
) -> None:
    buyer = bought.buyer
    buyer.refresh(bought.payment_id)
    server = shop.bearer(sandbox["SERVICE_API_KEYS"].split(",")[0])
    work = {"user_id": buyer.id, "feature": "audio_processing", "quantity": 2}

    def trips(path: str, body: dict[str, Any]) -> tuple[Any, list[str]]:
        way.paths.clear()
        headers = server | {"Idempotency-Key": f"{path} of {buyer.id}"}
        answer = client.post(f"/api/credits/{path}", json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json, list(way.paths)

    for _ in ("new", "replayed"):
        assert trips("spend", work)[1] == ["/rest/v1/rpc/spend"]
        held, asked = trips("holds", work)
        assert asked == ["/rest/v1/rpc/hold"]
    for _ in ("new", "replayed"):
        capture = trips(f"holds/{held['hold_id']}/capture", {})
        assert capture[1] == ["/rest/v1/rpc/capture"]
    assert buyer.available == 500 - 6 - 6


def test_a_refused_signature_is_none(client: FlaskClient, way: Proxy) -> None:
    assert client.post(PATH, data=b"{}").status_code == 400
    assert way.paths == []


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("GET", "/api/health", 0),
        ("GET", "/api/packages", 1),
        ("GET", "/api/credits", 1),
        ("GET", "/api/credits/transactions", 1),
        ("GET", "/api/payments", 1),
        ("GET", "/api/cart/count", 1),
        ("POST", "/api/stripe/create-checkout-session", 3),
    ],
)
def test_a_request_takes_few_round_trips(
    client: FlaskClient, way: Proxy, buyer: Person, method: str, path: str, most: int
) -> None:
    body = {"package_id": "starter"} if method == "POST" else None
    answer = client.open(path, method=method, json=body, headers=shop.bearer(buyer.token))
    assert answer.status_code < 300, answer.text
    assert len(way.paths) <= most, way.paths


@pytest.mark.parametrize("mode", ["refuse", "stall"])
def test_while_the_database_is_away_an_event_is_not_acknowledged_and_processed_when_sent_again(
    client: FlaskClient,
    way: Proxy,
    sandbox: Env,
    bought: Purchase,
    paid: dict,
    shop_floor: Shop,
    mode: str,
) -> None:
    way.mode = mode
    answer = deliver(client, sandbox, paid)
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    way.mode = "pass"
    way.resume.set()
    assert deliver(client, sandbox, paid).json["status"] in ("processed", "duplicate")
    assert shop_floor.ledger(bought.buyer) == [("purchase", 500)]


def test_a_lost_answer_credits_once(
    client: FlaskClient,
    way: Proxy,
    sandbox: Env,
    bought: Purchase,
    paid: dict,
    shop_floor: Shop,
) -> None:
    way.mode = "lose"
    assert deliver(client, sandbox, paid).status_code == 503
    assert shop_floor.ledger(bought.buyer) == [("purchase", 500)]
    way.mode = "pass"
    assert deliver(client, sandbox, paid).json["status"] == "duplicate"
    assert shop_floor.ledger(bought.buyer) == [("purchase", 500)]


def test_a_lost_answer_to_an_order_makes_no_second_one(
    client: FlaskClient, way: Proxy, buyer: Person
) -> None:
    """The page repeats its request with its key."""
    headers = shop.bearer(buyer.token) | {"Idempotency-Key": "one wish"}
    order = {"package_id": "starter"}
    path = "/api/stripe/create-checkout-session"
    way.mode = "lose"
    assert client.post(path, json=order, headers=headers).status_code == 503
    way.mode = "pass"
    assert client.post(path, json=order, headers=headers).status_code == 201
    assert len(buyer.get("/api/payments").json()["payments"]) == 1


def test_a_lost_answer_to_an_order_without_a_key_makes_no_second_one(
    client: FlaskClient, way: Proxy, buyer: Person
) -> None:
    """Nobody but the buyer may repeat what has no key."""
    way.mode = "lose"
    answer = client.post(
        "/api/stripe/create-checkout-session",
        json={"package_id": "starter"},
        headers=shop.bearer(buyer.token),
    )
    assert answer.status_code == 503
    assert len(buyer.get("/api/payments").json()["payments"]) == 1


ROUTES = [
    ("GET", "/api/packages"),
    ("GET", "/api/config"),
    ("GET", "/api/credits"),
    ("GET", "/api/credits/transactions"),
    ("GET", "/api/credits/transactions?format=csv"),
    ("GET", "/api/payments"),
    ("GET", "/api/payments/7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"),
    ("POST", "/api/payments/7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10/refresh"),
    ("POST", "/api/payments/7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10/cancel"),
    ("GET", "/api/cart/count"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_database_every_route_says_so_at_once(
    client: FlaskClient, way: Proxy, buyer: Person, method: str, path: str
) -> None:
    way.mode = "refuse"
    began = time.perf_counter()
    answer = client.open(path, method=method, headers=shop.bearer(buyer.token))
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert time.perf_counter() - began < 2


def test_a_slow_database_is_given_up_in_time(
    client: FlaskClient, way: Proxy, buyer: Person
) -> None:
    way.mode = "stall"
    began = time.perf_counter()
    answer = client.get("/api/credits", headers=shop.bearer(buyer.token))
    assert answer.json["code"] == "database_unavailable"
    assert time.perf_counter() - began < 2
    assert way.paths == ["/rest/v1/rpc/get_credits"], "who was too slow is not asked again"
