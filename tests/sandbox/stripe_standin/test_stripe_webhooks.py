"""Deliveries: signed, retried, held back, dropped, doubled, reordered, resumed."""

import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import (
    WEBHOOK_SECRET,
    Receiver,
    Standin,
    eventually,
)


def test_a_delivery_is_signed_as_the_sdk_wants_it(
    client: stripe.StripeClient, receiver: Receiver
) -> None:
    client.v1.customers.create({"email": "signed@example.com"})
    [delivery] = eventually(lambda: receiver.received)
    signature = delivery.headers["Stripe-Signature"]
    event = stripe.Webhook.construct_event(delivery.body, signature, WEBHOOK_SECRET)
    assert event.type == "customer.created"
    assert event.pending_webhooks == 1
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(delivery.body + b" ", signature, WEBHOOK_SECRET)


def test_a_failure_is_tried_again(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    receiver.statuses[:] = [500]
    client.v1.customers.create({"email": "again@example.com"})
    eventually(lambda: len(receiver.received) == 2)
    first, second = (delivery.event for delivery in receiver.received)
    assert first["id"] == second["id"]
    [delivery] = eventually(lambda: _deliveries(standin, first["id"], "succeeded"))
    assert (delivery["attempts"], delivery["response_status"]) == (2, 200)
    assert client.v1.events.retrieve(first["id"]).pending_webhooks == 0


def test_held_deliveries_are_released_in_reverse(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    standin.lever("delivery-mode", {"mode": "hold"})
    session = standin.new_session(client)
    standin.pay(session.url)
    assert receiver.received == []
    sent = standin.lever("deliveries/release", {"order": "reverse"})["deliveries"]
    assert {delivery["status"] for delivery in sent} == {"succeeded"}
    assert receiver.types() == [
        "checkout.session.completed",
        "charge.updated",
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ]


def test_dropped_deliveries_never_come_unless_sent(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    standin.lever("delivery-mode", {"mode": "drop"})
    customer = client.v1.customers.create({"email": "dropped@example.com"})
    [delivery] = standin.look("deliveries?status=dropped&event_type=customer.created")[
        "deliveries"
    ][:1]
    standin.lever(f"deliveries/{delivery['id']}/send")
    [received] = receiver.received
    assert received.event["data"]["object"]["id"] == customer.id


def test_each_delivery_may_come_in_copies(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    standin.lever("delivery-mode", {"copies": 3})
    client.v1.customers.create({"email": "copies@example.com"})
    eventually(lambda: len(receiver.received) == 3)
    assert len({delivery.event["id"] for delivery in receiver.received}) == 1


def test_one_delivery_is_sent_ten_times_at_once(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    client.v1.customers.create({"email": "ten-times@example.com"})
    eventually(lambda: len(receiver.received) == 1)
    event_id = receiver.received[0].event["id"]
    [delivery] = eventually(lambda: _deliveries(standin, event_id, "succeeded"))
    sent = standin.lever(f"deliveries/{delivery['id']}/send", {"times": 10})
    assert len(sent["deliveries"]) == 10
    assert len(receiver.received) == 11


def test_an_endpoint_gets_what_it_asked_for(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    endpoint = client.v1.webhook_endpoints.create(
        {
            "url": f"{receiver.url}/second",
            "enabled_events": ["customer.deleted"],
            "metadata": {"a": "b"},
        }
    )
    customer = client.v1.customers.create({"email": "second@example.com"})
    client.v1.customers.delete(customer.id)
    eventually(lambda: len(receiver.received) == 3)
    signed = [
        delivery
        for delivery in receiver.received
        if _is_signed_with(delivery.body, delivery.headers, endpoint.secret)
    ]
    assert [delivery.event["type"] for delivery in signed] == ["customer.deleted"]

    again = client.v1.webhook_endpoints.retrieve(endpoint.id)
    assert not hasattr(again, "secret")
    changed = client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    assert changed.status == "disabled"
    client.v1.webhook_endpoints.delete(endpoint.id)
    assert endpoint.id not in [e.id for e in client.v1.webhook_endpoints.list().data]


def test_what_was_not_delivered_is_delivered_after_a_restart(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    receiver.statuses[:] = [503]
    client.v1.customers.create({"email": "restart@example.com"})
    eventually(lambda: len(receiver.received) == 1)
    standin.restart()
    eventually(lambda: len(receiver.received) == 2)


def test_the_console_shows_deliveries_and_events(
    standin: Standin, client: stripe.StripeClient, receiver: Receiver
) -> None:
    client.v1.customers.create({"email": "console@example.com", "name": "<script>alert(1)"})
    eventually(lambda: receiver.received)
    page = HTTP.get(f"{standin.base}/webhooks")
    event = HTTP.get(f"{standin.base}/webhooks/{receiver.received[0].event['id']}")
    assert "customer.created" in page.text
    assert "Send again" in page.text
    assert "<script>alert" not in event.text


def _deliveries(standin: Standin, event_id: str, status: str) -> list[dict[str, object]]:
    return standin.look(f"deliveries?event_id={event_id}&status={status}")["deliveries"]


def _is_signed_with(body: bytes, headers: dict[str, str], secret: str) -> bool:
    try:
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret)
    except stripe.SignatureVerificationError:
        return False
    return True
