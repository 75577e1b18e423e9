"""Idempotency keys by Stripe's rules."""

import threading
from uuid import uuid4

import httpx
import pytest
import stripe

from tests.sandbox.stripe_standin.standin import Standin, eventually
from tests.together import at_once


def post(standin: Standin, key: str, path: str = "/v1/customers", **form: str) -> httpx.Response:
    return standin.api("POST", path, data=form, headers={"Idempotency-Key": key})


def test_the_same_request_is_answered_again(standin: Standin) -> None:
    key = str(uuid4())
    first, second = (post(standin, key, email="a@example.com") for _ in range(2))
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_key_serves_one_request_only(standin: Standin) -> None:
    key = str(uuid4())
    post(standin, key, email="a@example.com")
    for other in (
        post(standin, key, email="b@example.com"),
        post(standin, key, "/v1/refunds", payment_intent="pi_1"),
    ):
        assert other.status_code == 400
        assert other.json()["error"]["type"] == "idempotency_error"


def test_a_failed_validation_is_forgotten(standin: Standin) -> None:
    key = str(uuid4())
    assert post(standin, key, colour="red").status_code == 400
    assert post(standin, key, email="a@example.com").status_code == 200


def test_a_decline_is_remembered(client: stripe.StripeClient) -> None:
    key = str(uuid4())
    params = {
        "amount": 500,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_chargeDeclined",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    declined = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as raised:
            client.v1.payment_intents.create(params, {"idempotency_key": key})
        declined.append(raised.value)
    first, second = declined
    assert (first.code, first.error.decline_code) == ("card_declined", "generic_decline")
    assert first.error.payment_intent.id == second.error.payment_intent.id
    assert second.headers["idempotent-replayed"] == "true"


def test_a_concurrent_request_is_a_conflict(standin: Standin) -> None:
    key = str(uuid4())
    standin.lever("faults", {"method": "POST", "kind": "delay", "seconds": 1.5})
    answers: list[httpx.Response] = []
    slow = threading.Thread(target=lambda: answers.append(post(standin, key, email="a@b.co")))
    slow.start()
    eventually(lambda: any(r["fault"] for r in standin.look("requests")["requests"]))
    conflict = post(standin, key, email="a@b.co")
    slow.join()
    assert conflict.status_code == 409
    assert conflict.json()["error"]["code"] == "idempotency_key_in_use"
    assert answers[0].status_code == 200


def test_an_answer_is_repeated_to_many_at_once(standin: Standin) -> None:
    key = str(uuid4())
    first = post(standin, key, email="many@example.com")
    standin.lever("faults", {"method": "POST", "kind": "delay", "seconds": 0.3, "times": 10})
    answers = at_once(10, lambda: post(standin, key, email="many@example.com"))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["id"] for answer in answers} == {first.json()["id"]}


def test_ten_at_once_make_one_customer(standin: Standin, client: stripe.StripeClient) -> None:
    key, email = str(uuid4()), "ten@example.com"
    threads = [
        threading.Thread(target=post, args=(standin, key), kwargs={"email": email})
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(client.v1.customers.list({"email": email}).data) == 1


def test_keys_survive_a_restart(standin: Standin) -> None:
    key = str(uuid4())
    first = post(standin, key, email="before@example.com")
    standin.restart()
    second = post(standin, key, email="before@example.com")
    assert first.json() == second.json()
