"""The hosted invoice and the billing portal, without a browser."""

import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.billing import (
    ALWAYS_ASKS,
    CHARGE_FAILS,
    HOUR,
    advance_to,
    events_about,
    new_customer,
    new_price,
    period_end,
    subscribe,
)
from tests.sandbox.stripe_standin.standin import (
    ASKS_FOR_3D_SECURE,
    DECLINED,
    SUCCEEDS,
    Standin,
)


def card(number: str) -> dict[str, str]:
    return {
        "method": "card",
        "number": number,
        "expiration": "12 / 44",
        "cvc": "123",
        "name": "Ada Buyer",
    }


def failed_renewal(
    standin: Standin, client: stripe.StripeClient, number: str = CHARGE_FAILS
) -> tuple[stripe.Subscription, stripe.Invoice]:
    subscription = subscribe(standin, client)
    standin.lever(f"customers/{subscription.customer}/card", {"number": number})
    advance_to(standin, period_end(subscription) + HOUR + 60)
    about = {"subscription": subscription.id, "limit": 1}
    return subscription, client.v1.invoices.list(about).data[0]


def status_of(client: stripe.StripeClient, subscription: stripe.Subscription) -> str:
    return client.v1.subscriptions.retrieve(subscription.id).status


def test_the_buyer_pays_a_failed_renewal(standin: Standin, client: stripe.StripeClient) -> None:
    subscription, invoice = failed_renewal(standin, client)
    page = HTTP.get(invoice.hosted_invoice_url).text
    assert "$9.99" in page
    assert invoice.number in page
    declined = standin.post(invoice.hosted_invoice_url, card(DECLINED))
    assert declined.headers["Location"] in invoice.hosted_invoice_url
    assert client.v1.invoices.retrieve(invoice.id).status == "open"
    assert "declined" in HTTP.get(invoice.hosted_invoice_url).text
    standin.post(invoice.hosted_invoice_url, card(SUCCEEDS))
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    active = client.v1.subscriptions.retrieve(subscription.id)
    method = client.v1.payment_methods.retrieve(active.default_payment_method)
    assert (active.status, method.card.last4) == ("active", "4242")
    assert "Paid on" in HTTP.get(invoice.hosted_invoice_url).text
    paid = [e for e in events_about(standin, invoice.id) if e == "invoice.paid"]
    assert len(paid) == 1


def test_the_buyer_authenticates_a_renewal(standin: Standin, client: stripe.StripeClient) -> None:
    subscription, invoice = failed_renewal(standin, client, ALWAYS_ASKS)
    [saved] = [
        method.id
        for method in client.v1.customers.payment_methods.list(subscription.customer).data
        if method.card.last4 == ALWAYS_ASKS[-4:]
    ]
    for outcome, status in (("fail", "open"), ("complete", "paid")):
        challenge = standin.post(invoice.hosted_invoice_url, {"method": saved}).headers["Location"]
        back = standin.post(challenge, {"outcome": outcome}).headers["Location"]
        assert back.startswith(invoice.hosted_invoice_url)
        assert client.v1.invoices.retrieve(invoice.id).status == status
    assert status_of(client, subscription) == "active"


