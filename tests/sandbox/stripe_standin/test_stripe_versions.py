"""Events in the shape of earlier API versions."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe_standin.billing import HOUR, advance_to, period_end, subscribe
from tests.sandbox.stripe_standin.standin import Receiver, Standin, eventually


@pytest.fixture(autouse=True)
def todays_version_afterwards(standin: Standin) -> Iterator[None]:
    yield
    standin.lever("api-version", {"version": None})


def heard(receiver: Receiver, event_type: str) -> dict[str, Any]:
    """The latest event of that type, when it has come."""

    def look() -> Any:
        found = [r.event for r in receiver.received if r.event["type"] == event_type]
        return found and found[-1]

    return eventually(look)


def test_todays_shape_is_the_default(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    subscribe(standin, client)
    event = heard(receiver, "invoice.paid")
    assert event["api_version"] == "2026-10-28.endive"
    assert "subscription" not in event["data"]["object"]


def test_an_invoice_of_2024(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    standin.lever("api-version", {"version": "2024-06-20"})
    subscription = subscribe(standin, client)
    event = heard(receiver, "invoice.paid")
    invoice = event["data"]["object"]
    assert event["api_version"] == "2024-06-20"
    assert (invoice["subscription"], invoice["paid"]) == (subscription.id, True)
    assert invoice["payment_intent"].startswith("pi_")
    assert invoice["charge"].startswith("ch_")
    assert invoice["subscription_details"]["metadata"] == {"payment_id": "p1", "user_id": "u1"}
    assert "parent" not in invoice
    [line] = invoice["lines"]["data"]
    assert (line["proration"], line["type"]) == (False, "subscription")
    assert line["price"]["id"] == subscription["items"].data[0].price.id
    assert not line.keys() & {"parent", "pricing"}


def test_a_subscription_of_2024(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    standin.lever("api-version", {"version": "2024-06-20"})
    subscription = subscribe(standin, client)
    advance_to(standin, period_end(subscription) + HOUR + 60)

    def renewed() -> Any:
        events = [r.event for r in receiver.received]
        about = [e for e in events if e["data"]["object"]["id"] == subscription.id]
        before = [e["data"].get("previous_attributes", {}) for e in about]
        return [e for e, old in zip(about, before, strict=True) if "current_period_end" in old]

    [event] = eventually(renewed)
    renewal = event["data"]["object"]
    assert renewal["current_period_start"] == period_end(subscription)
    assert event["data"]["previous_attributes"]["current_period_end"] == period_end(subscription)
    assert "current_period_end" not in renewal["items"]["data"][0]
    assert renewal["plan"]["interval"] == "month"


@pytest.mark.parametrize(("version", "has_list"), [("2020-08-27", True), ("2024-06-20", False)])
def test_a_refunded_charge_had_its_refunds_until_2022(
    standin: Standin,
    client: stripe.StripeClient,
    receiver: Receiver,
    version: str,
    has_list: bool,
) -> None:
    standin.lever("api-version", {"version": version})
    session = standin.new_session(client)
    standin.pay(session.url)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    refund = client.v1.refunds.create({"payment_intent": intent, "amount": 100})
    charge = heard(receiver, "charge.refunded")["data"]["object"]
    assert ("refunds" in charge) == has_list
    if has_list:
        assert [found["id"] for found in charge["refunds"]["data"]] == [refund.id]
    assert charge["invoice"] is None


def test_a_session_of_2024(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    standin.lever("api-version", {"version": "2024-06-20"})
    session = standin.new_session(client)
    standin.pay(session.url)
    assert heard(receiver, "checkout.session.completed")["data"]["object"]["ui_mode"] == "hosted"


def test_an_old_endpoint_never_hears_of_what_came_later(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    standin.lever("api-version", {"version": "2024-06-20"})
    subscribe(standin, client)
    heard(receiver, "invoice.payment_succeeded")
    heard(receiver, "checkout.session.completed")
    assert "invoice_payment.paid" not in receiver.types()


def test_each_endpoint_has_its_own_version(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    endpoint = client.v1.webhook_endpoints.create(
        {
            "url": f"{receiver.url}/old",
            "enabled_events": ["invoice.paid"],
            "api_version": "2023-10-16",
        }
    )
    assert endpoint.api_version == "2023-10-16"
    customer = subscribe(standin, client).customer

    def told() -> set[tuple[str, str]]:
        """The deliveries of this payment: a repeated one, or another test's late one, is none."""
        paid = [r.event for r in receiver.received if r.event["type"] == "invoice.paid"]
        ours = [event for event in paid if event["data"]["object"]["customer"] == customer]
        return {(event["id"], event["api_version"]) for event in ours}

    eventually(lambda: len(told()) == 2)
    [event_id] = {event_id for event_id, _ in told()}
    assert told() == {(event_id, "2023-10-16"), (event_id, "2026-10-28.endive")}
    client.v1.webhook_endpoints.delete(endpoint.id)


def test_an_unknown_version_is_refused(standin: Standin) -> None:
    answer = standin.api("POST", "/_sandbox/api-version", json={"version": "2024-01-01"})
    assert answer.status_code == 400


def test_requests_speak_todays_version_only(standin: Standin) -> None:
    answer = standin.api("GET", "/v1/customers", headers={"Stripe-Version": "2024-06-20"})
    assert answer.status_code == 400
