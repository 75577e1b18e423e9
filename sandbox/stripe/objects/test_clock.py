from .. import clock
from ..ids import new_id
from ..params import Params
from ..store import Object

KEPT_SECONDS = 30 * 24 * 60 * 60


def new_test_clock(params: Params) -> Object:
    """A clock of its own for some customers; it stands still until it is moved."""
    return {
        "id": new_id("clock"),
        "object": "test_helpers.test_clock",
        "created": clock.now(),
        "deletes_after": clock.now() + KEPT_SECONDS,
        "frozen_time": params["frozen_time"],
        "livemode": False,
        "name": params.get("name"),
        "status": "ready",
        "status_details": {},
    }
