"""The levers that tests pull: `/_sandbox/…`, JSON in and out. The console is built on them too."""

import random
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from .. import declines
from ..errors import InvalidRequest, StripeError
from ..flows import checkout, disputes, refunds, saved_cards
from ..store import Object, Transaction, public
from ..webhooks import outbox
from ..webhooks.outbox import COPIES_MAX, Mode
from ..world import World
from . import billing_levers
from .faults import Fault
from .given import given_json

ORDERS: dict[str, Callable[[list[str]], list[str]]] = {
    "created": lambda ids: ids,
    "reverse": lambda ids: ids[::-1],
    "shuffle": lambda ids: random.sample(ids, len(ids)),
}
REFUND_ACTIONS = {"succeed": refunds.succeed, "fail": refunds.fail, "cancel": refunds.cancel}
DISPUTE_ACTIONS = {"win": disputes.win, "lose": disputes.lose, "escalate": disputes.escalate}


def blueprint(world: World) -> Blueprint:
    levers = Blueprint("levers", __name__, url_prefix="/_sandbox")

    @levers.get("/requests")
    def requests() -> dict[str, Any]:
        """Oldest first; filters: `method`, `path` (how it begins)."""
        method, path = request.args.get("method"), request.args.get("path")
        return {"requests": world.requests.find(method=method, path=path)}

    @levers.delete("/requests")
    def forget_requests() -> dict[str, Any]:
        """Answers what is forgotten, so that nothing is asked between a last look and this."""
        return {"requests": world.requests.take()}

    @levers.get("/faults")
    def faults() -> dict[str, Any]:
        return {"faults": world.faults.described()}

    @levers.post("/faults")
    def add_fault() -> tuple[dict[str, Any], int]:
        world.faults.add(Fault.from_json(given_json()))
        return faults(), 201

    @levers.delete("/faults")
    def clear_faults() -> Response:
        world.faults.clear()
        return Response(status=204)

    @levers.get("/delivery-mode")
    def delivery_mode() -> dict[str, Any]:
        return outbox.policy.described()

    @levers.post("/delivery-mode")
    def set_delivery_mode() -> dict[str, Any]:
        given = given_json()
        outbox.policy.mode = Mode(given.get("mode", outbox.policy.mode))
        outbox.policy.copies = _bounded(given.get("copies", outbox.policy.copies))
        return delivery_mode()

    @levers.get("/deliveries")
    def deliveries() -> dict[str, Any]:
        """Newest first; filters: `status`, `event_type`, `event_id`."""
        with world.store.transaction() as tx:
            found = outbox.find(
                tx,
                status=request.args.get("status"),
                event_type=request.args.get("event_type"),
                event_id=request.args.get("event_id"),
            )
        return {"deliveries": found}

    @levers.post("/deliveries/release")
    def release() -> dict[str, Any]:
        """Sends what is held back, each after the answer to the one before."""
        given = given_json()
        with world.store.transaction() as tx:
            held = outbox.find(tx, status="held", event_type=given.get("event_type"), limit=10_000)
        ids = ORDERS[given.get("order", "created")]([delivery["id"] for delivery in held[::-1]])
        return {"deliveries": world.courier.send_in_order(ids)}

    @levers.post("/put-back")
    def put_back() -> dict[str, Any]:
        """As it is after a start: no fault, no decline ordered, everything delivered at once and
        in today's shapes. What was held is sent."""
        world.faults.clear()
        declines.cancel_orders()
        outbox.policy.mode, outbox.policy.copies = Mode.LIVE, 1
        billing_levers.put_back(world)
        return release()

    @levers.post("/deliveries/<delivery_id>/send")
    def send(delivery_id: str) -> dict[str, Any]:
        """Sends it again, `times` at once; answers when all have been answered."""
        times = _bounded(given_json().get("times", 1))
        return {"deliveries": world.courier.send_together([delivery_id] * times)}

    @levers.post("/deliveries/<delivery_id>/<action>")
    def hold_or_drop(delivery_id: str, action: str) -> dict[str, Any]:
        statuses = {"hold": "held", "drop": "dropped"}
        with world.store.transaction() as tx:
            outbox.set_status(tx, [delivery_id], statuses[action])
            return {"deliveries": outbox.find(tx, ids=[delivery_id])}

    @levers.post("/payments/<intent_id>/settle")
    def settle(intent_id: str) -> Object:
        """`{"succeeded": bool}`, or as the buyer chose: the bank transfer ends now."""
        with world.store.transaction() as tx:
            checkout.settle(tx, intent_id, succeeded=given_json().get("succeeded"))
            return public(_found(tx, "payment_intent", intent_id))

    @levers.post("/charges/<charge_id>/refund")
    def refund(charge_id: str) -> Object:
        """As from Stripe's Dashboard: `amount?`, `reason?`, `status?` (`pending`, `succeeded`)."""
        with world.store.transaction() as tx:
            return public(refunds.create(tx, _found(tx, "charge", charge_id), **given_json()))

    @levers.post("/refunds/<refund_id>/<action>")
    def change_refund(refund_id: str, action: str) -> Object:
        """`succeed`, `fail` or `cancel`."""
        with world.store.transaction() as tx:
            return public(REFUND_ACTIONS[action](tx, _found(tx, "refund", refund_id)))

    @levers.post("/charges/<charge_id>/dispute")
    def dispute(charge_id: str) -> Object:
        """`reason?`, `amount?`, `is_inquiry?`."""
        with world.store.transaction() as tx:
            charge = _found(tx, "charge", charge_id)
            return public(disputes.open_dispute(tx, charge, **given_json()))

    @levers.post("/disputes/<dispute_id>/<action>")
    def change_dispute(dispute_id: str, action: str) -> Object:
        """`win` (or close an inquiry), `lose` or `escalate`."""
        with world.store.transaction() as tx:
            return public(DISPUTE_ACTIONS[action](tx, _found(tx, "dispute", dispute_id)))

    @levers.post("/next-decline")
    def next_decline() -> dict[str, Any]:
        """`{"decline_code": any of Stripe's, "times"?: 1}`: so are the next cards declined."""
        given = given_json()
        declines.order(given["decline_code"], _bounded(given.get("times", 1)))
        return {"ordered": given}

    @levers.delete("/next-decline")
    def no_next_decline() -> Response:
        declines.cancel_orders()
        return Response(status=204)

    @levers.post("/payment-methods/<method_id>/renew")
    def renew(method_id: str) -> Object:
        """The bank sent a new card: `exp_month?`, `exp_year?`, `last4?`."""
        with world.store.transaction() as tx:
            method = _found(tx, "payment_method", method_id)
            return public(saved_cards.renew(tx, method, **given_json()))

    levers.register_blueprint(billing_levers.blueprint(world))

    @levers.errorhandler(KeyError)
    @levers.errorhandler(TypeError)
    @levers.errorhandler(ValueError)
    def misunderstood(error: Exception) -> tuple[Response, int]:
        return jsonify(error=f"{type(error).__name__}: {error}"), 400

    @levers.errorhandler(StripeError)
    def refused(error: StripeError) -> tuple[Response, int]:
        return jsonify(error.body()), error.status

    return levers


def _bounded(times: int) -> int:
    if not 1 <= times <= COPIES_MAX:
        raise ValueError(f"between 1 and {COPIES_MAX}")
    return times


def _found(tx: Transaction, object_type: str, object_id: str) -> Object:
    obj = tx.get(object_type, object_id)
    if obj is None:
        raise InvalidRequest(f"No such {object_type}: '{object_id}'")
    return obj
