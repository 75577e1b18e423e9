"""Stripe's refusals become the contract's codes, in words that a buyer understands."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from backend.config import STRIPE_RETRIES_MAX
from backend.errors import CardDeclined, Problem, StripeFailed, StripeUnavailable
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import KeyTaken, NotConnected, StripeRejected
from backend.services.checkout import Checkout
from backend.services.customers import Buyer, Customers
from backend.services.idempotency import Idempotency
from backend.services.orders import Orders
from tests import shop

BASE = "https://stripe.example"
SESSIONS = f"{BASE}/v1/checkout/sessions"
INSIDE = "No such price: 'price_123'; a similar object exists in live mode. sk_test_abc"


@pytest.fixture
def stripe_api(monkeypatch: pytest.MonkeyPatch) -> StripeApi:
    """The gateway, retrying without the pauses."""
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)
    return StripeApi(shop.settings(STRIPE_API_BASE=BASE))


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


def error(status: int, kind: str, **members: Any) -> dict[str, Any]:
    return {"status": status, "json": {"error": {"type": kind, "message": INSIDE} | members}}


def refusal_of(stripe_api: StripeApi) -> Problem:
    with pytest.raises(Problem) as caught:
        stripe_api.create_checkout_session({"mode": "payment"}, "key")
    return caught.value


CARD_ERROR = error(402, "card_error", code="card_declined", decline_code="insufficient_funds")
REJECTIONS = {
    "invalid request": error(400, "invalid_request_error", code="parameter_unknown"),
    "not found": error(404, "invalid_request_error", code="resource_missing"),
}
REFUSALS = {
    "authentication": error(401, "invalid_request_error"),
    "permission": error(403, "invalid_request_error"),
    "key used otherwise": error(400, "idempotency_error"),
    "not json": {"status": 200, "body": "<html>captive portal</html>"},
}
OUTAGES = {
    "rate limit": error(429, "rate_limit_error", code="rate_limit"),
    "concurrent": error(409, "idempotency_error", code="idempotency_key_in_use"),
    "lock timeout": error(429, "invalid_request_error", code="lock_timeout"),
    "server error": error(500, "api_error"),
    "bad gateway": {"status": 502, "body": "<html>Bad Gateway</html>"},
    "unavailable": {"status": 503, "body": ""},
    "no connection": {"body": requests.ConnectionError("refused")},
    "too slow": {"body": requests.Timeout("read timed out")},
}


def is_for_buyers(problem: Problem) -> bool:
    """A sentence, and nothing of Stripe's own words."""
    shown = json.dumps([problem.detail, problem.members])
    return problem.detail.endswith(".") and "price_123" not in shown and "sk_test" not in shown


def test_a_declined_card_is_told_with_its_reason(
    stripe_api: StripeApi, mocked: responses.RequestsMock
) -> None:
    mocked.post(SESSIONS, **CARD_ERROR)
    problem = refusal_of(stripe_api)
    assert isinstance(problem, CardDeclined)
    assert problem.members == {"decline_code": "insufficient_funds"}
    assert is_for_buyers(problem)


@pytest.mark.parametrize("answer", REJECTIONS.values(), ids=REJECTIONS)
def test_what_stripe_will_never_do_is_a_rejection(
    stripe_api: StripeApi, mocked: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    mocked.post(SESSIONS, **answer)
    problem = refusal_of(stripe_api)
    assert isinstance(problem, StripeRejected)
    assert is_for_buyers(problem)
    assert len(mocked.calls) == 1


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
def test_what_the_shop_must_put_right_is_a_502(
    stripe_api: StripeApi, mocked: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    mocked.post(SESSIONS, **answer)
    problem = refusal_of(stripe_api)
    assert type(problem) in (StripeFailed, NotConnected, KeyTaken)
    assert is_for_buyers(problem)


@pytest.mark.parametrize("answer", OUTAGES.values(), ids=OUTAGES)
def test_what_may_pass_is_a_503_after_bounded_retries_with_one_key(
    stripe_api: StripeApi, mocked: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    mocked.post(SESSIONS, **answer)
    problem = refusal_of(stripe_api)
    assert isinstance(problem, StripeUnavailable)
    assert problem.retry_after_seconds
    assert is_for_buyers(problem)
    assert 1 <= len(mocked.calls) <= 1 + STRIPE_RETRIES_MAX
    assert {call.request.headers["Idempotency-Key"] for call in mocked.calls} == {"key"}


@pytest.mark.parametrize("name", ["concurrent", "server error", "no connection", "unavailable"])
def test_what_passes_is_retried_until_it_does(
    stripe_api: StripeApi, mocked: responses.RequestsMock, name: str
) -> None:
    mocked.post(SESSIONS, **OUTAGES[name])
    mocked.post(SESSIONS, json={"id": "cs_1", "object": "checkout.session"})
    assert stripe_api.create_checkout_session({"mode": "payment"}, "key")["id"] == "cs_1"


def test_every_request_carries_the_key_the_version_and_a_time_limit(
    stripe_api: StripeApi, mocked: responses.RequestsMock
) -> None:
    mocked.post(SESSIONS, json={"id": "cs_1", "object": "checkout.session"})
    stripe_api.create_checkout_session({"mode": "payment"}, "key")
    [call] = mocked.calls
    assert call.request.headers["Authorization"] == "Bearer sk_test_example"
    assert call.request.headers["Stripe-Version"].endswith(".endive")
    assert call.request.req_kwargs["timeout"]


class Books:
    """The database of one order: remembers which facts were recorded."""

    def __init__(self) -> None:
        self.facts: list[dict[str, Any]] = []

    def as_service(self, function: str, **arguments: Any) -> Any:
        assert function == "record_facts"
        self.facts.append(arguments["facts"])


ORDER = {
    "payment": {
        "payment_id": "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10",
        "user_id": "u",
        "status": "pending",
        "kind": "one_time",
        "ui_mode": "hosted",
        "currency": "usd",
        "amount": 499,
        "created_at": "2026-01-01T00:00:00+00:00",
    },
    "product": {"name": "Starter", "description": None},
    "customer_id": "cus_1",
    "is_subscribed": False,
    "superseded_session_id": None,
    "options": {},
    "return_url": None,
    "locale": "en",
}


def facts_after(stripe_api: StripeApi) -> list[dict[str, Any]]:
    books = Books()
    settings = shop.settings()
    customers = Customers(settings, books, stripe_api)  # type: ignore[arg-type]
    orders = Orders(settings, books, customers, Idempotency(books))  # type: ignore[arg-type]
    checkout = Checkout(settings, books, stripe_api, orders)  # type: ignore[arg-type]
    with pytest.raises(Problem):
        checkout.open_session(ORDER, Buyer("u", None))
    return books.facts


@pytest.mark.parametrize("answer", REJECTIONS.values(), ids=REJECTIONS)
def test_a_rejected_order_has_failed_and_says_why(
    stripe_api: StripeApi, mocked: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    mocked.post(SESSIONS, **answer)
    [learnt] = facts_after(stripe_api)
    assert (learnt["payment_id"], learnt["ended"]) == (ORDER["payment"]["payment_id"], "failed")
    assert learnt["error"]["code"] == "stripe_error"
    assert INSIDE not in learnt["error"]["message"]


@pytest.mark.parametrize("answer", [*REFUSALS.values(), *OUTAGES.values()])
def test_any_other_refusal_leaves_the_order_open_for_a_retry(
    stripe_api: StripeApi, mocked: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    mocked.post(SESSIONS, **answer)
    assert facts_after(stripe_api) == []
