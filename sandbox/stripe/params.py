"""Requests, held against Stripe's own description of them.

The SDK's `stripe.params` TypedDicts are generated from Stripe's specification, so they say which
parameters exist, which are required and what type each has. Here they drive the decoding, with the
errors that Stripe answers. What Stripe knows but the sandbox doesn't act on is refused as well: a
parameter that is silently ignored would be a lie.
"""

import functools
import re
import sys
import types
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NotRequired, Union, get_args, get_origin

from stripe import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import get_type_hints, is_typeddict

from .errors import InvalidParams

Params = dict[str, Any]

METADATA_KEYS_MAX = 50
METADATA_KEY_LENGTH_MAX = 40
METADATA_VALUE_LENGTH_MAX = 500
INTEGER = re.compile(r"-?\d{1,18}")


def decode(spec: type, form: dict[str, Any], honours: frozenset[str]) -> Params:
    """Turns text into what `spec` says it is. Raises InvalidParams as Stripe words it.

    `honours` names what the sandbox acts on, by dotted path without list positions
    (`line_items.quantity`); a name covers everything below it.
    """
    params = _decode_object(spec, form, "")
    for path in _paths(params):
        if not any(path == name or path.startswith(name + ".") for name in honours):
            raise InvalidParams(
                f"The sandbox does not act on `{path}` yet; Stripe does.", param=path
            )
    return params


def _decode(hint: Any, value: Any, name: str) -> Any:
    origin = get_origin(hint)
    if origin is NotRequired:
        return _decode(get_args(hint)[0], value, name)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(hint), value, name)
    if origin is Literal:
        return _decode_literal(get_args(hint), value, name)
    if origin is list:
        return _decode_list(get_args(hint)[0], value, name)
    if origin is dict:
        return _decode_metadata(value, name)
    if is_typeddict(hint):
        if not isinstance(value, dict):
            raise InvalidParams(f"Invalid object: {name}", param=name)
        return _decode_object(hint, value, name)
    return _decode_scalar(hint, value, name)


def _decode_object(spec: type, form: dict[str, Any], name: str) -> Params:
    hints = hints_of(spec)
    unknown = [_member(name, key) for key in form if key not in hints]
    if unknown:
        raise InvalidParams(
            f"Received unknown parameter{'s' if len(unknown) > 1 else ''}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0],
        )
    for key, hint in hints.items():
        if key not in form and get_origin(hint) is not NotRequired:
            raise missing(_member(name, key))
    return {key: _decode(hints[key], value, _member(name, key)) for key, value in form.items()}


def _decode_union(members: tuple[Any, ...], value: Any, name: str) -> Any:
    """`Literal['x', 'y'] | str` is how the SDK writes an enumeration that may grow: here it has not
    grown yet. `Literal[''] | T` means that an empty value unsets."""
    literals = [m for m in members if get_origin(m) is Literal]
    others = [m for m in members if get_origin(m) is not Literal and not _is_untyped(m)]
    choices = tuple(choice for literal in literals for choice in get_args(literal))
    if isinstance(value, str) and value in choices:
        return value
    if any(choice != "" for choice in choices):
        others = [m for m in others if m is not str]
    if not others:
        return _decode_literal(choices, value, name)
    if isinstance(value, dict | list):
        others = [m for m in others if is_typeddict(m) or get_origin(m) in (list, dict)] or others
    else:
        others = [m for m in others if not is_typeddict(m)] or others
    return _decode(others[0], value, name)


def _decode_literal(choices: tuple[Any, ...], value: Any, name: str) -> Any:
    if value in choices:
        return value
    listed = [str(choice) for choice in choices if choice != ""]
    allowed = listed[0] if len(listed) == 1 else ", ".join(listed[:-1]) + f", or {listed[-1]}"
    raise InvalidParams(f"Invalid {name}: must be one of {allowed}", param=name)


def _decode_list(item: Any, value: Any, name: str) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        raise InvalidParams("Invalid array", param=name)
    return [_decode(item, member, f"{name}[{place}]") for place, member in enumerate(value)]


def _decode_metadata(value: Any, name: str) -> dict[str, str]:
    """Limits: https://docs.stripe.com/api/metadata"""
    if isinstance(value, list):
        value = {str(place): member for place, member in enumerate(value)}
    if not isinstance(value, dict):
        raise InvalidParams("Invalid hash", param=name)
    if len(value) > METADATA_KEYS_MAX:
        raise InvalidParams(
            f"Metadata can have up to {METADATA_KEYS_MAX} keys, but got {len(value)}.", param=name
        )
    for key, text in value.items():
        if not isinstance(text, str):
            raise InvalidParams("Metadata values must be strings.", param=f"{name}[{key}]")
        if len(key) > METADATA_KEY_LENGTH_MAX or len(text) > METADATA_VALUE_LENGTH_MAX:
            raise InvalidParams(
                f"Metadata keys can have up to {METADATA_KEY_LENGTH_MAX} characters and values up "
                f"to {METADATA_VALUE_LENGTH_MAX}.",
                param=f"{name}[{key}]",
            )
    return value


def _decode_scalar(hint: Any, value: Any, name: str) -> Any:
    if not isinstance(value, str):
        raise InvalidParams(f"Invalid {hint.__name__}: {value}", param=name)
    if value == "":
        raise InvalidParams(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{name}' cannot be unset. You should remove '{name}' from "
            "your request or supply a non-empty value.",
            code="parameter_invalid_empty",
            param=name,
        )
    if hint is int:
        if not INTEGER.fullmatch(value):
            raise InvalidParams(
                f"Invalid integer: {value}", code="parameter_invalid_integer", param=name
            )
        return int(value)
    if hint is bool:
        if value not in ("true", "false"):
            raise InvalidParams(f"Invalid boolean: {value}", param=name)
        return value == "true"
    if hint in (Decimal, float):
        try:
            return Decimal(value)
        except InvalidOperation as error:
            raise InvalidParams(f"Invalid decimal: {value}", param=name) from error
    return value


def missing(name: str) -> InvalidParams:
    return InvalidParams(f"Missing required param: {name}.", code="parameter_missing", param=name)


@functools.cache
def hints_of(spec: type) -> dict[str, Any]:
    """The parameters of one TypedDict, without the SDK's own options (api_key, headers, …)."""
    modules = [vars(sys.modules[known.__module__]) for known in (RequestOptions, spec)]
    names = {"StripeContext": object, **modules[0], **modules[1]}
    hints = get_type_hints(spec, globalns=names, include_extras=True)
    return {key: hint for key, hint in hints.items() if key not in RequestOptions.__annotations__}


def _is_untyped(hint: Any) -> bool:
    return get_origin(hint) is UntypedStripeObject


def _member(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key


def _paths(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict) and value:
        return [p for key, member in value.items() for p in _paths(member, f"{path}.{key}")]
    if isinstance(value, list) and value:
        return [p for member in value for p in _paths(member, path)]
    return [path.removeprefix(".")] if path else []
