"""`expand[]`: ids become the objects they name. https://docs.stripe.com/api/expanding_objects"""

from .errors import InvalidParams
from .lists import list_object
from .store import Object, Transaction, public

DEPTH_MAX = 4

# Members that are left out unless they are asked for.
INCLUDABLE = {
    ("checkout.session", "line_items"),
    ("charge", "refunds"),
    ("invoice", "payments"),
    ("invoice", "confirmation_secret"),
}


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
        value = obj[name] = _object_of(tx, value, name, path)
    elif isinstance(value, list) and value and isinstance(value[0], str):
        value = obj[name] = [_object_of(tx, member, name, path) for member in value]
    for member in value if isinstance(value, list) else [value]:
        if rest and isinstance(member, dict):
            _follow(tx, member, rest, path)


def _object_of(tx: Transaction, object_id: str, name: str, path: str) -> Object:
    target = tx.get_any(object_id)
    if target is None or name == "id":
        raise InvalidParams(f"This property cannot be expanded ({path}).", param="expand")
    return public(target)


def _included(tx: Transaction, obj: Object, name: str) -> Object | None:
    if obj["object"] == "invoice":
        payments = tx.select("invoice_payment", {"invoice": obj["id"]})
        if name == "payments":
            return list_object(payments, f"/v1/invoice_payments?invoice={obj['id']}")
        return _confirmation_secret(tx, payments)
    if name == "refunds":
        refunds = tx.select("refund", {"charge": obj["id"]})
        return list_object(refunds, f"/v1/charges/{obj['id']}/refunds")
    session = tx.get("checkout.session", obj["id"]) or obj
    return list_object(session["_line_items"], f"/v1/checkout/sessions/{obj['id']}/line_items")


def _confirmation_secret(tx: Transaction, payments: list[Object]) -> Object | None:
    """What a page needs to confirm an invoice's payment."""
    intent = payments and tx.get("payment_intent", payments[0]["payment"]["payment_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None
