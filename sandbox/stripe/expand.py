"""`expand[]`: ids become the objects they name. https://docs.stripe.com/api/expanding_objects"""

from .errors import InvalidParams
from .lists import list_object
from .store import Object, Transaction, public

DEPTH_MAX = 4

# Members that are left out unless they are asked for.
INCLUDABLE = {("checkout.session", "line_items"), ("charge", "refunds")}


def expand(tx: Transaction, obj: Object, paths: list[str]) -> Object:
    """A public copy of `obj` with each dotted path followed."""
    expanded = public(obj)
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEPTH_MAX:
            raise InvalidParams(
                f"You cannot expand more than {DEPTH_MAX} levels of a property: {path}",
                param="expand",
            )
        _follow(tx, expanded, steps, path)
    return expanded


def _follow(tx: Transaction, obj: Object, steps: list[str], path: str) -> None:
    name, *rest = steps
    if name not in obj and (obj.get("object"), name) in INCLUDABLE:
        obj[name] = _included(tx, obj, name)
    if name not in obj:
        raise InvalidParams(f"This property cannot be expanded ({path}).", param="expand")
    value = obj[name]
    if isinstance(value, str):
        target = tx.get_any(value)
        if target is None or name == "id":
            raise InvalidParams(f"This property cannot be expanded ({path}).", param="expand")
        value = obj[name] = public(target)
    for member in value if isinstance(value, list) else [value]:
        if rest and isinstance(member, dict):
            _follow(tx, member, rest, path)


def _included(tx: Transaction, obj: Object, name: str) -> Object:
    if name == "refunds":
        refunds = tx.select("refund", {"charge": obj["id"]})
        return list_object(refunds, f"/v1/charges/{obj['id']}/refunds")
    session = tx.get("checkout.session", obj["id"]) or obj
    return list_object(session["_line_items"], f"/v1/checkout/sessions/{obj['id']}/line_items")
