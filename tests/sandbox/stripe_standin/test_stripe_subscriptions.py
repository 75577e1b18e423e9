"""A subscription from the checkout page through its renewals to its end."""

from datetime import UTC, datetime

import pytest
import stripe

from tests.sandbox.stripe_standin.billing import (
    ALWAYS_ASKS,
    CHARGE_FAILS,
    DAY,
    HOUR,
    advance,
    advance_to,
    events_about,
    new_customer,
    new_price,
    period_end,
    subscribe,
    subscription_session,
)
from tests.sandbox.stripe_standin.standin import ASKS_FOR_3D_SECURE, DECLINED, Standin

PAYMENTS = ["payments.data.payment.payment_intent"]


def invoices_of(
    client: stripe.StripeClient, subscription: stripe.Subscription
) -> list[stripe.Invoice]:
    """Oldest first."""
    page = client.v1.invoices.list({"subscription": subscription.id, "limit": 100})
    return page.data[::-1]


def reload(client: stripe.StripeClient, subscription: stripe.Subscription) -> stripe.Subscription:
    return client.v1.subscriptions.retrieve(subscription.id)


def renew(standin: Standin, subscription: stripe.Subscription) -> None:
    """To the end of the period, and an hour further, when its invoice is collected."""
    advance_to(standin, period_end(subscription) + HOUR + 60)


def change_card(standin: Standin, subscription: stripe.Subscription, number: str) -> None:
    standin.lever(f"customers/{subscription.customer}/card", {"number": number})


def test_checkout_starts_a_subscription_and_pays_its_first_invoice(
    standin: Standin, client: stripe.StripeClient
) -> None:
    price = new_price(client)
    session = subscription_session(standin, client, price.id, new_customer(client).id)
    assert (session.mode, session.payment_intent, session.invoice) == ("subscription", None, None)
    assert (session.amount_total, session.payment_status) == (999, "unpaid")
    standin.pay(session.url)

    paid = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["invoice.payments", "subscription", "payment_intent.latest_charge"]}
    )
    subscription, invoice = paid.subscription, paid.invoice
    assert (paid.status, paid.payment_status, paid.payment_intent) == ("complete", "paid", None)
    assert subscription.status == "active"
    assert subscription.metadata.to_dict() == {"payment_id": "p1", "user_id": "u1"}
    assert subscription.latest_invoice == invoice.id
    item = subscription["items"].data[0]
    assert (item.price.id, item.quantity) == (price.id, 1)
    assert invoice.billing_reason == "subscription_create"
    assert (invoice.status, invoice.total, invoice.amount_paid) == ("paid", 999, 999)
    details = invoice.parent.subscription_details
    assert details.subscription == subscription.id
    assert details.metadata.to_dict() == {"payment_id": "p1", "user_id": "u1"}
    [line] = invoice.lines.data
    assert line.pricing.price_details.price == price.id
    assert line.pricing.price_details.product == price.product
    assert line.parent.subscription_item_details.proration is False
    assert line.parent.subscription_item_details.subscription_item == item.id
    assert (line.period.start, line.period.end) == (
        item.current_period_start,
        item.current_period_end,
    )
    [payment] = invoice.payments.data
    intent = client.v1.payment_intents.retrieve(payment.payment.payment_intent)
    assert (payment.status, payment.amount_paid, intent.status) == ("paid", 999, "succeeded")
    method = client.v1.payment_methods.retrieve(subscription.default_payment_method)
    assert method.customer == paid.customer


def test_an_embedded_page_subscribes_too(standin: Standin, client: stripe.StripeClient) -> None:
    session = subscription_session(
        standin,
        client,
        new_price(client).id,
        new_customer(client).id,
        ui_mode="embedded_page",
        success_url=None,
        cancel_url=None,
        return_url=f"{standin.base}/healthz",
    )
    page = f"{standin.base}/c/pay/{session.id}?client_secret={session.client_secret}"
    assert "Payment complete" in standin.pay(page).text
    assert client.v1.checkout.sessions.retrieve(session.id).subscription


def test_a_price_for_this_session_alone(standin: Standin, client: stripe.StripeClient) -> None:
    data = {
        "currency": "usd",
        "unit_amount": 1200,
        "recurring": {"interval": "year"},
        "product_data": {"name": "Yearly"},
    }
    line = {"price_data": data, "quantity": 2}
    subscription = subscribe(standin, client, line_items=[line])
    item = subscription["items"].data[0]
    assert (item.price.recurring.interval, item.quantity) == ("year", 2)
    assert invoices_of(client, subscription)[0].amount_paid == 2400


def test_lists_are_filtered_by_when_things_were_made(
    standin: Standin, client: stripe.StripeClient
) -> None:
    old = subscribe(standin, client)
    advance(standin, DAY)
    new = subscribe(standin, client)
    lists = client.v1.subscriptions, client.v1.invoices, client.v1.checkout.sessions
    lately = {"created": {"gte": new.created - 60, "lt": new.created + HOUR}}
    for page in [service.list(lately) for service in lists]:
        assert len(page.data) == 1
    found = client.v1.subscriptions.list({"status": "all", "created": {"lt": new.created}})
    assert old.id in [subscription.id for subscription in found.data]


