"""https://docs.stripe.com/api/test_clocks"""

from stripe.params.test_helpers import (
    TestClockAdvanceParams,
    TestClockCreateParams,
    TestClockDeleteParams,
    TestClockListParams,
    TestClockRetrieveParams,
)

from .. import lists
from ..events import emit
from ..flows import customers, test_clocks
from ..objects.test_clock import new_test_clock
from ..params import Params
from ..store import Object, Transaction
from .routes import Routes, found

routes = Routes()

URL = "/v1/test_helpers/test_clocks"


@routes.post(URL, TestClockCreateParams, ["frozen_time", "name"])
def create(tx: Transaction, params: Params) -> Object:
    test_clock = tx.add(new_test_clock(params))
    emit(tx, "test_helpers.test_clock.created", test_clock)
    return test_clock


@routes.list(URL, TestClockListParams)
def list_all(tx: Transaction, params: Params) -> Object:
    return lists.page(tx, test_clocks.TYPE, URL, params, {})


@routes.get(f"{URL}/<id>", TestClockRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, test_clocks.TYPE, id)


@routes.post(f"{URL}/<id>/advance", TestClockAdvanceParams, ["frozen_time"])
def advance(tx: Transaction, params: Params, id: str) -> Object:
    return test_clocks.start_moving(tx, found(tx, test_clocks.TYPE, id), params["frozen_time"])


@routes.delete(f"{URL}/<id>", TestClockDeleteParams)
def delete(tx: Transaction, params: Params, id: str) -> Object:
    """With its customers, as at Stripe."""
    test_clock = found(tx, test_clocks.TYPE, id)
    for customer in tx.select("customer", {"test_clock": id}):
        customers.delete(tx, customer)
    emit(tx, "test_helpers.test_clock.deleted", test_clock)
    return tx.replace({"id": id, "object": test_clocks.TYPE, "deleted": True})
