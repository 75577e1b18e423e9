"""The stand-in, the real SDK, and a webhook receiver.

After each test every request that was accepted, every answer and every event is held against the
SDK's types.
"""

import os
from collections.abc import Iterator

import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import (
    ASYNC_SECONDS,
    PUBLISHABLE_KEY,
    SECRET_KEY,
    WEBHOOK_SECRET,
    Receiver,
    Standin,
    events_since,
    eventually,
    free_port,
    launch,
    start_receiver,
    stop,
)
from tests.stripe_types import check_error, check_object, check_request


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    server, receiver = start_receiver()
    base = f"http://127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "STRIPE_API_BASE": base,
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "BACKEND_URL": receiver.url,
        "SANDBOX_DATA": str(tmp_path_factory.mktemp("stripe")),
        "STRIPE_ASYNC_SECONDS": str(ASYNC_SECONDS),
    }
    standin = Standin(base, receiver, launch(environment), environment)
    yield standin
    stop(standin.process)
    server.shutdown()


@pytest.fixture
def client(standin: Standin) -> stripe.StripeClient:
    return stripe.StripeClient(
        SECRET_KEY, base_addresses={"api": standin.base}, max_network_retries=0
    )


@pytest.fixture
def receiver(standin: Standin) -> Receiver:
    """Hears this test's events alone: first everything of the tests before must have come."""
    eventually(lambda: not standin.first_deliveries_under_way())
    standin.receiver.received.clear()
    standin.receiver.statuses.clear()
    return standin.receiver


@pytest.fixture(autouse=True)
def nobody_stays_subscribed(
    everything_fits_the_types: None, client: stripe.StripeClient
) -> Iterator[None]:
    """Where a test moves time, only its own subscriptions are renewed."""
    yield
    for subscription in client.v1.subscriptions.list({"limit": 100}).data:
        client.v1.subscriptions.cancel(subscription.id)


@pytest.fixture(autouse=True)
def everything_fits_the_types(standin: Standin) -> Iterator[None]:
    HTTP.delete(f"{standin.base}/_sandbox/requests", timeout=10)
    before = standin.api("GET", "/v1/events?limit=1").json()["data"]
    yield
    HTTP.delete(f"{standin.base}/_sandbox/faults", timeout=10)
    HTTP.delete(f"{standin.base}/_sandbox/next-decline", timeout=10)
    standin.lever("delivery-mode", {"mode": "live", "copies": 1})
    for request in standin.look("requests")["requests"]:
        if request["status"] == 200:
            check_request(request["method"], request["path"], request["params"])
            check_object(request["response"])
        elif request["response"]:
            check_error(request["response"])
    for event in events_since(standin, before[0]["id"] if before else None):
        check_object(event)
