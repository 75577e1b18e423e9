"""The levers about time and billing, part of `/_sandbox/…`."""

import time
from typing import Any

from flask import Blueprint

from .. import clock, versions
from ..errors import InvalidRequest
from ..flows import portal, subscriptions
from ..flows.subscriptions import AfterLastRetry
from ..store import Object, public
from ..world import World
from .given import given_json

# As the SDK lists them for webhook endpoints.
KNOWN_VERSIONS = versions.known()
AHEAD_SECONDS_MAX = 10 * 366 * 24 * 60 * 60


def blueprint(world: World) -> Blueprint:
    levers = Blueprint("billing_levers", __name__)

    @levers.get("/clock")
    def look() -> dict[str, Any]:
        return {"now": clock.now(), "ahead_seconds": round(clock.now() - time.time())}

    @levers.post("/clock/advance")
    def advance() -> dict[str, Any]:
        """`{"seconds": …}` or `{"to": seconds since the epoch}`: Stripe's time is moved, never
        back. What is due until then happens on the way, each thing at its own time."""
        given = given_json()
        to = float(given["to"]) if "to" in given else clock.precise() + float(given["seconds"])
        if not 0 <= to - time.time() <= AHEAD_SECONDS_MAX:
            raise ValueError(f"between now and {AHEAD_SECONDS_MAX} seconds ahead")
        return {"ran": world.move_time(to), **look()}

    @levers.post("/api-version")
    def api_version() -> dict[str, Any]:
        """`{"version": "2024-06-20", "endpoint"?: id}`: the endpoint (all, when none is named) gets
        its events in the shape of that API version; null is today's again."""
        given = given_json()
        if given["version"] not in (None, *KNOWN_VERSIONS):
            raise ValueError(f"There is no API version {given['version']}")
        _speak(world, given["version"], given.get("endpoint"))
        return given

    @levers.post("/after-last-retry")
    def after_last_retry() -> dict[str, Any]:
        """`{"status": "canceled" | "unpaid" | "past_due"}`: a renewal that can't be collected."""
        given = given_json()
        subscriptions.policy.after_last_retry = AfterLastRetry(given["status"])
        return given

    @levers.post("/customers/<customer_id>/card")
    def change_card(customer_id: str) -> Object:
        """`{"number": …}`: from now on the customer's default, and what his subscriptions are paid
        with. So the next renewal can succeed, fail (4000000000000341) or ask for 3D Secure
        (4000002760003184)."""
        given = given_json()
        with world.store.transaction() as tx:
            customer = tx.get("customer", customer_id)
            if customer is None:
                raise InvalidRequest(f"No such customer: '{customer_id}'")
            method = portal.new_card(tx, customer, given["number"])
            portal.use_card(tx, customer, method)
            return public(method)

    return levers


def put_back(world: World) -> None:
    """Undo what these levers have set; time stays where it is."""
    _speak(world, None)
    subscriptions.policy.after_last_retry = AfterLastRetry.CANCEL


def _speak(world: World, version: str | None, endpoint_id: str | None = None) -> None:
    with world.store.transaction() as tx:
        for endpoint in tx.select("webhook_endpoint"):
            if endpoint_id in (None, endpoint["id"]) and endpoint["api_version"] != version:
                tx.change(endpoint, api_version=version)
