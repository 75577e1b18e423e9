"""Payment intents without a session: confirmed and canceled by the shop."""

import httpx
import pytest
import stripe

from tests.sandbox.stripe_standin.standin import Standin, event_types

EURO = {"amount": 500, "currency": "eur", "metadata": {"payment_id": "p1"}}


def test_an_intent_is_confirmed_with_a_ready_made_card(
    standin: Standin, client: stripe.StripeClient
) -> None:
    intent = client.v1.payment_intents.create(EURO)
    assert intent.status == "requires_payment_method"
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    method = client.v1.payment_methods.retrieve(paid.payment_method)
    assert (paid.status, method.card.last4) == ("succeeded", "4242")
    assert event_types(standin, intent.id) == [
        "payment_intent.created",
        "payment_intent.succeeded",
    ]


def test_a_decline_leaves_its_trace(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(EURO)
    with pytest.raises(stripe.CardError) as raised:
        client.v1.payment_intents.confirm(
            intent.id, {"payment_method": "pm_card_chargeDeclinedInsufficientFunds"}
        )
    error = raised.value.error
    assert (error.code, error.decline_code) == ("card_declined", "insufficient_funds")
    assert error.payment_intent.id == intent.id
    after = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert after.status == "requires_payment_method"
    assert after.latest_charge.status == "failed"


def test_3d_secure_is_asked_for(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        EURO | {"confirm": True, "payment_method": "pm_card_authenticationRequired"}
    )
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")


def test_an_intent_is_canceled_once(standin: Standin, client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(EURO)
    canceled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert event_types(standin, intent.id)[-1] == "payment_intent.canceled"
    for verb in (client.v1.payment_intents.cancel, client.v1.payment_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError) as raised:
            verb(intent.id)
        assert raised.value.code == "payment_intent_unexpected_state"


def test_a_nested_key_that_closes_nothing_is_refused(standin: Standin) -> None:
    answer = standin.api("POST", "/v1/payment_intents", data={"metadata[a": "b"})
    assert answer.status_code == 400
    answer = standin.api("POST", "/v1/payment_intents", data={"amount" + "[x]" * 50: "1"})
    assert answer.status_code == 400


def test_events_name_the_request_that_caused_them(
    standin: Standin, client: stripe.StripeClient
) -> None:
    key = "cause-of-an-event"
    intent = client.v1.payment_intents.create(EURO, {"idempotency_key": key})
    event = client.v1.events.list({"type": "payment_intent.created", "limit": 1}).data[0]
    assert event.data.object.id == intent.id
    assert event.request.idempotency_key == key
    assert event.request.id == intent.last_response.request_id


def test_events_are_listed_by_type(client: stripe.StripeClient) -> None:
    client.v1.payment_intents.create(EURO)
    for filters in (
        {"type": "payment_intent.*"},
        {"types": ["payment_intent.created", "payment_intent.canceled"]},
    ):
        types = {event.type for event in client.v1.events.list(filters).data}
        assert types
        assert all(name.startswith("payment_intent.") for name in types)


def test_an_authentication_page_outside_a_session_is_missing(standin: Standin) -> None:
    assert httpx.get(f"{standin.base}/c/pay/cs_test_nothing").status_code == 404
