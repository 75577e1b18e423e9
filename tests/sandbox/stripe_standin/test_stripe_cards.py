"""Test cards: every way a bank says no, and when it wants its customer to authenticate."""

import httpx
import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import PUBLISHABLE_KEY, Standin, event_types

NO_REDIRECTS = {"enabled": True, "allow_redirects": "never"}
EURO = {"amount": 500, "currency": "eur", "automatic_payment_methods": NO_REDIRECTS}


@pytest.fixture
def customer(client: stripe.StripeClient) -> str:
    return client.v1.customers.create({"email": "cards@example.com"}).id


def typed_card(standin: Standin, number: str, **more: str) -> httpx.Response:
    """A payment method as Stripe's own form makes it."""
    form = {
        "key": PUBLISHABLE_KEY,
        "type": "card",
        "card[number]": number,
        "card[exp_month]": "12",
        "card[exp_year]": "2034",
        "card[cvc]": "123",
    }
    return HTTP.post(f"{standin.base}/v1/payment_methods", data=form | more)


def charge(
    client: stripe.StripeClient, method: str, **more: object
) -> stripe.PaymentIntent | stripe.CardError:
    """Confirmed at once; the error where the card is declined."""
    params = EURO | {"confirm": True, "payment_method": method} | more
    try:
        return client.v1.payment_intents.create(params)
    except stripe.CardError as error:
        return error


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000009979", "card_declined", "stolen_card"),
        ("4000000000006975", "card_declined", "card_velocity_exceeded"),
        ("4100000000000019", "card_declined", "fraudulent"),
        ("4000000000004954", "card_declined", "fraudulent"),
        ("4000000000000341", "card_declined", "generic_decline"),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
    ],
)
def test_a_card_is_declined_for_its_reason(
    standin: Standin,
    client: stripe.StripeClient,
    number: str,
    code: str,
    decline_code: str | None,
) -> None:
    raised = charge(client, typed_card(standin, number).json()["id"])
    assert isinstance(raised, stripe.CardError)
    assert (raised.error.code, raised.error.decline_code) == (code, decline_code)
    intent = client.v1.payment_intents.retrieve(
        raised.error.payment_intent.id, {"expand": ["latest_charge"]}
    )
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.payment_method.card.last4 == number[-4:]
    assert intent.latest_charge.failure_code == code
    is_blocked = decline_code == "fraudulent"
    assert intent.latest_charge.outcome.type == ("blocked" if is_blocked else "issuer_declined")
    assert event_types(standin, intent.id)[-1] == "payment_intent.payment_failed"


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [
        ("4242424242424241", {}, "incorrect_number"),
        ("4111111111111111", {}, "card_declined"),
        ("42", {}, "invalid_number"),
        ("4242424242424242", {"card[exp_month]": "13"}, "invalid_expiry_month"),
        ("4242424242424242", {"card[exp_year]": "2019"}, "invalid_expiry_year"),
        ("4242424242424242", {"card[cvc]": "1"}, "invalid_cvc"),
    ],
)
def test_a_card_that_cannot_be_is_refused_at_once(
    standin: Standin, number: str, more: dict[str, str], code: str
) -> None:
    answer = typed_card(standin, number, **more)
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, code)


def test_any_decline_can_be_ordered(standin: Standin, client: stripe.StripeClient) -> None:
    for decline_code, code in (
        ("do_not_honor", "card_declined"),
        ("try_again_later", "card_declined"),
        ("processing_error", "processing_error"),
        ("authentication_required", "authentication_required"),
    ):
        standin.lever("next-decline", {"decline_code": decline_code})
        raised = charge(client, "pm_card_visa")
        assert isinstance(raised, stripe.CardError)
        assert raised.error.code == code
        if code == "card_declined":
            assert raised.error.decline_code == decline_code
    assert charge(client, "pm_card_visa").status == "succeeded"


