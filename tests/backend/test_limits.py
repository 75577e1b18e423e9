"""How often one caller may ask: per user, per address where there is none, and no way around."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from backend.limits import limiter
from tests import shop
from tests.backend.test_callers import closed_routes
from tests.people import Person

CHECKOUT = "/api/stripe/create-checkout-session"
Env = dict[str, str]


def statuses(times: int, ask: Any) -> list[int]:
    return [ask().status_code for _ in range(times)]


@pytest.fixture
def tight(sandbox: Env) -> Any:
    """A shop that allows three requests a minute."""
    return shop.client(sandbox, RATELIMIT_DEFAULT="3 per minute", RATELIMIT_BUYING="2 per minute")


def test_buying_is_limited_per_user(sandbox: Env, buyer: Person, stranger: Person) -> None:
    client = shop.client(sandbox, RATELIMIT_BUYING="2 per minute")

    def buy(person: Person) -> Any:
        headers = shop.bearer(person.token)
        return client.post(CHECKOUT, json={"package_id": "starter"}, headers=headers)

    assert statuses(3, lambda: buy(buyer)) == [201, 201, 429]
    refused = buy(buyer)
    assert refused.json["code"] == "rate_limited"
    assert refused.content_type == "application/problem+json"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Limit"] == "2"
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert 0 < int(refused.headers["RateLimit-Reset"]) <= 60
    assert buy(stranger).status_code == 201
    assert client.get("/api/credits", headers=shop.bearer(buyer.token)).status_code == 200


def test_reading_is_limited_per_user_too(tight: Any, buyer: Person, stranger: Person) -> None:
    headers = shop.bearer(buyer.token)
    assert statuses(4, lambda: tight.get("/api/credits", headers=headers)) == [200] * 3 + [429]
    assert tight.get("/api/credits", headers=shop.bearer(stranger.token)).status_code == 200


def test_visitors_share_the_limit_of_their_address(tight: Any) -> None:
    def ask(address: str) -> Any:
        return tight.get("/api/packages", environ_base={"REMOTE_ADDR": address})

    assert statuses(4, lambda: ask("192.0.2.1")) == [200] * 3 + [429]
    assert ask("192.0.2.2").status_code == 200


def test_guessing_tokens_is_limited(tight: Any) -> None:
    guesses = iter(range(10))
    ask = lambda: tight.get("/api/credits", headers=shop.bearer(f"guess {next(guesses)}"))  # noqa: E731
    assert statuses(4, ask) == [401] * 3 + [429]


def test_whoever_is_refused_is_counted_on_every_route(tight: Any) -> None:
    """On those with a limit of their own, too."""
    for _, method, path in closed_routes(tight.application):
        guesses = iter(range(10))

        def ask(method: str = method, path: str = path, guesses: Iterator[int] = guesses) -> Any:
            headers = shop.bearer(f"guess {next(guesses)}")
            return tight.open(path, method=method, headers=headers, json={})

        assert set(statuses(4, ask)[:2]) <= {401, 429}, path
        assert statuses(1, ask) == [429], path


FORGED = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"]


@pytest.mark.parametrize("header", FORGED)
def test_a_forged_address_evades_nothing(tight: Any, header: str) -> None:
    addresses = iter(range(10))
    ask = lambda: tight.get("/api/packages", headers={header: f"198.51.100.{next(addresses)}"})  # noqa: E731
    assert statuses(4, ask) == [200] * 3 + [429]


def test_behind_one_proxy_only_what_that_proxy_wrote_counts(sandbox: Env) -> None:
    client = shop.client(sandbox, RATELIMIT_DEFAULT="2 per minute", PROXY_HOPS="1")
    addresses = iter(range(10))

    def ask(client_address: str) -> Any:
        forwarded = f"198.51.100.{next(addresses)}, {client_address}"
        return client.get("/api/packages", headers={"X-Forwarded-For": forwarded})

    assert statuses(3, lambda: ask("192.0.2.7")) == [200, 200, 429]
    assert ask("192.0.2.8").status_code == 200


def test_the_webhook_and_the_pages_are_not_limited(tight: Any) -> None:
    assert statuses(6, lambda: tight.post("/api/stripe/webhook")) == [400] * 6
    assert 429 not in statuses(6, lambda: tight.get("/nothing.html"))


def test_a_trusted_server_is_not_limited(sandbox: Env, tight: Any) -> None:
    headers = shop.bearer(sandbox["SERVICE_API_KEYS"].split(",")[0])
    assert 429 not in statuses(6, lambda: tight.get("/api/packages", headers=headers))


def test_where_nothing_is_refused_nobody_is_told_to_wait(tight: Any) -> None:
    answer = tight.get("/api/packages")
    assert "Retry-After" not in answer.headers
    assert answer.headers["RateLimit-Remaining"] == "2"


@pytest.fixture
def _outage_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limiter is one for all apps of a process: the next one finds it as this one did."""
    monkeypatch.setattr(limiter, "_storage_dead", False)


