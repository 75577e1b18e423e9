"""Holds requests and objects against the types of the installed Stripe SDK.

The SDK's `stripe.params` TypedDicts and the annotations of its resource classes are generated from
Stripe's specification, so they are the truth about the API version that it pins.

    check_request("POST", "/v1/refunds", {"payment_intent": "pi_…", "amount": "100"})
    check_object({"id": "re_…", "object": "refund", …})

Both raise `Mismatch`, which names every place that does not fit. Values of a request may be text,
as on the wire. Enumerations that the SDK leaves open (`Literal[…] | str`) count as closed here: a
value that it does not list is a mistake today.
"""

import ast
import functools
import inspect
import operator
import re
import sys
import types
from collections.abc import Callable, Iterable
from decimal import Decimal
from importlib import import_module
from typing import (
    Annotated,
    Any,
    ClassVar,
    ForwardRef,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
)

import stripe.params
from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError
from stripe._error_object import ErrorObject
from stripe._list_object import ListObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._request_options import RequestOptions
from stripe._stripe_object import StripeObject, UntypedStripeObject
from typing_extensions import TypedDict, get_type_hints, is_typeddict


class Mismatch(AssertionError):
    """What was sent or answered does not fit the SDK's types."""


def check_request(method: str, path: str, params: dict[str, Any]) -> None:
    """`params` is the nested form (or query) of one request to `/v1/…`."""
    spec = request_type(method, path)
    _validate(_adapter_of_params(spec), params, f"{method} {path} ({spec.__name__})")


def check_exchange(request: dict[str, Any]) -> None:
    """A line of the stand-in's log of requests: what was asked, and what was answered."""
    check_request(request["method"], request["path"], request["params"])
    if answer := request["response"]:
        (check_error if "error" in answer else check_object)(answer)


def check_object(obj: dict[str, Any]) -> None:
    """One object as it was answered: with everything that is expanded in it, lists, events too."""
    kind = obj.get("object")
    if kind not in OBJECT_CLASSES:
        raise Mismatch(f"there is no object of type {kind!r}")
    if kind == "list":
        return _check_page(obj)
    if kind == "search_result":
        return _check_page(obj, "next_page")
    if obj.get("deleted") is True:
        if obj.keys() != {"id", "object", "deleted"}:
            raise Mismatch(f"of a deleted {kind} nothing else is left: {sorted(obj)}")
        return None
    _validate(_adapter_of(resource_class(kind)), obj, f"{kind} {obj.get('id')}")
    if kind == "event":
        _check_event_data(obj)
    return None


def check_error(body: dict[str, Any]) -> None:
    """The body of an answer that is not a 2xx."""
    _validate(_adapter_of(ErrorObject), body.get("error"), "error")


def request_type(method: str, path: str) -> type:
    """The TypedDict of an endpoint, by the SDK's naming: `POST /v1/checkout/sessions/cs_1/expire`
    is `stripe.params.checkout.SessionExpireParams`."""
    module, segments = stripe.params, path.removeprefix("/v1/").split("/")
    if hasattr(module, segments[0]) and inspect.ismodule(getattr(module, segments[0])):
        module = import_module(f"stripe.params.{segments.pop(0)}")
    resource, *rest = segments
    for name in _names(_camel(_singular(resource)), method, rest):
        if hasattr(module, name):
            return getattr(module, name)
    raise Mismatch(f"the SDK knows no {method} {path}")


def resource_class(kind: str) -> type[StripeObject]:
    module, name = OBJECT_CLASSES[kind]
    return getattr(import_module(module), name)


# Requests


def _names(resource: str, method: str, rest: list[str]) -> list[str]:
    if not rest:
        return [f"{resource}{'Create' if method == 'POST' else 'List'}Params"]
    if rest == ["search"]:
        return [f"{resource}SearchParams"]
    if len(rest) == 1:
        verbs = {"GET": ["Retrieve"], "POST": ["Modify", "Update"], "DELETE": ["Delete", "Cancel"]}[
            method
        ]
        return [f"{resource}{verb}Params" for verb in verbs]
    action = _camel(rest[1])
    if method == "GET":
        return [f"{resource}List{action}Params"]
    of_itself = f"{resource}{action}{resource}Params"  # POST /v1/invoices/in_1/void
    return [
        f"{resource}{action}Params",
        f"{resource}Create{_camel(_singular(rest[1]))}Params",
        of_itself,
    ]


@functools.cache
def _adapter_of_params(spec: type) -> TypeAdapter[Any]:
    return TypeAdapter(_closed_params(spec))


@functools.cache
def _closed_params(spec: type) -> type:
    """The same TypedDict without the SDK's own options, forbidding what it does not name."""
    names = _names_seen_by(RequestOptions) | _names_seen_by(spec)
    hints = get_type_hints(spec, localns=names, include_extras=True)
    fields = {
        name: _params_hint(hint)
        for name, hint in hints.items()
        if name not in RequestOptions.__annotations__
    }
    return _closed(spec.__name__, fields, ConfigDict(extra="forbid"))


def _params_hint(hint: Any) -> Any:
    if is_typeddict(hint):
        return _closed_params(hint)
    if get_origin(hint) in (Union, types.UnionType):
        # `Dict[str, str] | UntypedStripeObject[str]`: on the wire both are the former.
        hint = _union(m for m in get_args(hint) if get_origin(m) is not UntypedStripeObject)
    return _rebuilt(hint, _params_hint)


