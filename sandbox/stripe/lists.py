"""Lists as Stripe pages them, newest first. https://docs.stripe.com/api/pagination"""

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import InvalidParams, NotFound
from .params import Params
from .store import Object, Transaction, public

PAGING = frozenset(["limit", "starting_after", "ending_before", "created"])
LIMIT_DEFAULT = 10
LIMIT_MAX = 100
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def page(
    tx: Transaction,
    object_type: str,
    url: str,
    params: Params,
    equal: Mapping[str, Any],
    conditions: Sequence[tuple[str, Any]] = (),
) -> Object:
    """One page; members of `equal` whose value is None do not filter."""
    limit = params.get("limit", LIMIT_DEFAULT)
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidParams(
            f"Limit must be between 1 and {LIMIT_MAX}: {limit}",
            code="parameter_invalid_integer",
            param="limit",
        )
    backwards = "ending_before" in params
    found = tx.select(
        object_type,
        {member: value for member, value in equal.items() if value is not None},
        conditions=[*conditions, *_created(params), *_cursor(tx, object_type, params)],
        limit=limit + 1,
        oldest_first=backwards,
    )
    data = found[:limit]
    return list_object(data[::-1] if backwards else data, url, has_more=len(found) > limit)


def list_object(data: list[Object], url: str, *, has_more: bool = False) -> Object:
    return {
        "object": "list",
        "data": [public(obj) for obj in data],
        "has_more": has_more,
        "url": url,
    }


def _created(params: Params) -> list[tuple[str, int]]:
    created = params.get("created")
    if created is None:
        return []
    if isinstance(created, int):
        return [("created = ?", created)]
    return [(f"created {COMPARISONS[name]} ?", value) for name, value in created.items()]


def _cursor(tx: Transaction, object_type: str, params: Params) -> list[tuple[str, int]]:
    if "starting_after" in params and "ending_before" in params:
        raise InvalidParams(
            "You may only specify one of these parameters: starting_after, ending_before.",
            code="parameters_exclusive",
        )
    for name, comparison in (("starting_after", "<"), ("ending_before", ">")):
        if name in params:
            sequence = tx.sequence_of(object_type, params[name])
            if sequence is None:
                raise NotFound.no_such(object_type, params[name], param=name)
            return [(f"seq {comparison} ?", sequence)]
    return []
