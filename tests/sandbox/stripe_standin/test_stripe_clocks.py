"""Time that is moved: for the whole sandbox, and for the customers of one test clock."""

import time
from datetime import UTC, datetime

import pytest
import stripe

from sandbox.stripe import billing_periods
from tests.sandbox.stripe_standin.billing import (
    DAY,
    HOUR,
    advance,
    new_customer,
    new_price,
    period_end,
    subscribe,
)
from tests.sandbox.stripe_standin.standin import (
    WEBHOOK_SECRET,
    Receiver,
    Standin,
    eventually,
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("anchor", "interval", "every", "ends"),
    [
        ("2027-01-31", "month", 1, ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2027-11-30", "month", 3, ["2028-02-29", "2028-05-30", "2028-08-30"]),
        ("2028-02-29", "year", 1, ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        ("2027-01-01", "week", 2, ["2027-01-15", "2027-01-29"]),
        ("2027-01-01", "day", 1, ["2027-01-02"]),
    ],
)
def test_periods_are_counted_from_their_anchor(
    anchor: str, interval: str, every: int, ends: list[str]
) -> None:
    start = at(anchor)
    for end in ends:
        recurring = {"interval": interval, "interval_count": every}
        start = billing_periods.end_after(start, recurring, at(anchor))
        assert start == at(end)


def test_signatures_stay_on_the_wall_clock(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    advance(standin, 40 * DAY)
    customer = new_customer(client)
    [delivery] = eventually(
        lambda: [
            told for told in receiver.received if told.event["data"]["object"]["id"] == customer.id
        ]
    )
    event = stripe.Webhook.construct_event(
        delivery.body, delivery.headers["Stripe-Signature"], WEBHOOK_SECRET, tolerance=60
    )
    assert event.created > time.time() + 30 * DAY


def test_idempotency_keys_stay_on_the_wall_clock(
    standin: Standin, client: stripe.StripeClient
) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "once"}
    first = client.v1.customers.create({"name": "Ada"}, options)
    advance(standin, 40 * DAY)
    assert client.v1.customers.create({"name": "Ada"}, options).id == first.id


def test_a_shop_that_lives_in_the_present_can_still_open_a_session(
    standin: Standin, client: stripe.StripeClient
) -> None:
    advance(standin, 40 * DAY)
    expires_at = int(time.time()) + 45 * 60
    session = standin.new_session(client, expires_at=expires_at)
    assert (session.expires_at, session.status) == (expires_at, "open")
    advance(standin, HOUR)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_moved_time_survives_a_restart(standin: Standin, client: stripe.StripeClient) -> None:
    subscription = subscribe(standin, client)
    advance(standin, 40 * DAY)
    before = standin.look("clock")["now"]
    standin.restart()
    assert before <= standin.look("clock")["now"] <= before + 60
    assert len(client.v1.invoices.list({"subscription": subscription.id}).data) == 2


@pytest.mark.parametrize("given", [{"seconds": -1e9}, {"to": 1}, {"seconds": 1e12}, {}])
def test_time_never_goes_back(standin: Standin, given: dict[str, float]) -> None:
    answer = standin.api("POST", "/_sandbox/clock/advance", json=given)
    assert answer.status_code == 400


def test_a_customer_with_a_test_clock_lives_in_its_time(
    standin: Standin, client: stripe.StripeClient
) -> None:
    start = at("2031-01-31")
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": start, "name": "A year"})
    customer = new_customer(client, test_clock=clock.id)
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    subscription = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": new_price(client).id}],
            "default_payment_method": method.id,
        }
    )
    assert (subscription.created, subscription.status) == (start, "active")
    assert period_end(subscription) == at("2031-02-28")
    advance(standin, 60 * DAY)  # of no concern to it
    assert len(client.v1.invoices.list({"customer": customer.id}).data) == 1
    moving = client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": at("2032-02-01")})
    assert moving.status == "advancing"
    ready = eventually(
        lambda: (
            (found := client.v1.test_helpers.test_clocks.retrieve(clock.id)).status == "ready"
            and found
        )
    )
    assert ready.frozen_time == at("2032-02-01")
    invoices = client.v1.invoices.list({"customer": customer.id, "limit": 100}).data
    assert [invoice.status for invoice in invoices] == ["paid"] * 13
    assert (invoices[0].created, invoices[1].created) == (at("2032-01-31"), at("2031-12-31"))
    told = client.v1.events.list({"type": "test_helpers.test_clock.*", "limit": 3}).data[::-1]
    assert [event.type.rpartition(".")[2] for event in told] == ["created", "advancing", "ready"]
    client.v1.test_helpers.test_clocks.delete(clock.id)
    assert client.v1.customers.retrieve(customer.id).deleted


def test_a_test_clock_only_goes_forward(client: stripe.StripeClient) -> None:
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": at("2031-01-31")})
    with pytest.raises(stripe.InvalidRequestError, match="forward"):
        client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": at("2030-01-31")})
