"""Stripe's form encoding, read back into nested values.

`a[b][0][c]=x` → `{"a": {"b": [{"c": "x"}]}}`; `a[]=x&a[]=y` → `{"a": ["x", "y"]}`. Every leaf is
still text: what it means is the business of `params.py`.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import InvalidParams

FIELDS_MAX = 2_000
DEPTH_MAX = 12
NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
SUBSCRIPT = re.compile(r"\[([^\[\]]*)\]")


def parse_form(encoded: str) -> dict[str, Any]:
    """Raises InvalidParams for a body that no SDK would send."""
    try:
        pairs = parse_qsl(
            encoded, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError as error:
        raise InvalidParams(f"Invalid request body: {error}") from error
    root: dict[str, Any] = {}
    for name, value in pairs:
        _put(root, _split(name), value, name)
    return {key: _with_lists(value) for key, value in root.items()}


def _split(name: str) -> list[str]:
    match = NAME.match(name)
    subscripts = SUBSCRIPT.findall(match[2]) if match else []
    if not match or len(subscripts) > DEPTH_MAX:
        raise InvalidParams(f"Invalid parameter name: {name}", param=name)
    return [match[1], *subscripts]


def _put(node: dict[str, Any], path: list[str], value: str, name: str) -> None:
    *parents, leaf = path
    for key in parents:
        node = node.setdefault(_index(key, node), {})
        if not isinstance(node, dict):
            raise InvalidParams(f"Invalid parameter: {name} is both a value and an object")
    node[_index(leaf, node)] = value


def _index(key: str, node: dict[str, Any]) -> str:
    """`[]` means the next place of a list."""
    return key or str(len(node))


def _with_lists(node: Any) -> Any:
    """Objects whose keys count 0, 1, 2 … are lists."""
    if not isinstance(node, dict):
        return node
    if node and list(node) == [str(position) for position in range(len(node))]:
        return [_with_lists(value) for value in node.values()]
    return {key: _with_lists(value) for key, value in node.items()}
