"""What a scheduler calls. Each job is safe to run twice, and beside itself."""

import logging
from typing import Any

from flask import Blueprint, Response, request

from backend.auth import policy
from backend.wiring import services

blueprint = Blueprint("jobs", __name__)
log = logging.getLogger("topup.jobs")


@blueprint.after_request
def log_counts(response: Response) -> Response:
    """Schedulers throw answers away: what a job could not do would be known to nobody."""
    if response.status_code == 200 and response.is_json:
        report = response.get_json()
        counts = {name: value for name, value in report.items() if isinstance(value, int)}
        log.info("job", extra={"job": request.path.rpartition("/")[2], "counts": counts})
    return response


@blueprint.route("/jobs/expire-credits", methods=["GET", "POST"])
@policy("job")
def expire_credits() -> dict[str, Any]:
    """Write off what has expired: {users, credits, done}."""
    return services().upkeep.expire_credits()


@blueprint.route("/jobs/release-holds", methods=["GET", "POST"])
@policy("job")
def release_holds() -> dict[str, Any]:
    """End holds whose time is over: {expired, done}."""
    return services().upkeep.release_holds()


@blueprint.route("/jobs/deliver-events", methods=["GET", "POST"])
@policy("job")
def deliver_events() -> dict[str, Any]:
    """Tell the host app what it should hear: {delivered, failed, configured}."""
    return services().event_delivery.deliver()


@blueprint.route("/jobs/auto-recharge", methods=["GET", "POST"])
@policy("job")
def auto_recharge() -> dict[str, Any]:
    """Charge what is due: {succeeded, processing, requires_action, failed, unavailable, done}."""
    return services().auto_recharge.run()


@blueprint.route("/jobs/reconcile", methods=["GET", "POST"])
@policy("job")
def reconcile() -> dict[str, Any]:
    """Go on comparing with Stripe: {checked, repaired, refused, drift, since, done}."""
    return services().reconciliation.run()


@blueprint.route("/jobs/cleanup", methods=["GET", "POST"])
@policy("job")
def cleanup() -> dict[str, Any]:
    """End what nobody will finish, and answer in counts: {payments_ended, …, done}."""
    return services().cleanup.run()
