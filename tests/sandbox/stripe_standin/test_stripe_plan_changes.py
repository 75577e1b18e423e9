"""Another price or quantity in the middle of a period, and what that costs."""

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe_standin.billing import (
    CHARGE_FAILS,
    DAY,
    HOUR,
    advance_to,
    events_about,
    new_price,
    period_end,
    subscribe,
)
from tests.sandbox.stripe_standin.standin import Standin


def half_way(standin: Standin, subscription: stripe.Subscription) -> int:
    item = subscription["items"].data[0]
    middle = (item.current_period_start + item.current_period_end) // 2
    advance_to(standin, middle)
    return middle


def change(
    client: stripe.StripeClient, subscription: stripe.Subscription, **params: Any
) -> stripe.Subscription:
    item = subscription["items"].data[0].id
    wish = {"id": item, **params.pop("item")}
    return client.v1.subscriptions.update(subscription.id, {"items": [wish], **params})


def latest(client: stripe.StripeClient, subscription: stripe.Subscription) -> stripe.Invoice:
    return client.v1.invoices.list({"subscription": subscription.id, "limit": 1}).data[0]


def test_prorations_wait_for_the_next_invoice(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client, new_price(client, 1000).id)
    middle = half_way(standin, subscription)
    bigger = new_price(client, 3000)
    changed = change(client, subscription, item={"price": bigger.id}, proration_date=middle)
    assert changed["items"].data[0].price.id == bigger.id
    assert period_end(changed) == period_end(subscription)
    assert latest(client, subscription).billing_reason == "subscription_create"
    advance_to(standin, period_end(subscription) + HOUR + 60)
    invoice = latest(client, subscription)
    lines = [
        (line.amount, line.parent.subscription_item_details.proration)
        for line in invoice.lines.data
    ]
    assert lines == [(-500, True), (1500, True), (3000, False)]
    assert (invoice.total, invoice.amount_paid) == (4000, 4000)


def test_prorations_invoiced_at_once(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client, new_price(client, 1000).id)
    middle = half_way(standin, subscription)
    changed = change(
        client,
        subscription,
        item={"price": new_price(client, 3000).id},
        proration_behavior="always_invoice",
        proration_date=middle,
    )
    invoice = latest(client, subscription)
    assert (invoice.billing_reason, invoice.status) == ("subscription_update", "paid")
    assert (invoice.amount_paid, changed.latest_invoice) == (1000, invoice.id)
    assert all(line.parent.subscription_item_details.proration for line in invoice.lines.data)


def test_no_prorations_where_none_are_wanted(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client, new_price(client, 1000).id)
    half_way(standin, subscription)
    dearer = new_price(client, 3000).id
    change(client, subscription, item={"price": dearer}, proration_behavior="none")
    advance_to(standin, period_end(subscription) + HOUR + 60)
    assert latest(client, subscription).amount_paid == 3000


def test_what_a_cheaper_plan_leaves_over_is_used_later(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client, new_price(client, 3000).id)
    middle = half_way(standin, subscription)
    change(
        client,
        subscription,
        item={"price": new_price(client, 1000).id},
        proration_behavior="always_invoice",
        proration_date=middle,
    )
    credit = latest(client, subscription)
    assert (credit.total, credit.amount_due, credit.status) == (-1000, 0, "paid")
    assert client.v1.customers.retrieve(subscription.customer).balance == -1000
    advance_to(standin, period_end(subscription) + HOUR + 60)
    renewal = latest(client, subscription)
    assert (renewal.total, renewal.starting_balance, renewal.amount_due) == (1000, -1000, 0)
    assert renewal.status == "paid"


def test_another_interval_begins_a_new_period(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client, new_price(client, 1000).id)
    middle = half_way(standin, subscription)
    yearly = new_price(client, 9000, "year")
    changed = change(client, subscription, item={"price": yearly.id}, proration_date=middle)
    invoice = latest(client, subscription)
    assert [line.amount for line in invoice.lines.data] == [-500, 9000]
    assert (invoice.billing_reason, invoice.amount_paid) == ("subscription_update", 8500)
    assert period_end(changed) - changed["items"].data[0].current_period_start >= 365 * DAY
    advance_to(standin, period_end(subscription) + DAY)
    assert latest(client, subscription).id == invoice.id
    advance_to(standin, period_end(changed) + HOUR + 60)
    assert latest(client, subscription).amount_paid == 9000


def test_more_of_the_same(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client, new_price(client, 1000).id)
    middle = half_way(standin, subscription)
    change(
        client,
        subscription,
        item={"quantity": 3},
        proration_behavior="always_invoice",
        proration_date=middle,
    )
    assert latest(client, subscription).amount_paid == 1000
    advance_to(standin, period_end(subscription) + HOUR + 60)
    assert latest(client, subscription).amount_paid == 3000


def test_a_proration_that_can_not_be_collected_makes_it_past_due(
    standin: Standin, client: stripe.StripeClient
) -> None:
    subscription = subscribe(standin, client, new_price(client, 1000).id)
    half_way(standin, subscription)
    standin.lever(f"customers/{subscription.customer}/card", {"number": CHARGE_FAILS})
    changed = change(
        client,
        subscription,
        item={"price": new_price(client, 3000).id},
        proration_behavior="always_invoice",
    )
    assert changed.status == "past_due"
    assert "invoice.payment_failed" in events_about(standin, latest(client, subscription).id)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"id": "si_nobody"}, "No such subscription item"),
        ({"deleted": True}, "at least one"),
        ({"price": "price_nobody"}, "No such price"),
    ],
)
def test_changes_that_make_no_sense(
    standin: Standin, client: stripe.StripeClient, item: dict[str, Any], message: str
) -> None:
    subscription = subscribe(standin, client)
    with pytest.raises(stripe.InvalidRequestError, match=message):
        change(client, subscription, item=item)


def test_dinars_are_prorated_in_tens(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client, new_price(client, 1550, currency="kwd").id)
    middle = half_way(standin, subscription)
    change(
        client,
        subscription,
        item={"price": new_price(client, 4610, currency="kwd").id},
        proration_behavior="always_invoice",
        proration_date=middle,
    )
    assert [line.amount for line in latest(client, subscription).lines.data] == [-780, 2310]