def test_an_ordered_decline_is_called_off_and_must_be_one_of_stripes(
    standin: Standin, client: stripe.StripeClient
) -> None:
    standin.lever("next-decline", {"decline_code": "do_not_honor", "times": 3})
    HTTP.delete(f"{standin.base}/_sandbox/next-decline")
    assert charge(client, "pm_card_visa").status == "succeeded"
    answer = HTTP.post(
        f"{standin.base}/_sandbox/next-decline", json={"decline_code": "bad_weather"}
    )
    assert answer.status_code == 400


def saved(standin: Standin, client: stripe.StripeClient, customer: str, method: str) -> str:
    """Set up on session, with 3D Secure where the card asks for it. Returns the method's id."""
    setup = client.v1.setup_intents.create(
        {
            "customer": customer,
            "automatic_payment_methods": NO_REDIRECTS,
            "confirm": True,
            "payment_method": method,
        }
    )
    if setup.status == "requires_action":
        url = setup.next_action.use_stripe_sdk.stripe_js
        assert HTTP.post(url, data={"outcome": "complete"}).status_code == 200
        setup = client.v1.setup_intents.retrieve(setup.id)
    assert setup.status == "succeeded"
    return setup.payment_method


@pytest.mark.parametrize(
    ("method", "on_session", "off_session"),
    [
        ("pm_card_visa", "succeeded", "succeeded"),
        ("pm_card_authenticationRequiredOnSetup", "succeeded", "succeeded"),
        ("pm_card_authenticationRequired", "requires_action", "authentication_required"),
        ("pm_card_threeDSecure2Required", "requires_action", "authentication_required"),
        (
            "pm_card_authenticationRequiredSetupForOffSession",
            "requires_action",
            "succeeded",
        ),
        (
            "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
            "insufficient_funds",
            "insufficient_funds",
        ),
        ("pm_card_chargeCustomerFail", "generic_decline", "generic_decline"),
    ],
)
def test_a_saved_card_is_charged_with_and_without_its_owner(
    standin: Standin,
    client: stripe.StripeClient,
    customer: str,
    method: str,
    on_session: str,
    off_session: str,
) -> None:
    card = saved(standin, client, customer, method)
    for outcome, more in ((on_session, {}), (off_session, {"off_session": True})):
        charged = charge(client, card, customer=customer, **more)
        if isinstance(charged, stripe.CardError):
            assert charged.error.decline_code == outcome
        else:
            assert charged.status == outcome


def test_a_card_that_was_never_set_up_is_declined_off_session(
    standin: Standin, client: stripe.StripeClient, customer: str
) -> None:
    card = client.v1.payment_methods.attach(
        "pm_card_authenticationRequiredOnSetup", {"customer": customer}
    )
    raised = charge(client, card.id, customer=customer, off_session=True)
    assert isinstance(raised, stripe.CardError)
    assert raised.http_status == 402
    assert raised.error.code == raised.error.decline_code == "authentication_required"
    intent = raised.error.payment_intent
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.payment_method.id == card.id
    # The buyer comes back and finishes the same intent.
    again = client.v1.payment_intents.confirm(
        intent.id, {"payment_method": card.id, "use_stripe_sdk": True}
    )
    assert again.status == "requires_action"
    url = again.next_action.use_stripe_sdk.stripe_js
    HTTP.post(url, data={"outcome": "complete"})
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_authentication_may_be_followed_by_a_decline(
    standin: Standin, client: stripe.StripeClient
) -> None:
    method = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
    intent = charge(client, method, use_stripe_sdk=True)
    HTTP.post(intent.next_action.use_stripe_sdk.stripe_js, data={"outcome": "complete"})
    after = client.v1.payment_intents.retrieve(intent.id)
    assert after.last_payment_error.decline_code == "insufficient_funds"


@pytest.mark.parametrize(
    ("method", "reason", "status"),
    [
        ("pm_card_createDispute", "fraudulent", "needs_response"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "needs_response"),
        ("pm_card_createDisputeInquiry", "fraudulent", "warning_needs_response"),
    ],
)
def test_some_cards_dispute_at_once(
    client: stripe.StripeClient, method: str, reason: str, status: str
) -> None:
    intent = charge(client, method)
    [dispute] = client.v1.disputes.list({"payment_intent": intent.id}).data
    assert (dispute.reason, dispute.status) == (reason, status)
