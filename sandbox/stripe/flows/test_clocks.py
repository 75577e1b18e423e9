"""The time of customers that have a test clock. https://docs.stripe.com/billing/testing/test-clocks"""

from contextlib import AbstractContextManager, nullcontext

from .. import clock
from ..errors import InvalidRequest
from ..events import emit
from ..store import Object, Transaction

TYPE = "test_helpers.test_clock"


def time_of(tx: Transaction, obj: Object | None) -> AbstractContextManager[None]:
    """In here it is the time of the test clock of a customer, subscription or invoice, if it has
    one."""
    clock_id = (obj or {}).get("test_clock")
    test_clock = tx.get(TYPE, clock_id) if clock_id else None
    return clock.at(test_clock["frozen_time"]) if test_clock else nullcontext()


def start_moving(tx: Transaction, test_clock: Object, to: int) -> Object:
    """The move itself happens a moment later, as at Stripe; then the clock is `ready` again."""
    if test_clock["status"] != "ready":
        raise InvalidRequest("The test clock is advancing already.", code="clock_advancing")
    if to <= test_clock["frozen_time"]:
        raise InvalidRequest(
            "The test clock's frozen time can only be moved forward.", param="frozen_time"
        )
    details = {"advancing": {"target_frozen_time": to}}
    previous = tx.change(test_clock, status="advancing", status_details=details)
    emit(tx, "test_helpers.test_clock.advancing", test_clock, previous)
    return test_clock


def advancing(tx: Transaction) -> list[Object]:
    return tx.select(TYPE, {"status": "advancing"})


def target_of(test_clock: Object) -> int:
    return int(test_clock["status_details"]["advancing"]["target_frozen_time"])


def arrive(tx: Transaction, clock_id: str) -> None:
    test_clock = tx.get(TYPE, clock_id)
    if test_clock is None or test_clock.get("deleted"):
        return
    to = target_of(test_clock)
    previous = tx.change(test_clock, status="ready", status_details={}, frozen_time=to)
    emit(tx, "test_helpers.test_clock.ready", test_clock, previous)