@pytest.mark.usefixtures("_outage_ends")
def test_a_shop_whose_redis_is_away_goes_on_with_its_own_limits_and_says_so(
    sandbox: Env, capsys: pytest.CaptureFixture[str]
) -> None:
    client = shop.client(
        sandbox, RATELIMIT_STORAGE_URI="redis://127.0.0.1:9/0", RATELIMIT_DEFAULT="3 per minute"
    )
    assert statuses(4, lambda: client.get("/api/packages")) == [200] * 3 + [429]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [warning] = [line for line in lines if line["logger"] == "flask-limiter"]
    assert warning["level"] == "WARNING"
    assert "storage unreachable" in warning["message"]


@pytest.mark.usefixtures("_outage_ends")
def test_a_shop_whose_redis_hangs_goes_on_too(sandbox: Env) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        client = shop.client(sandbox, RATELIMIT_STORAGE_URI=uri, RATELIMIT_DEFAULT="3 per minute")
        assert statuses(4, lambda: client.get("/api/packages")) == [200] * 3 + [429]


def test_whether_it_is_alive_may_be_asked_as_often_as_a_probe_likes(tight: Any) -> None:
    assert statuses(6, lambda: tight.get("/api/health")) == [200] * 6


def test_an_outage_says_its_own_time_to_wait_and_a_closed_shop_none(
    sandbox: Env, buyer: Person
) -> None:
    away = shop.client(sandbox, SUPABASE_URL="http://127.0.0.1:9")
    answer = away.get("/api/packages")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    closed = shop.client(sandbox, PAYMENTS_ENABLED="false")
    answer = closed.post(CHECKOUT, json={"package_id": "starter"}, headers=shop.bearer(buyer.token))
    assert (answer.status_code, answer.json["code"]) == (503, "payments_disabled")
    assert "Retry-After" not in answer.headers


def test_everything_that_asks_stripe_shares_one_limit(tight: Any, buyer: Person) -> None:
    order = buyer.order()
    asking = [f"/api/payments/{order['payment_id']}/{verb}" for verb in ("refresh", "cancel")]
    headers = shop.bearer(buyer.token)
    answers = [tight.post(path, json={}, headers=headers).status_code for path in asking * 2]
    assert answers == [200, 200, 200, 429]
    assert tight.get("/api/credits", headers=headers).status_code == 200


WHAT_COSTS_STRIPE = [
    ("POST", "/api/stripe/create-checkout-session"),
    ("POST", "/api/stripe/create-payment-intent"),
    ("POST", "/api/stripe/portal-session"),
    ("POST", "/api/payment-methods/setup-intent"),
    ("POST", "/api/payment-methods/refresh"),
    ("PUT", "/api/credits/auto-recharge"),
]


@pytest.mark.parametrize(("method", "path"), WHAT_COSTS_STRIPE)
def test_whatever_could_try_cards_has_the_buying_limit(method: str, path: str) -> None:
    client = shop.client(RATELIMIT_BUYING="2 per minute")
    headers = shop.bearer(shop.legacy_token())
    answer = client.open(path, method=method, json={}, headers=headers)
    assert answer.headers["RateLimit-Limit"] == "2"
