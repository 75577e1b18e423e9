"""Payment methods of a customer, and the customer they belong to."""

import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import Standin, event_types

NO_REDIRECTS = {"enabled": True, "allow_redirects": "never"}
EURO = {"amount": 500, "currency": "eur", "automatic_payment_methods": NO_REDIRECTS}


@pytest.fixture
def customer(client: stripe.StripeClient) -> str:
    return client.v1.customers.create({"email": "saved@example.com"}).id


@pytest.fixture
def card(client: stripe.StripeClient, customer: str) -> stripe.PaymentMethod:
    return client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})


def last_event(client: stripe.StripeClient, event_type: str) -> stripe.Event:
    return client.v1.events.list({"type": event_type, "limit": 1}).data[0]


def test_a_payment_saves_its_card_when_it_is_told_to(
    standin: Standin, client: stripe.StripeClient, customer: str
) -> None:
    intent = client.v1.payment_intents.create(
        EURO | {"customer": customer, "setup_future_usage": "off_session"}
    )
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_mastercard"})
    [method] = client.v1.customers.payment_methods.list(customer, {"type": "card"}).data
    assert (method.card.brand, method.customer) == ("mastercard", customer)
    assert event_types(standin, method.id) == ["payment_method.attached"]
    again = client.v1.payment_intents.create(
        EURO
        | {
            "customer": customer,
            "payment_method": method.id,
            "off_session": True,
            "confirm": True,
        }
    )
    assert again.status == "succeeded"


def test_a_declined_payment_saves_nothing(client: stripe.StripeClient, customer: str) -> None:
    intent = client.v1.payment_intents.create(
        EURO | {"customer": customer, "setup_future_usage": "off_session"}
    )
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"})
    assert client.v1.customers.payment_methods.list(customer).data == []


def test_a_card_pays_once_unless_it_is_saved(client: stripe.StripeClient, customer: str) -> None:
    paid = client.v1.payment_intents.create(
        EURO | {"payment_method": "pm_card_visa", "confirm": True, "customer": customer}
    )
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_intents.create(EURO | {"payment_method": paid.payment_method})
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_methods.attach(paid.payment_method, {"customer": customer})


def test_a_card_pays_only_for_its_customer(
    client: stripe.StripeClient, card: stripe.PaymentMethod
) -> None:
    stranger = client.v1.customers.create({"email": "stranger@example.com"}).id
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.payment_intents.create(EURO | {"customer": stranger, "payment_method": card.id})
    assert "does not have a payment method with the ID" in str(raised.value.user_message)
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.payment_intents.create(EURO | {"payment_method": card.id})
    assert "belongs to the Customer" in str(raised.value.user_message)
    intent = client.v1.payment_intents.create(EURO | {"customer": stranger})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": card.id})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        client.v1.payment_methods.attach(card.id, {"customer": stranger})


def test_a_detached_card_never_comes_back(
    standin: Standin, client: stripe.StripeClient, customer: str, card: stripe.PaymentMethod
) -> None:
    client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card.id}})
    assert client.v1.payment_methods.detach(card.id).customer is None
    detached = last_event(client, "payment_method.detached")
    assert detached.data.previous_attributes.to_dict() == {"customer": customer}
    after = client.v1.customers.retrieve(customer)
    assert after.invoice_settings.default_payment_method is None
    assert event_types(standin, customer)[-2:] == ["customer.updated", "customer.updated"]
    assert client.v1.payment_methods.list({"customer": customer}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_methods.attach(card.id, {"customer": customer})
    with pytest.raises(stripe.InvalidRequestError, match="detachment is impossible"):
        client.v1.payment_methods.detach(card.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_intents.create(EURO | {"customer": customer, "payment_method": card.id})


def test_a_default_must_be_the_customers_own(
    client: stripe.StripeClient, customer: str, card: stripe.PaymentMethod
) -> None:
    stranger = client.v1.customers.create({"email": "stranger@example.com"}).id
    settings = {"invoice_settings": {"default_payment_method": card.id}}
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.customers.update(stranger, settings)
    assert raised.value.param == "invoice_settings[default_payment_method]"
    changed = client.v1.customers.update(
        customer, settings | {"expand": ["invoice_settings.default_payment_method"]}
    )
    assert changed.invoice_settings.default_payment_method.card.last4 == "4242"


def test_a_bank_refuses_a_card_that_is_to_be_attached(
    client: stripe.StripeClient, customer: str
) -> None:
    with pytest.raises(stripe.CardError) as raised:
        client.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer})
    assert raised.value.code == "card_declined"
    client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer})


def test_a_card_is_changed_by_the_shop_and_by_its_bank(
    standin: Standin, client: stripe.StripeClient, card: stripe.PaymentMethod
) -> None:
    changed = client.v1.payment_methods.update(
        card.id, {"card": {"exp_month": 1, "exp_year": 2031}, "billing_details": {"name": "Ada"}}
    )
    assert (changed.card.exp_month, changed.billing_details.name) == (1, "Ada")
    updated = last_event(client, "payment_method.updated")
    assert updated.data.previous_attributes.to_dict()["card"]["exp_month"] == 12
    renewed = standin.lever(
        f"payment-methods/{card.id}/renew", {"exp_month": 5, "exp_year": 2039, "last4": "1881"}
    )
    assert renewed["card"]["last4"] == "1881"
    renewal = last_event(client, "payment_method.automatically_updated")
    assert renewal.data.object.card.exp_year == 2039
    assert renewal.data.previous_attributes.to_dict()["card"]["exp_year"] == 2031


def test_a_customer_leaves_and_takes_his_cards_along(
    standin: Standin, client: stripe.StripeClient, customer: str, card: stripe.PaymentMethod
) -> None:
    waiting = client.v1.payment_intents.create(EURO | {"customer": customer})
    client.v1.customers.delete(customer)
    assert client.v1.payment_methods.retrieve(card.id).customer is None
    assert event_types(standin, card.id)[-1] == "payment_method.detached"
    assert event_types(standin, customer)[-1] == "customer.deleted"
    for ask in (
        lambda: client.v1.payment_intents.create(EURO | {"customer": customer}),
        lambda: client.v1.payment_intents.confirm(waiting.id, {"payment_method": "pm_card_visa"}),
        lambda: client.v1.setup_intents.create({"customer": customer}),
        lambda: client.v1.payment_methods.list({"customer": customer}),
        lambda: client.v1.customers.payment_methods.list(customer),
        lambda: client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}),
        lambda: client.v1.customers.update(customer, {"name": "Ghost"}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as raised:
            ask()
        assert raised.value.code == "resource_missing"


def test_a_card_that_is_detached_while_its_owner_authenticates_still_pays(
    client: stripe.StripeClient, customer: str
) -> None:
    card = client.v1.payment_methods.attach(
        "pm_card_authenticationRequired", {"customer": customer}
    )
    intent = client.v1.payment_intents.create(
        EURO
        | {
            "customer": customer,
            "payment_method": card.id,
            "confirm": True,
            "setup_future_usage": "off_session",
        }
    )
    client.v1.payment_methods.detach(card.id)
    HTTP.post(intent.next_action.use_stripe_sdk.stripe_js, data={"outcome": "complete"})
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert client.v1.payment_methods.retrieve(card.id).customer is None


def test_the_shop_has_an_account(client: stripe.StripeClient) -> None:
    account = client.v1.accounts.retrieve_current()
    assert account.charges_enabled
    assert account.capabilities.card_payments == "active"