def test_the_first_events_tell_the_whole_story(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client)
    [invoice] = invoices_of(client, subscription)
    assert events_about(standin, subscription.id) == [
        "customer.subscription.created",
        "customer.subscription.updated",
    ]
    assert events_about(standin, invoice.id) == [
        "invoice.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]
    types = [e.type for e in client.v1.events.list({"type": "invoice_payment.paid"}).data]
    assert types[:1] == ["invoice_payment.paid"]


def test_a_declined_buyer_has_no_subscription_until_he_pays(
    standin: Standin, client: stripe.StripeClient
) -> None:
    customer = new_customer(client)
    session = subscription_session(standin, client, new_price(client).id, customer.id)
    standin.pay(session.url, DECLINED)
    declined = client.v1.checkout.sessions.retrieve(session.id)
    assert (declined.status, declined.subscription) == ("open", None)
    assert not client.v1.subscriptions.list({"customer": customer.id, "status": "all"}).data
    standin.pay(session.url)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    [subscription] = client.v1.subscriptions.list({"customer": customer.id}).data
    assert subscription.status == "active"


def test_a_year_has_twelve_renewals_each_with_its_own_invoice(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client)
    start = subscription.billing_cycle_anchor
    advance_to(standin, start + 367 * DAY)
    first, *renewals = invoices_of(client, subscription)
    assert [invoice.billing_reason for invoice in renewals] == ["subscription_cycle"] * 12
    assert {invoice.status for invoice in renewals} == {"paid"}
    assert len({invoice.number for invoice in renewals}) == 12
    end = first.lines.data[0].period.end
    for invoice in renewals:
        period = invoice.lines.data[0].period
        assert (period.start, invoice.created) == (end, end)
        assert invoice.status_transitions.finalized_at == invoice.created + HOUR
        assert (invoice.period_start, invoice.period_end)[1] == period.start
        end = period.end
    day = datetime.fromtimestamp(start, UTC)
    last = datetime.fromtimestamp(renewals[-1].created, UTC)
    assert (last.year, last.month) == (day.year + 1, day.month)
    assert period_end(reload(client, subscription)) == end


def test_a_renewal_is_a_draft_for_an_hour(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    advance_to(standin, period_end(subscription) + 60)
    draft = invoices_of(client, subscription)[-1]
    assert (draft.status, draft.auto_advance) == ("draft", True)
    assert draft.automatically_finalizes_at == draft.created + HOUR
    assert reload(client, subscription).latest_invoice == draft.id
    advance(standin, HOUR)
    assert client.v1.invoices.retrieve(draft.id).status == "paid"
    assert events_about(standin, draft.id) == [
        "invoice.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]


def test_a_renewal_that_never_gets_paid_ends_the_subscription(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client)
    change_card(standin, subscription, CHARGE_FAILS)
    renew(standin, subscription)
    failed = invoices_of(client, subscription)[-1]
    assert (failed.status, failed.attempt_count) == ("open", 1)
    assert failed.next_payment_attempt > failed.created
    assert failed.hosted_invoice_url.startswith(standin.base)
    assert reload(client, subscription).status == "past_due"
    advance(standin, 20 * DAY)
    ended = reload(client, subscription)
    assert ended.status == "canceled"
    assert ended.cancellation_details.reason == "payment_failed"
    failed = client.v1.invoices.retrieve(failed.id)
    assert (failed.status, failed.attempt_count, failed.next_payment_attempt) == ("open", 4, None)
    assert events_about(standin, subscription.id)[-1] == "customer.subscription.deleted"
    assert events_about(standin, failed.id).count("invoice.payment_failed") == 4


@pytest.mark.parametrize("status", ["unpaid", "past_due"])
def test_the_shop_may_keep_a_subscription_that_could_not_be_collected(
    standin: Standin, client: stripe.StripeClient, status: str
) -> None:
    standin.lever("after-last-retry", {"status": status})
    subscription = subscribe(standin, client)
    change_card(standin, subscription, CHARGE_FAILS)
    renew(standin, subscription)
    advance(standin, 20 * DAY)
    standin.lever("after-last-retry", {"status": "canceled"})
    assert reload(client, subscription).status == status


def test_a_retry_with_a_good_card_makes_it_active_again(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client)
    change_card(standin, subscription, CHARGE_FAILS)
    renew(standin, subscription)
    change_card(standin, subscription, "4242424242424242")
    advance(standin, 3 * DAY)
    assert reload(client, subscription).status == "active"
    assert invoices_of(client, subscription)[-1].status == "paid"


def test_the_shop_pays_a_failed_invoice(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    change_card(standin, subscription, CHARGE_FAILS)
    renew(standin, subscription)
    invoice = invoices_of(client, subscription)[-1]
    with pytest.raises(stripe.CardError):
        client.v1.invoices.pay(invoice.id)
    change_card(standin, subscription, "4242424242424242")
    paid = client.v1.invoices.pay(invoice.id, {"expand": PAYMENTS})
    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert paid.payments.data[0].payment.payment_intent.status == "succeeded"
    assert reload(client, subscription).status == "active"


def test_a_renewal_that_needs_3d_secure_waits_for_the_buyer(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client)
    change_card(standin, subscription, ALWAYS_ASKS)
    renew(standin, subscription)
    invoice = invoices_of(client, subscription)[-1]
    expanded = client.v1.invoices.retrieve(
        invoice.id, {"expand": [*PAYMENTS, "confirmation_secret"]}
    )
    intent = expanded.payments.data[0].payment.payment_intent
    assert (invoice.status, intent.status) == ("open", "requires_action")
    assert expanded.confirmation_secret.client_secret == intent.client_secret
    assert reload(client, subscription).status == "past_due"
    assert "invoice.payment_action_required" in events_about(standin, invoice.id)


def test_a_card_that_was_set_up_with_3d_secure_renews_without(
    standin: Standin, client: stripe.StripeClient
) -> None:
    session = subscription_session(standin, client, new_price(client).id, new_customer(client).id)
    challenge = standin.pay(session.url, ASKS_FOR_3D_SECURE).headers["Location"]
    standin.post(challenge, {"outcome": "complete"})
    bought = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    renew(standin, bought.subscription)
    assert [i.status for i in invoices_of(client, bought.subscription)] == ["paid", "paid"]


def test_void_and_uncollectible(standin: Standin, client: stripe.StripeClient) -> None:
    for end in ("void_invoice", "mark_uncollectible"):
        subscription = subscribe(standin, client)
        change_card(standin, subscription, CHARGE_FAILS)
        renew(standin, subscription)
        invoice = invoices_of(client, subscription)[-1]
        ended = getattr(client.v1.invoices, end)(invoice.id)
        assert ended.status == {"void_invoice": "void"}.get(end, "uncollectible")
        assert reload(client, subscription).status == "active"


def test_cancel_at_period_end_and_take_it_back(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client)
    planned = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (planned.status, planned.cancel_at) == ("active", period_end(subscription))
    resumed = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (resumed.cancel_at_period_end, resumed.cancel_at, resumed.canceled_at) == (
        False,
        None,
        None,
    )
    renew(standin, subscription)
    assert reload(client, subscription).status == "active"
    again = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    advance_to(standin, period_end(again) + 1)
    ended = reload(client, subscription)
    assert (ended.status, ended.ended_at) == ("canceled", period_end(again))
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert len(invoices_of(client, subscription)) == 2


def test_cancel_at_once(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    ended = client.v1.subscriptions.cancel(subscription.id)
    assert ended.status == "canceled"
    advance(standin, 40 * DAY)
    assert len(invoices_of(client, subscription)) == 1
    about = {"customer": subscription.customer}
    assert not client.v1.subscriptions.list(about).data
    assert client.v1.subscriptions.list({**about, "status": "all"}).data[0].id == subscription.id
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.cancel(subscription.id)


def test_a_deleted_customer_takes_his_subscriptions_with_him(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client)
    client.v1.customers.delete(subscription.customer)
    assert reload(client, subscription).status == "canceled"


def test_a_trial_costs_nothing_until_it_ends(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(
        standin, client, subscription_data={"trial_period_days": 14, "metadata": {}}
    )
    assert subscription.status == "trialing"
    [first] = invoices_of(client, subscription)
    assert (first.total, first.status, first.billing_reason) == (0, "paid", "subscription_create")
    renew(standin, subscription)
    assert reload(client, subscription).status == "active"
    assert invoices_of(client, subscription)[-1].amount_paid == 999


def test_a_subscription_made_by_the_api_waits_for_its_first_payment(
    standin: Standin, client: stripe.StripeClient
) -> None:
    customer = new_customer(client)
    method = client.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer.id}
    )
    subscription = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": new_price(client).id}],
            "default_payment_method": method.id,
        }
    )
    assert subscription.status == "incomplete"
    advance(standin, DAY)
    assert reload(client, subscription).status == "incomplete_expired"
    assert [i.status for i in invoices_of(client, subscription)] == ["void"]


@pytest.mark.parametrize(("currency", "amount"), [("jpy", 980), ("kwd", 3070)])
def test_other_currencies(
    standin: Standin, client: stripe.StripeClient, currency: str, amount: int
) -> None:
    price = new_price(client, amount, currency=currency)
    subscription = subscribe(standin, client, price.id)
    renew(standin, subscription)
    assert [i.amount_paid for i in invoices_of(client, subscription)] == [amount, amount]


def test_dinars_end_in_a_zero(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="multiple of 10"):
        new_price(client, 3075, currency="kwd")
