"""Payment intents without a session: confirmed and canceled by the shop."""

import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import Standin, event_types

EURO = {
    "amount": 500,
    "currency": "eur",
    "metadata": {"payment_id": "p1"},
    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
}


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


def test_3d_secure_is_asked_for_by_redirect(standin: Standin, client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        EURO
        | {
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
            "return_url": f"{standin.base}/healthz?from=shop",
        }
    )
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    url = intent.next_action.redirect_to_url.url
    assert "€5.00" in HTTP.get(url).text
    back = HTTP.post(url, data={"outcome": "fail"}).headers["Location"]
    assert back.startswith(f"{standin.base}/healthz?from=shop&payment_intent={intent.id}&")
    assert back.endswith("&redirect_status=failed")
    after = client.v1.payment_intents.retrieve(intent.id)
    assert after.last_payment_error.code == "payment_intent_authentication_failure"


def test_3d_secure_opens_only_to_the_intents_secret(
    standin: Standin, client: stripe.StripeClient
) -> None:
    intent = client.v1.payment_intents.create(EURO)
    url = f"{standin.base}/authenticate/{intent.id}"
    assert HTTP.get(url).status_code == 404
    assert HTTP.get(url, params={"client_secret": "pi_secret_x"}).status_code == 404


def test_a_return_url_is_demanded_where_redirects_are_allowed(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert raised.value.param == "return_url"
    params = {"payment_method": "pm_card_visa", "return_url": "https://shop.example/done"}
    assert client.v1.payment_intents.confirm(intent.id, params).status == "succeeded"


def test_an_intent_changes_until_it_is_paid(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "later@example.com"}).id
    intent = client.v1.payment_intents.create(EURO | {"setup_future_usage": "off_session"})
    changed = client.v1.payment_intents.update(
        intent.id,
        {
            "amount": 700,
            "customer": customer,
            "setup_future_usage": "",
            "metadata": {"payment_id": "p2"},
        },
    )
    assert (changed.amount, changed.customer, changed.setup_future_usage) == (700, customer, None)
    other = client.v1.customers.create({"email": "other@example.com"}).id
    with pytest.raises(stripe.InvalidRequestError, match="cannot modify `customer`"):
        client.v1.payment_intents.update(intent.id, {"customer": other})
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.payment_intents.update(intent.id, {"amount": 800})
    assert raised.value.code == "payment_intent_unexpected_state"
    client.v1.payment_intents.update(intent.id, {"metadata": {"note": "late"}})


def test_intents_are_listed_with_their_refunds(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        EURO | {"confirm": True, "payment_method": "pm_card_visa"}
    )
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 200})
    listed = client.v1.payment_intents.list(
        {"created": {"gte": intent.created}, "expand": ["data.latest_charge.refunds"], "limit": 1}
    )
    assert [refund.amount for refund in listed.data[0].latest_charge.refunds.data] == [200]


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
    assert HTTP.get(f"{standin.base}/c/pay/cs_test_nothing").status_code == 404


def test_a_charge_has_a_receipt(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        EURO
        | {
            "confirm": True,
            "payment_method": "pm_card_visa",
            "description": "<b>500 credits</b>",
            "expand": ["latest_charge"],
        }
    )
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 200})
    page = HTTP.get(intent.latest_charge.receipt_url)
    assert page.status_code == 200
    for shown in ("€5.00", "−€2.00", "Visa •••• 4242", "&lt;b&gt;500 credits"):
        assert shown in page.text
    assert HTTP.get(f"{intent.latest_charge.receipt_url}x").status_code == 404


def test_cards_alone_may_be_allowed_and_need_no_way_back(client: stripe.StripeClient) -> None:
    allowed = {"amount": 500, "currency": "eur", "allowed_payment_method_types": ["card"]}
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of these"):
        client.v1.payment_intents.create(EURO | allowed)
    intent = client.v1.payment_intents.create(allowed)
    assert (intent.automatic_payment_methods, intent.payment_method_types) == (None, ["card"])
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert paid.status == "succeeded"


def test_what_a_kept_card_is_for_is_said_when_it_is_kept_or_charged(
    client: stripe.StripeClient,
) -> None:
    charged = {"card": {"stored_credential_usage": "unscheduled"}}
    intent = client.v1.payment_intents.create(EURO | {"payment_method_options": charged})
    assert intent.payment_method_options.card.stored_credential_usage == "unscheduled"
    keeping = {"payment_method_options": charged, "setup_future_usage": "off_session"}
    with pytest.raises(stripe.InvalidRequestError, match="not supported together"):
        client.v1.payment_intents.create(EURO | keeping)
