"""The specification as the backend serves it, and whether an answer is one that it describes."""

import copy
import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests import shop

METHODS = ("get", "post", "put", "patch", "delete")
# A retry can't help everywhere, so this header is there only where it can.
SOMETIMES = {"Retry-After"}


@functools.cache
def document() -> dict[str, Any]:
    return shop.client().get("/api/openapi.json").json


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(METHOD, path, operation), the parameters of the path included in the operation's."""
    for path, item in document()["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
                yield method.upper(), path, {**operation, "parameters": parameters}


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """What a $ref stands for, with whatever is said beside it."""
    if "$ref" not in node:
        return node
    target: Any = document()
    for name in node["$ref"].removeprefix("#/").split("/"):
        target = target[name]
    return {**resolved(target), **{name: said for name, said in node.items() if name != "$ref"}}


def check_value(schema: dict[str, Any], value: Any) -> None:
    """Raises for a value that the schema does not describe, and for one that says more than it."""
    root = closed({**schema, "components": document()["components"]})
    Draft202012Validator(root, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def check_answer(answer: httpx.Response) -> None:
    """Holds an answer of the API, and what was sent if it was taken, against the specification."""
    described = operation_of(answer.request)
    if described is None:
        check_problem(answer, {404, 405})
        return
    response = resolved(described["responses"][str(answer.status_code)])
    for name in set(response.get("headers", {})) - SOMETIMES:
        assert name in answer.headers, name
    if content := response.get("content"):
        media_type = answer.headers["Content-Type"].split(";")[0]
        schema = content[media_type]["schema"]
        check_value(schema, answer.json() if "json" in media_type else answer.text)
    else:
        assert answer.content == b""
    if answer.is_success and answer.request.content:
        body = resolved(described["requestBody"])["content"]["application/json"]
        check_value(body["schema"], json.loads(answer.request.content))


def check_problem(answer: httpx.Response, statuses: set[int]) -> None:
    assert answer.status_code in statuses
    assert answer.headers["Content-Type"] == "application/problem+json"
    check_value({"$ref": "#/components/schemas/Problem"}, answer.json())


def operation_of(request: httpx.Request) -> dict[str, Any] | None:
    """The operation that this request asks for; None for an address or method without one."""
    for method, path, operation in operations():
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        if method == request.method and re.fullmatch(pattern, request.url.path):
            return operation
    return None


def closed(node: Any) -> Any:
    """A copy in which no object may have members that are not described."""
    node = copy.deepcopy(node)
    _close(node)
    return node


def _close(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("type") == "object":
            node.setdefault("additionalProperties", False)
        for member in node.values():
            _close(member)
    elif isinstance(node, list):
        for member in node:
            _close(member)