def test_a_new_card_with_3d_secure_pays_and_is_kept(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription, invoice = failed_renewal(standin, client)
    challenge = standin.post(invoice.hosted_invoice_url, card(ASKS_FOR_3D_SECURE))
    standin.post(challenge.headers["Location"], {"outcome": "complete"})
    active = client.v1.subscriptions.retrieve(subscription.id)
    advance_to(standin, period_end(active) + HOUR + 60)
    about = {"subscription": subscription.id}
    assert {found.status for found in client.v1.invoices.list(about).data} == {"paid"}


def test_a_wrong_field_is_named(standin: Standin, client: stripe.StripeClient) -> None:
    _, invoice = failed_renewal(standin, client)
    answer = standin.post(invoice.hosted_invoice_url, card("42"))
    assert answer.status_code == 422
    assert 'data-code="number_incomplete"' in answer.text


def test_an_invoice_opens_only_to_its_address(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client)
    invoice = client.v1.invoices.retrieve(subscription.latest_invoice)
    assert HTTP.get(f"{standin.base}/i/{invoice.id}/guessed").status_code == 404
    pdf = HTTP.get(invoice.invoice_pdf)
    assert pdf.content.startswith(b"%PDF-")
    assert invoice.number.encode() in pdf.content


def open_portal(
    client: stripe.StripeClient, customer: str, locale: str = "en"
) -> stripe.billing_portal.Session:
    return client.v1.billing_portal.sessions.create(
        {"customer": customer, "return_url": "https://shop.example/back", "locale": locale}
    )


def test_a_customer_cancels_and_thinks_again(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    portal = open_portal(client, subscription.customer)
    page = HTTP.get(portal.url).text
    assert "Monthly" in page
    assert "$9.99 per month" in page
    assert "https://shop.example/back" in page
    form = {"subscription": subscription.id}
    standin.post(f"{portal.url}/plan", {**form, "action": "cancel"})
    ending = client.v1.subscriptions.retrieve(subscription.id)
    assert (ending.cancel_at_period_end, ending.status) == (False, "active")
    assert ending.cancel_at == ending["items"].data[0].current_period_end
    assert "Ends on" in HTTP.get(portal.url).text
    standin.post(f"{portal.url}/plan", {**form, "action": "keep"})
    assert client.v1.subscriptions.retrieve(subscription.id).cancel_at is None


def test_a_customer_switches_plans(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    yearly = new_price(client, 9900, "year")
    portal = open_portal(client, subscription.customer)
    assert yearly.id in HTTP.get(portal.url).text
    standin.post(
        f"{portal.url}/plan",
        {"subscription": subscription.id, "action": "switch", "price": yearly.id},
    )
    switched = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert switched["items"].data[0].price.id == yearly.id
    assert switched.latest_invoice.billing_reason == "subscription_update"
    assert switched.latest_invoice.status == "paid"


def test_a_customer_changes_his_card(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    portal = open_portal(client, subscription.customer)
    standin.post(f"{portal.url}/cards", card("5555555555554444"))
    changed = client.v1.subscriptions.retrieve(subscription.id)
    method = client.v1.payment_methods.retrieve(changed.default_payment_method)
    assert method.card.brand == "mastercard"
    declined = standin.post(f"{portal.url}/cards", card(DECLINED))
    assert declined.status_code == 422
    old = subscription.default_payment_method
    standin.post(f"{portal.url}/card", {"card": old, "action": "default"})
    changed = client.v1.subscriptions.retrieve(subscription.id)
    assert changed.default_payment_method == old
    standin.post(f"{portal.url}/card", {"card": method.id, "action": "remove"})
    left = client.v1.customers.payment_methods.list(subscription.customer).data
    assert [found.id for found in left] == [old]


def test_the_portal_shows_the_invoices(standin: Standin, client: stripe.StripeClient) -> None:
    subscription, invoice = failed_renewal(standin, client)
    page = HTTP.get(open_portal(client, subscription.customer).url).text
    assert invoice.hosted_invoice_url in page
    assert "The last payment failed" in page


def test_the_portal_speaks_chinese(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    page = HTTP.get(open_portal(client, subscription.customer, "zh").url).text
    assert "当前方案" in page
    assert "每月" in page


def test_a_portal_shows_nobody_elses(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    stranger = open_portal(client, new_customer(client).id)
    form = {"subscription": subscription.id, "action": "cancel"}
    assert standin.post(f"{stranger.url}/plan", form).status_code == 404
    card_form = {"card": str(subscription.default_payment_method), "action": "remove"}
    assert standin.post(f"{stranger.url}/card", card_form).status_code == 404
    assert HTTP.get(f"{standin.base}/p/session/guessed").status_code == 404


def test_the_portal_has_a_default_configuration(
    standin: Standin, client: stripe.StripeClient
) -> None:
    session = open_portal(client, new_customer(client).id)
    [default] = client.v1.billing_portal.configurations.list({"is_default": True}).data
    assert session.configuration == default.id
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.billing_portal.sessions.create(
            {"customer": "cus_nobody", "return_url": "https://shop.example"}
        )


def test_subscription_items(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    [item] = client.v1.subscription_items.list({"subscription": subscription.id}).data
    assert client.v1.subscription_items.retrieve(item.id).price.id == item.price.id
    changed = client.v1.subscription_items.update(
        item.id, {"quantity": 2, "proration_behavior": "none"}
    )
    assert changed.quantity == 2
