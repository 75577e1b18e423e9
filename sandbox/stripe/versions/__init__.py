"""Events in the shape of an earlier API version, for endpoints that were made before an upgrade.

Each change of Stripe's API that touches what the sandbox sends is undone by one function; an event
for an old version goes through all those that came after it, newest first.
https://docs.stripe.com/changelog, https://docs.stripe.com/webhooks/versioning
"""

from collections.abc import Callable
from typing import get_args

from stripe.params import WebhookEndpointCreateParams

from ..events import API_VERSION
from ..params import hints_of
from ..store import Object, Transaction
from . import basil, clover, dahlia, november_2022

Undo = Callable[[Transaction, Object], Object]

# (the first version with the change, what undoes it for each type of object)
CHANGES: tuple[tuple[str, dict[str, Undo]], ...] = (
    ("2026-03-25", {"checkout.session": dahlia.session_before}),
    (
        "2025-09-30",
        {
            "discount": clover.discount_before,
            "promotion_code": clover.promotion_code_before,
        },
    ),
    (
        "2025-03-31",
        {
            "charge": basil.charge_before,
            "invoice": basil.invoice_before,
            "payment_intent": basil.intent_before,
            "subscription": basil.subscription_before,
        },
    ),
    (
        "2022-11-15",
        {
            "charge": november_2022.charge_before,
            "payment_intent": november_2022.intent_before,
        },
    ),
)


def in_version(tx: Transaction, event: Object, version: str | None) -> Object:
    """The event as an endpoint of `version` gets it."""
    if version in (None, API_VERSION):
        return event
    data = dict(event["data"])
    obj = data["object"]
    for since, undos in CHANGES:
        undo = undos.get(obj["object"])
        if undo and version[:10] < since:
            obj = undo(tx, obj)
            previous = data.get("previous_attributes")
            if previous and obj["object"] == "subscription":
                data["previous_attributes"] = basil.subscription_previous_before(previous)
    return event | {"api_version": version, "data": data | {"object": obj}}


def known() -> tuple[str, ...]:
    """Every version that an endpoint can have, as the SDK lists them."""
    [literal] = get_args(hints_of(WebhookEndpointCreateParams)["api_version"])
    return get_args(literal)
