"""https://docs.stripe.com/api/events"""

from typing import Any

from stripe.params import EventListParams, EventRetrieveParams

from .. import lists
from ..errors import InvalidParams
from ..params import Params
from ..store import Object, Transaction
from ..webhooks import outbox
from .routes import Routes, found

routes = Routes()

TYPES_MAX = 20


@routes.list("/v1/events", EventListParams, ["delivery_success", "type", "types"])
def list_all(tx: Transaction, params: Params) -> Object:
    page = lists.page(tx, "event", "/v1/events", params, {}, conditions=_conditions(params))
    for event in page["data"]:
        event["pending_webhooks"] = outbox.unacknowledged(tx, event["id"])
    return page


@routes.get("/v1/events/<id>", EventRetrieveParams)
def retrieve(tx: Transaction, params: Params, id: str) -> Object:
    return found(tx, "event", id) | {"pending_webhooks": outbox.unacknowledged(tx, id)}


def _conditions(params: Params) -> list[tuple[str, Any]]:
    """`type` may end in `*`, as in `charge.*`."""
    conditions: list[tuple[str, Any]] = []
    if "type" in params and "types" in params:
        raise InvalidParams("You may only specify one of these parameters: type, types.")
    if len(params.get("types", [])) > TYPES_MAX:
        raise InvalidParams(f"At most {TYPES_MAX} types.", param="types")
    if "type" in params:
        conditions.append(("json_extract(body, '$.type') glob ?", params["type"]))
    if "types" in params:
        conditions.append(
            (
                "instr(?, ',' || json_extract(body, '$.type') || ',') > 0",
                f",{','.join(params['types'])},",
            )
        )
    if "delivery_success" in params:
        conditions.append(
            (
                "(not exists (select 1 from deliveries where event_id = objects.id "
                "and status <> 'succeeded')) = ?",
                params["delivery_success"],
            )
        )
    return conditions