# Objects


@functools.cache
def _adapter_of(cls: type[StripeObject]) -> TypeAdapter[Any]:
    return TypeAdapter(_closed_object(cls))


@functools.cache
def _closed_object(cls: type[StripeObject]) -> type:
    """A TypedDict of a resource's (or nested class's) annotations. What the SDK calls `Optional`
    may be absent as well as null; everything else must be there."""
    fields = {}
    for name, annotation in _annotations(cls).items():
        hint = _object_hint(annotation, cls)
        fields[name] = NotRequired[hint] if type(None) in get_args(annotation) else hint
    config = ConfigDict(extra="forbid", strict=True)
    return _closed(cls.__qualname__.replace(".", "_"), fields, config)


def _object_hint(annotation: Any, owner: type) -> Any:
    """What an annotation of `owner` demands of the JSON."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        annotation = eval(annotation, _names_seen_by(owner))
    if annotation is Decimal:
        return Annotated[str, AfterValidator(_check_decimal)]
    origin = get_origin(annotation)
    if origin is ListObject:
        return _list_of(_object_hint(get_args(annotation)[0], owner))
    if origin is UntypedStripeObject:
        return dict[str, _object_hint(get_args(annotation)[0], owner)]
    if not inspect.isclass(annotation) or not issubclass(annotation, StripeObject):
        return _rebuilt(annotation, lambda member: _object_hint(member, owner))
    if "OBJECT_NAME" in vars(annotation):
        # Resources refer to each other in circles: each is looked at only when it is met.
        return Annotated[dict[str, Any], AfterValidator(_resource_check(annotation))]
    return _closed_object(annotation)


def _resource_check(cls: type[StripeObject]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def check(obj: dict[str, Any]) -> dict[str, Any]:
        assert obj.get("object") == cls.OBJECT_NAME, f"this is no {cls.OBJECT_NAME}"
        check_object(obj)
        return obj

    return check


def _check_decimal(text: str) -> str:
    assert re.fullmatch(r"-?\d+(\.\d+)?", text), "this is no decimal number"
    return text


def _check_page(page: dict[str, Any], *more: str) -> None:
    """A list or search result: its members are objects, its own keys are Stripe's."""
    keys = {"object", "data", "has_more", "url", *more}
    if page.keys() != keys or not isinstance(page["data"], list):
        raise Mismatch(f"a {page['object']} has {sorted(keys)}, this has {sorted(page)}")
    for member in page["data"]:
        check_object(member)


def _check_event_data(event: dict[str, Any]) -> None:
    """The object of an event is whole, and what changed is named as the object names it."""
    obj = event["data"]["object"]
    check_object(obj)
    known = _annotations(resource_class(obj["object"]))
    unknown = (event["data"].get("previous_attributes") or {}).keys() - known.keys()
    if unknown:
        raise Mismatch(f"{event['type']}: unknown previous_attributes {sorted(unknown)}")


def _list_of(item: Any) -> type:
    fields = {"object": Literal["list"], "data": list[item], "has_more": bool, "url": str}
    return _closed("List", fields, ConfigDict(extra="forbid", strict=True))


def _annotations(cls: type[StripeObject]) -> dict[str, Any]:
    return {
        name: annotation
        for name, annotation in vars(cls).get("__annotations__", {}).items()
        if get_origin(annotation) is not ClassVar
    }


# Both


def _rebuilt(hint: Any, convert: Any) -> Any:
    """The same generic type with converted members; open enumerations become closed ones."""
    origin, members = get_origin(hint), get_args(hint)
    if origin is None or origin in (Literal, ClassVar):
        return hint
    if origin in (Union, types.UnionType):
        return _union(convert(member) for member in _without_escape_hatch(members))
    if origin in (NotRequired, Annotated):
        return origin[convert(members[0])]
    return origin[tuple(convert(member) for member in members)]


def _union(members: Iterable[Any]) -> Any:
    return functools.reduce(operator.or_, members)


def _without_escape_hatch(members: tuple[Any, ...]) -> tuple[Any, ...]:
    """`Literal['a', 'b'] | str` → `Literal['a', 'b']`; `Literal[''] | str` stays as it is."""
    literals = [m for m in members if get_origin(m) is Literal]
    if any(get_args(literal) != ("",) for literal in literals):
        return tuple(m for m in members if m is not str)
    return members


def _validate(adapter: TypeAdapter[Any], value: Any, what: str) -> None:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        places = [
            f"  {'.'.join(str(step) for step in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_context=False)
        ]
        raise Mismatch("\n".join([what, *places])) from None


def _names_seen_by(cls: type) -> dict[str, Any]:
    return _names_in(cls.__module__)


@functools.cache
def _names_in(module_name: str) -> dict[str, Any]:
    """A module's names, those included that it imports for type checkers only."""
    module = sys.modules[module_name]
    names = dict(vars(module))
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), module_name, "exec"), names)
    return names


def _camel(text: str) -> str:
    return "".join(word.capitalize() for word in text.split("_"))


def _singular(plural: str) -> str:
    return plural.removesuffix("s")


def _closed(name: str, fields: dict[str, Any], config: ConfigDict) -> type:
    closed = TypedDict(name, fields)  # type: ignore[misc,operator]
    closed.__pydantic_config__ = config  # type: ignore[attr-defined]
    return closed
