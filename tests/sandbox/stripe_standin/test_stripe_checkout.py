"""A checkout session from open to complete or expired, without a browser."""

import threading
import time
from pathlib import Path

import httpx
import pytest
import stripe

from sandbox.stripe import clock, timers
from sandbox.stripe.objects.checkout_session import new_session
from sandbox.stripe.objects.line_item import new_line_item
from sandbox.stripe.objects.price import new_price
from sandbox.stripe.objects.product import new_product
from sandbox.stripe.settings import Settings
from sandbox.stripe.world import TIMER_ACTIONS, World
from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import (
    ASKS_FOR_3D_SECURE,
    DECLINED,
    EXPIRED,
    INSUFFICIENT_FUNDS,
    Standin,
    event_types,
    eventually,
)


def test_a_new_session_is_open_and_has_no_intent(
    standin: Standin, client: stripe.StripeClient
) -> None:
    session = standin.new_session(client)
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert session.payment_intent is None
    assert session.amount_total == 499
    assert session.url.startswith(f"{standin.base}/c/pay/cs_test_")


def test_a_good_card_pays(standin: Standin, client: stripe.StripeClient) -> None:
    session = standin.new_session(client, metadata={"payment_id": "p1"})
    answer = standin.pay(session.url)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{standin.base}/healthz?session={session.id}"

    paid = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge"]}
    )
    intent = paid.payment_intent
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details.email == "buyer@example.com"
    assert (intent.status, intent.amount_received) == ("succeeded", 499)
    assert intent.metadata.to_dict() == {"payment_id": "p1"}
    assert intent.latest_charge.payment_method_details.card.last4 == "4242"
    assert event_types(standin, session.id) == ["checkout.session.completed"]
    assert event_types(standin, intent.id) == ["payment_intent.created", "payment_intent.succeeded"]
    assert event_types(standin, intent.latest_charge.id) == ["charge.succeeded", "charge.updated"]


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        (DECLINED, "card_declined", "generic_decline"),
        (INSUFFICIENT_FUNDS, "card_declined", "insufficient_funds"),
        (EXPIRED, "expired_card", None),
    ],
)
def test_after_a_decline_another_card_pays_the_same_session(
    standin: Standin,
    client: stripe.StripeClient,
    number: str,
    code: str,
    decline_code: str | None,
) -> None:
    session = standin.new_session(client)
    answer = standin.pay(session.url, number)
    assert answer.headers["Location"] == f"/c/pay/{session.id}"

    declined = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    error = declined.payment_intent.last_payment_error
    assert declined.status == "open"
    assert declined.payment_intent.status == "requires_payment_method"
    assert (error.code, getattr(error, "decline_code", None)) == (code, decline_code)

    standin.pay(session.url)
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"
    assert paid.payment_intent == declined.payment_intent.id
    assert event_types(standin, paid.payment_intent) == [
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
    ]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"number": "4242424242424241"}, "number_invalid"),
        ({"number": "6011111111111117"}, "incorrect_number"),
        ({"number": "42"}, "number_incomplete"),
        ({"expiration": "01/20"}, "expiration_past"),
        ({"expiration": "13/40"}, "expiration_invalid"),
        ({"cvc": "1"}, "cvc_incomplete"),
        ({"email": "nobody"}, "email_invalid"),
        ({"name": ""}, "required"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_happens(
    standin: Standin, client: stripe.StripeClient, fields: dict[str, str], complaint: str
) -> None:
    session = standin.new_session(client)
    answer = standin.pay(session.url, **fields)
    assert answer.status_code == 422
    assert f'data-code="{complaint}"' in answer.text
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent is None


def test_3d_secure_accepted_pays(standin: Standin, client: stripe.StripeClient) -> None:
    session = standin.new_session(client)
    challenge = standin.base + standin.pay(session.url, ASKS_FOR_3D_SECURE).headers["Location"]
    waiting = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert waiting.payment_intent.status == "requires_action"
    assert "Complete authentication" in HTTP.get(challenge).text

    HTTP.post(challenge, data={"outcome": "complete"})
    paid = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge"]}
    )
    card = paid.payment_intent.latest_charge.payment_method_details.card
    assert (paid.payment_status, card.three_d_secure.result) == ("paid", "authenticated")
    assert "payment_intent.requires_action" in event_types(standin, paid.payment_intent.id)


def test_3d_secure_refused_leaves_the_session_open(
    standin: Standin, client: stripe.StripeClient
) -> None:
    session = standin.new_session(client)
    challenge = standin.base + standin.pay(session.url, ASKS_FOR_3D_SECURE).headers["Location"]
    for _ in range(2):  # the second click finds the question answered
        assert HTTP.post(challenge, data={"outcome": "fail"}).status_code == 303
    refused = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    error = refused.payment_intent.last_payment_error
    assert (refused.status, refused.payment_intent.latest_charge) == ("open", None)
    assert error.code == "payment_intent_authentication_failure"
    assert "unable to authenticate" in HTTP.get(session.url).text


@pytest.mark.parametrize("outcome", ["succeeds", "fails"])
def test_a_bank_transfer_is_decided_later(
    standin: Standin, client: stripe.StripeClient, outcome: str
) -> None:
    session = standin.new_session(client)
    answer = standin.pay(session.url, method="us_bank_account", outcome=outcome)
    assert answer.status_code == 303
    started = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (started.status, started.payment_status) == ("complete", "unpaid")
    assert started.payment_intent.status == "processing"

    eventually(lambda: len(event_types(standin, session.id)) == 2)
    ended = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    kind, payment_status, intent_status = {
        "succeeds": ("succeeded", "paid", "succeeded"),
        "fails": ("failed", "unpaid", "requires_payment_method"),
    }[outcome]
    assert event_types(standin, session.id) == [
        "checkout.session.completed",
        f"checkout.session.async_payment_{kind}",
    ]
    assert (ended.payment_status, ended.payment_intent.status) == (payment_status, intent_status)


