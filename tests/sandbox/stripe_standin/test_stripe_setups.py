"""Setup intents: a card is saved without a payment."""

import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import Standin, event_types

NO_REDIRECTS = {"enabled": True, "allow_redirects": "never"}


@pytest.fixture
def setup(client: stripe.StripeClient) -> stripe.SetupIntent:
    customer = client.v1.customers.create({"email": "setup@example.com"})
    return client.v1.setup_intents.create(
        {
            "customer": customer.id,
            "usage": "off_session",
            "automatic_payment_methods": NO_REDIRECTS,
            "metadata": {"user_id": "u1"},
        }
    )


def test_a_card_is_saved(
    standin: Standin, client: stripe.StripeClient, setup: stripe.SetupIntent
) -> None:
    assert (setup.status, setup.usage) == ("requires_payment_method", "off_session")
    done = client.v1.setup_intents.confirm(
        setup.id, {"payment_method": "pm_card_visa", "expand": ["payment_method"]}
    )
    assert (done.status, done.payment_method.customer) == ("succeeded", setup.customer)
    assert event_types(standin, setup.id) == ["setup_intent.created", "setup_intent.succeeded"]
    assert event_types(standin, done.payment_method.id) == ["payment_method.attached"]
    listed = client.v1.setup_intents.list({"customer": setup.customer})
    assert [intent.id for intent in listed.data] == [setup.id]


@pytest.mark.parametrize("outcome", ["complete", "fail"])
def test_the_owner_authenticates_or_not(
    standin: Standin, client: stripe.StripeClient, setup: stripe.SetupIntent, outcome: str
) -> None:
    asked = client.v1.setup_intents.confirm(
        setup.id, {"payment_method": "pm_card_authenticationRequired", "use_stripe_sdk": True}
    )
    assert (asked.status, asked.next_action.type) == ("requires_action", "use_stripe_sdk")
    page = asked.next_action.use_stripe_sdk.stripe_js
    assert "3D Secure" in HTTP.get(page).text
    assert HTTP.post(page, data={"outcome": outcome}).status_code == 200
    after = client.v1.setup_intents.retrieve(setup.id)
    cards = client.v1.customers.payment_methods.list(setup.customer).data
    if outcome == "complete":
        assert (after.status, len(cards)) == ("succeeded", 1)
    else:
        assert (after.status, len(cards)) == ("requires_payment_method", 0)
        assert after.last_setup_error.code == "setup_intent_authentication_failure"
        assert event_types(standin, setup.id)[-1] == "setup_intent.setup_failed"
    # A second answer, from another tab, changes nothing.
    HTTP.post(page, data={"outcome": "complete"})
    assert client.v1.setup_intents.retrieve(setup.id).status == after.status


def test_a_declined_card_is_not_saved(
    standin: Standin, client: stripe.StripeClient, setup: stripe.SetupIntent
) -> None:
    with pytest.raises(stripe.CardError) as raised:
        client.v1.setup_intents.confirm(
            setup.id, {"payment_method": "pm_card_chargeDeclinedInsufficientFunds"}
        )
    error = raised.value.error
    assert (error.code, error.decline_code) == ("card_declined", "insufficient_funds")
    assert error.setup_intent.status == "requires_payment_method"
    assert event_types(standin, setup.id)[-1] == "setup_intent.setup_failed"
    again = client.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa"})
    assert again.status == "succeeded"


def test_a_setup_is_canceled_once(
    standin: Standin, client: stripe.StripeClient, setup: stripe.SetupIntent
) -> None:
    canceled = client.v1.setup_intents.cancel(setup.id, {"cancellation_reason": "abandoned"})
    assert canceled.status == "canceled"
    assert event_types(standin, setup.id)[-1] == "setup_intent.canceled"
    for ask in (
        lambda: client.v1.setup_intents.cancel(setup.id),
        lambda: client.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa"}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as raised:
            ask()
        assert raised.value.code == "setup_intent_unexpected_state"


def test_an_unknown_setup_is_missing(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such setupintent: 'seti_nobody'"):
        client.v1.setup_intents.retrieve("seti_nobody")
