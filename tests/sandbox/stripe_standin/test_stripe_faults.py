"""Faults on order, and the log of requests."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import SECRET_KEY, Standin


def test_the_next_requests_fail_and_then_no_more(
    standin: Standin, client: stripe.StripeClient
) -> None:
    standin.lever("faults", {"path": "/v1/customers", "method": "POST", "times": 2})
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.customers.create({"email": "a@example.com"})
    assert client.v1.customers.create({"email": "a@example.com"}).id


def test_too_many_requests(standin: Standin, client: stripe.StripeClient) -> None:
    standin.lever("faults", {"status": 429})
    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.list()


def test_a_failure_of_its_own_is_repeated_to_its_key_and_to_no_other(
    standin: Standin, client: stripe.StripeClient
) -> None:
    standin.lever("faults", {"method": "POST", "when": "during", "status": 500})
    options = {"idempotency_key": str(uuid4())}
    params = {"email": "during@example.com"}
    for is_replayed in (None, "true"):
        with pytest.raises(stripe.APIError) as caught:
            client.v1.customers.create(params, options)
        assert caught.value.http_status == 500
        assert (caught.value.headers or {}).get("idempotent-replayed") == is_replayed
    assert client.v1.customers.create(params, {"idempotency_key": str(uuid4())}).id
    assert len(client.v1.customers.list(params).data) == 2, "it had done the work"


def test_a_failure_after_the_work_is_healed_by_the_same_key(
    standin: Standin, client: stripe.StripeClient
) -> None:
    standin.lever("faults", {"method": "POST", "when": "after", "status": 500})
    options = {"idempotency_key": str(uuid4())}
    params = {"email": "after@example.com"}
    with pytest.raises(stripe.APIError):
        client.v1.customers.create(params, options)
    again = client.v1.customers.create(params, options)
    assert [c.id for c in client.v1.customers.list(params).data] == [again.id]


def test_a_charge_whose_answer_was_lost_is_not_made_twice(
    standin: Standin, client: stripe.StripeClient
) -> None:
    customer = client.v1.customers.create({"email": "lost@example.com"}).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    params = {
        "amount": 500,
        "currency": "eur",
        "customer": customer,
        "payment_method": card.id,
        "off_session": True,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    options = {"idempotency_key": str(uuid4())}
    standin.lever("faults", {"path": "/v1/payment_intents", "kind": "drop", "when": "after"})
    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create(params, options)
    again = client.v1.payment_intents.create(params, options)
    assert again.status == "succeeded"
    charges = client.v1.charges.list({"customer": customer}).data
    assert [charge.payment_intent for charge in charges] == [again.id]


def test_the_sdks_own_retries_survive_a_dropped_connection(standin: Standin) -> None:
    standin.lever("faults", {"method": "POST", "kind": "drop", "when": "after"})
    patient = stripe.StripeClient(
        SECRET_KEY, base_addresses={"api": standin.base}, max_network_retries=2
    )
    customer = patient.v1.customers.create({"email": "dropped-line@example.com"})
    found = patient.v1.customers.list({"email": "dropped-line@example.com"})
    assert [c.id for c in found.data] == [customer.id]


def test_a_dropped_connection_is_no_answer(standin: Standin) -> None:
    standin.lever("faults", {"kind": "drop"})
    with pytest.raises(httpx.TransportError):
        standin.api("GET", "/v1/customers")


def test_a_delay_delays(standin: Standin) -> None:
    standin.lever("faults", {"kind": "delay", "seconds": 0.3})
    began = time.monotonic()
    standin.api("GET", "/v1/customers")
    assert time.monotonic() - began >= 0.3


def test_a_delay_ends_when_the_faults_are_cleared(standin: Standin) -> None:
    standin.lever("faults", {"kind": "delay", "seconds": 60})
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(standin.api, "GET", "/v1/customers")
        while standin.look("faults")["faults"]:
            time.sleep(0.02)
        assert not asking.done()
        HTTP.delete(f"{standin.base}/_sandbox/faults")
        assert asking.result(timeout=30).status_code == 200


def test_faults_are_cleared(standin: Standin) -> None:
    standin.lever("faults", {"times": 100})
    assert len(standin.look("faults")["faults"]) == 1
    HTTP.delete(f"{standin.base}/_sandbox/faults")
    assert standin.api("GET", "/v1/customers").status_code == 200


def test_a_fault_that_makes_no_sense_is_refused(standin: Standin) -> None:
    for fault in ({"kind": "explode"}, {"times": 0}, {"colour": "red"}):
        assert HTTP.post(f"{standin.base}/_sandbox/faults", json=fault).status_code == 400


def test_requests_are_logged(standin: Standin, client: stripe.StripeClient) -> None:
    key = str(uuid4())
    customer = client.v1.customers.create(
        {"email": "log@example.com", "metadata": {"a": "b"}}, {"idempotency_key": key}
    )
    [entry] = standin.look("requests?method=POST&path=/v1/customers")["requests"]
    assert entry["params"] == {"email": "log@example.com", "metadata": {"a": "b"}}
    assert (entry["status"], entry["idempotency_key"]) == (200, key)
    assert entry["response"]["id"] == customer.id
    assert entry["stripe_version"] == "2026-10-28.endive"
