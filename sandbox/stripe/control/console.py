"""The console at /webhooks: what was delivered, what was paid, and buttons for the levers."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, render_template
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from .. import clock
from ..money import format_amount
from ..store import Object, Transaction, public
from ..webhooks import outbox
from ..webhooks.outbox import Mode
from ..world import World

DELIVERIES_SHOWN = 60
PAYMENTS_SHOWN = 12


def blueprint(world: World) -> Blueprint:
    console = Blueprint("console", __name__)

    @console.get("/")
    def home() -> Response:
        return redirect("/webhooks")

    @console.get("/webhooks")
    def webhooks() -> str:
        with world.store.transaction() as tx:
            deliveries = outbox.find(tx, limit=DELIVERIES_SHOWN)
            return render_template(
                "console.html",
                deliveries=[_with_object(tx, delivery) for delivery in deliveries],
                payments=[_payment(tx, charge) for charge in _charges(tx)],
                held=len(outbox.find(tx, status="held")),
                policy=outbox.policy,
                modes=list(Mode),
                endpoints=tx.select("webhook_endpoint"),
                clock_time=_clock_time,
                stripes_time=_moment(clock.now()),
                is_moved=clock.ahead_seconds() > 0,
                money=format_amount,
            )

    @console.get("/webhooks/<event_id>")
    def event(event_id: str) -> str:
        with world.store.transaction() as tx:
            found = tx.get("event", event_id)
            if found is None:
                raise NotFound
            deliveries = outbox.find(tx, event_id=event_id)
        return render_template("event.html", event=public(found), deliveries=deliveries)

    return console


def _with_object(tx: Transaction, delivery: dict[str, Any]) -> dict[str, Any]:
    event = tx.get("event", delivery["event_id"]) or {"data": {"object": {}}}
    return delivery | {"object_id": event["data"]["object"].get("id", "")}


def _charges(tx: Transaction) -> list[Object]:
    return tx.select("charge", limit=PAYMENTS_SHOWN)


def _payment(tx: Transaction, charge: Object) -> dict[str, Any]:
    """A charge beside its refunds and disputes."""
    about = {"charge": charge["id"]}
    return {
        "charge": charge,
        "refunds": tx.select("refund", about),
        "disputes": tx.select("dispute", about),
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y %H:%M UTC")


def _clock_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")