def test_ten_submissions_at_once_pay_once(standin: Standin, client: stripe.StripeClient) -> None:
    session = standin.new_session(client)
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(standin.pay(session.url))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert {answer.headers["Location"] for answer in answers} == {
        f"{standin.base}/healthz?session={session.id}"
    }
    assert len(client.v1.charges.list({"payment_intent": intent}).data) == 1
    assert event_types(standin, session.id) == ["checkout.session.completed"]


def test_the_shop_expires_a_session(standin: Standin, client: stripe.StripeClient) -> None:
    session = standin.new_session(client)
    standin.pay(session.url, DECLINED)
    expired = client.v1.checkout.sessions.expire(session.id)
    intent = client.v1.payment_intents.retrieve(expired.payment_intent)
    assert (expired.status, expired.url) == ("expired", None)
    assert intent.status == "canceled"
    assert event_types(standin, session.id) == ["checkout.session.expired"]
    assert "has expired" in HTTP.get(session.url).text
    assert "has expired" in standin.pay(session.url).text
    with pytest.raises(stripe.InvalidRequestError, match=r'status in \["open"\]'):
        client.v1.checkout.sessions.expire(session.id)


def test_a_session_expires_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings("http://127.0.0.1:1", "sk", "pk", "whsec", "http://127.0.0.1:1", tmp_path)
    world = World(settings)
    product = new_product({"name": "Starter"})
    price = new_price({"currency": "usd", "unit_amount": 499}, product["id"])
    session = new_session(
        {"mode": "payment"},
        [new_line_item(price, product, 1)],
        customer=None,
        payment_method_types=["card"],
        api_base=settings.api_base,
    )
    with world.store.transaction() as tx:
        tx.add(session)
        timers.start(tx, session["id"], "expire session", session["expires_at"])
    assert timers.run_due(world.store, TIMER_ACTIONS, time.time()) == 0
    day_later = int(time.time()) + 24 * 60 * 60 + 1
    monkeypatch.setattr(clock, "now", lambda: day_later)
    assert timers.run_due(world.store, TIMER_ACTIONS, day_later) == 1
    with world.store.transaction() as tx:
        assert tx.get("checkout.session", session["id"])["status"] == "expired"
        assert [event["type"] for event in tx.select("event")] == ["checkout.session.expired"]


def test_a_completed_session_says_so(standin: Standin, client: stripe.StripeClient) -> None:
    session = standin.new_session(client)
    standin.pay(session.url)
    assert "Payment complete" in HTTP.get(session.url).text


def test_the_intent_of_a_session_cannot_be_canceled_alone(
    standin: Standin, client: stripe.StripeClient
) -> None:
    session = standin.new_session(client)
    standin.pay(session.url, DECLINED)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError, match="expire the Checkout Session"):
        client.v1.payment_intents.cancel(intent)


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"mode": None}, "mode", "parameter_missing"),
        ({"line_items": []}, "line_items", "parameter_missing"),
        ({"success_url": None}, "success_url", "parameter_missing"),
        ({"success_url": "/relative"}, "success_url", "url_invalid"),
        ({"ui_mode": "embedded_page"}, "success_url", None),
        ({"customer": "cus_nobody", "customer_email": None}, "customer", "resource_missing"),
        ({"customer": "cus_nobody"}, "customer", "parameters_exclusive"),
        ({"expires_at": 1}, "expires_at", None),
        ({"expires_at": 99_999_999_999}, "expires_at", None),
        ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
        ({"tax_id_collection": {"enabled": True}}, "tax_id_collection.enabled", None),
        ({"locale": "xx"}, "locale", None),
    ],
)
def test_a_session_that_stripe_would_refuse_is_refused(
    standin: Standin,
    client: stripe.StripeClient,
    more: dict[str, object],
    param: str,
    code: str | None,
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        standin.new_session(client, **more)
    assert (raised.value.param, raised.value.code) == (param, code)


def test_an_amount_below_the_minimum_is_refused(
    standin: Standin, client: stripe.StripeClient
) -> None:
    line = {"currency": "usd", "unit_amount": 10, "product_data": {"name": "Crumb"}}
    with pytest.raises(stripe.InvalidRequestError, match=r"at least \$0.50"):
        standin.new_session(client, line_items=[{"quantity": 1, "price_data": line}])


def test_a_line_whose_price_is_not_there_is_named(
    standin: Standin, client: stripe.StripeClient
) -> None:
    data = {"currency": "usd", "unit_amount": 499, "product_data": {"name": "Starter"}}
    lines = [{"quantity": 1, "price_data": data}, {"quantity": 1, "price": "price_nobodys"}]
    with pytest.raises(stripe.InvalidRequestError) as raised:
        standin.new_session(client, line_items=lines)
    assert raised.value.param == "line_items[1][price]"


def test_sessions_are_listed_by_intent(standin: Standin, client: stripe.StripeClient) -> None:
    session = standin.new_session(client)
    standin.pay(session.url)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    listed = client.v1.checkout.sessions.list({"payment_intent": intent})
    items = client.v1.checkout.sessions.line_items.list(session.id)
    assert [found.id for found in listed.data] == [session.id]
    assert items.data[0].amount_total == 499
