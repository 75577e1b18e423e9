"""What the tests about billing do again and again."""

from typing import Any

import stripe

from tests.sandbox.stripe_standin.standin import SUCCEEDS, Standin, event_types

DAY = 24 * 60 * 60
HOUR = 60 * 60
CHARGE_FAILS = "4000000000000341"
ALWAYS_ASKS = "4000002760003184"


def new_price(
    client: stripe.StripeClient, amount: int = 999, interval: str = "month", **more: Any
) -> stripe.Price:
    params: dict[str, Any] = {
        "currency": "usd",
        "unit_amount": amount,
        "recurring": {"interval": interval},
        "product_data": {"name": "Monthly", "metadata": {"package_id": "monthly"}},
        "metadata": {"package_id": "monthly"},
    }
    return client.v1.prices.create(params | more)


def new_customer(client: stripe.StripeClient, **more: Any) -> stripe.Customer:
    return client.v1.customers.create({"email": "buyer@example.com", **more})


def subscription_session(
    standin: Standin, client: stripe.StripeClient, price: str, customer: str, **more: Any
) -> stripe.checkout.Session:
    """As the shop asks for it."""
    params: dict[str, Any] = {
        "mode": "subscription",
        "customer": customer,
        "line_items": [{"price": price, "quantity": 1}],
        "success_url": f"{standin.base}/healthz?session={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{standin.base}/healthz?canceled",
        "subscription_data": {"metadata": {"payment_id": "p1", "user_id": "u1"}},
    }
    return client.v1.checkout.sessions.create(params | more)


def subscribe(
    standin: Standin,
    client: stripe.StripeClient,
    price: str | None = None,
    *,
    card: str = SUCCEEDS,
    **more: Any,
) -> stripe.Subscription:
    """Bought on the hosted page by a new customer."""
    price = price or new_price(client).id
    session = subscription_session(standin, client, price, new_customer(client).id, **more)
    answer = standin.pay(session.url, card)
    assert answer.status_code == 303, answer.text
    bought = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert bought.subscription, answer.headers["Location"]
    return bought.subscription


def advance(standin: Standin, seconds: float) -> dict[str, Any]:
    return standin.lever("clock/advance", {"seconds": seconds})


def advance_to(standin: Standin, moment: float) -> dict[str, Any]:
    return standin.lever("clock/advance", {"to": moment})


def period_end(subscription: stripe.Subscription) -> int:
    return subscription["items"].data[0].current_period_end


def events_about(standin: Standin, object_id: str) -> list[str]:
    return event_types(standin, object_id)
