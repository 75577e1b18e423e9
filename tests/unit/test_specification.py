"""The specification against the code: the same addresses, callers, fields and errors, and examples
that are true."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from backend import errors
from backend.routes import (
    admin,
    admin_reads,
    auto_recharge,
    credits,
    metrics,
    parsing,
    payments,
    public,
    refunds,
    spending,
    subscriptions,
)
from tests import shop
from tests.specification import check_value, document, operations, resolved

OPERATIONS = {(method, path): operation for method, path, operation in operations()}

BODIES = {
    ("POST", "/api/stripe/create-checkout-session"): payments.CheckoutRequest,
    ("POST", "/api/stripe/create-payment-intent"): payments.IntentRequest,
    ("POST", "/api/payments/{payment_id}/refresh"): parsing.Request,
    ("POST", "/api/payments/{payment_id}/cancel"): parsing.Request,
    ("POST", "/api/payments/{payment_id}/refund"): refunds.RefundRequest,
    ("POST", "/api/admin/refunds"): refunds.RefundsRequest,
    ("POST", "/api/payment-methods/refresh"): parsing.Request,
    ("POST", "/api/payment-methods/setup-intent"): parsing.Request,
    ("POST", "/api/payment-methods/{card_id}/default"): parsing.Request,
    ("POST", "/api/stripe/cancel-subscription"): subscriptions.SubscriptionRequest,
    ("POST", "/api/stripe/resume-subscription"): subscriptions.SubscriptionRequest,
    ("POST", "/api/stripe/portal-session"): subscriptions.PortalRequest,
    ("PUT", "/api/credits/auto-recharge"): auto_recharge.AutoRechargeRequest,
    ("PUT", "/api/credits/low-balance-threshold"): credits.ThresholdRequest,
    ("POST", "/api/credits/spend"): spending.SpendRequest,
    ("POST", "/api/credits/holds"): spending.HoldRequest,
    ("POST", "/api/credits/holds/{hold_id}/capture"): spending.CaptureRequest,
    ("POST", "/api/credits/holds/{hold_id}/release"): parsing.Request,
    ("POST", "/api/admin/credits/grant"): admin.GrantRequest,
    ("POST", "/api/admin/events/{event_id}/replay"): parsing.Request,
}
QUERIES = {
    ("GET", "/api/packages"): public.PackagesQuery,
    ("GET", "/api/payments"): payments.PaymentsQuery,
    ("GET", "/api/credits/transactions"): credits.TransactionsQuery,
    ("GET", "/api/credits/usage"): credits.UsageQuery,
    ("GET", "/api/credits/events"): credits.EventsQuery,
    ("GET", "/api/admin/payments"): admin_reads.SearchQuery,
    ("GET", "/api/admin/events"): admin_reads.InboxQuery,
    ("GET", "/api/admin/metrics"): metrics.MetricsQuery,
}
WEBHOOK = ("POST", "/api/stripe/webhook")

# X-API-Key is asked for where the shop has set one, and never of the public and the webhook.
SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "public": [],
    "visitor": [{}, {"proxy": []}, {"user": []}, {"user": [], "proxy": []}],
    **{name: [{name: []}, {name: [], "proxy": []}] for name in ("user", "admin", "service", "job")},
    "webhook": [{"stripe": []}],
}


def routes() -> Iterator[tuple[tuple[str, str], str]]:
    """((METHOD, path), policy) of what the backend itself serves below /api."""
    app = shop.app()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        if path.startswith("/api/") and not path.startswith("/api/examples/"):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield (method, path), app.view_functions[rule.endpoint].policy


def test_it_is_openapi() -> None:
    validate(document())


def test_every_route_is_described_and_every_description_is_a_route() -> None:
    assert {route for route, _ in routes()} == set(OPERATIONS)


def test_who_may_call_is_what_the_route_says() -> None:
    described = {route: operation["security"] for route, operation in OPERATIONS.items()}
    assert described == {route: SECURITY[policy] for route, policy in routes()}


def test_operations_are_named_once_and_have_a_place_on_the_page() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    tags = {tag["name"] for tag in document()["tags"]}
    assert {tag for operation in OPERATIONS.values() for tag in operation["tags"]} == tags


ANNOTATIONS = ("title", "description", "default", "format", "properties", "additionalProperties")
NULL = {"type": "null"}


def shape(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """What a schema allows, one alternative after the other, in msgspec's writing or in ours."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return _sorted(each for alternative in schema["anyOf"] for each in shape(alternative))
    demands = {name: said for name, said in schema.items() if name not in ANNOTATIONS}
    if "enum" in demands:
        values = sorted(value for value in demands["enum"] if value is not None)
        return _sorted([{"enum": values}, *([NULL] if None in demands["enum"] else [])])
    if isinstance(demands.get("type"), list):
        return _sorted(
            NULL if kind == "null" else {**demands, "type": kind} for kind in demands["type"]
        )
    return [demands]


def without_null(alternatives: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A query string has no null: what is not given is left out."""
    return [alternative for alternative in alternatives if alternative != NULL]


def _sorted(alternatives: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    different: list[dict[str, Any]] = []
    for alternative in alternatives:
        if alternative not in different:
            different.append(alternative)
    return sorted(different, key=str)


def members(struct: type[msgspec.Struct]) -> tuple[dict[str, Any], list[str]]:
    """The JSON schemas of a struct's fields, and the names of those that are required."""
    schema = msgspec.json.schema(struct)["$defs"][struct.__name__]
    assert schema["additionalProperties"] is False
    text = re.sub(rb"\\\\Z", b"$", msgspec.json.encode(schema["properties"]))
    return msgspec.json.decode(text), schema.get("required", [])


@pytest.mark.parametrize(("route", "struct"), BODIES.items(), ids=map(" ".join, BODIES))
def test_a_body_is_what_the_struct_takes(
    route: tuple[str, str], struct: type[msgspec.Struct]
) -> None:
    body = OPERATIONS[route]["requestBody"]
    described = resolved(body["content"]["application/json"]["schema"])
    fields, required = members(struct)
    assert described["additionalProperties"] is False
    assert described.get("required", []) == required
    assert body.get("required", False) is bool(required)
    ours = described.get("properties", {})
    assert {name: shape(field) for name, field in ours.items()} == {
        name: shape(field) for name, field in fields.items()
    }
    assert {name: field.get("default", ...) for name, field in ours.items()} == {
        name: field.get("default", ...) for name, field in fields.items()
    }


@pytest.mark.parametrize(("route", "struct"), QUERIES.items(), ids=map(" ".join, QUERIES))
def test_a_query_is_what_the_struct_takes(
    route: tuple[str, str], struct: type[msgspec.Struct]
) -> None:
    described = {
        parameter["name"]: parameter
        for parameter in map(resolved, OPERATIONS[route]["parameters"])
        if parameter["in"] == "query"
    }
    fields, required = members(struct)
    assert [name for name, parameter in described.items() if parameter.get("required")] == required
    assert {name: shape(parameter["schema"]) for name, parameter in described.items()} == {
        name: without_null(shape(field)) for name, field in fields.items()
    }
    assert {
        name: resolved(parameter["schema"]).get("default") for name, parameter in described.items()
    } == {name: field.get("default") for name, field in fields.items()}


def test_every_struct_and_every_body_and_query_is_compared() -> None:
    structs = {kin for kin in parsing.Request.__subclasses__() if kin.__module__ != __name__}
    assert structs == ({*BODIES.values(), *QUERIES.values()} - {parsing.Request})
    with_body = {route for route, operation in OPERATIONS.items() if "requestBody" in operation}
    assert with_body - {WEBHOOK} == set(BODIES)
    with_query = {
        route
        for route, operation in OPERATIONS.items()
        if any(resolved(parameter)["in"] == "query" for parameter in operation["parameters"])
    }
    assert with_query == set(QUERIES)


def codes(operation: dict[str, Any], status: str) -> set[str]:
    content = resolved(operation["responses"][status]).get("content", {})
    if problem := content.get("application/problem+json"):
        return set(problem["schema"]["properties"]["code"]["enum"])
    return set()


def test_every_code_is_described_and_belongs_to_its_status() -> None:
    status_of = {code: kin.status for code, kin in errors.BY_CODE.items()}
    status_of[errors.Problem.code] = errors.Problem.status
    assert set(document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == set(
        status_of
    )
    used = set()
    for operation in OPERATIONS.values():
        for status in operation["responses"]:
            for code in codes(operation, status):
                assert status == str(status_of[code])
                used.add(code)
    # An operation is a method that its address takes.
    assert set(status_of) - used == {"method_not_allowed"}


def test_no_operation_leaves_out_an_error_that_any_of_its_kind_can_have() -> None:
    policies = dict(routes())
    for route, operation in OPERATIONS.items():
        expected = {"500"}
        if policies[route] != "webhook":
            expected.add("429")
        if policies[route] not in ("public", "webhook"):
            expected.add("401")
        if policies[route] not in ("public", "webhook", "visitor"):
            expected.add("403")
        if route in BODIES:
            expected |= {"400", "413", "415", "422"}
        if route in QUERIES or any(map(names_a_key, operation["parameters"])):
            expected.add("422")
        if any(resolved(parameter)["in"] == "path" for parameter in operation["parameters"]):
            expected.add("404")
        if any(map(names_a_key, operation["parameters"])):
            expected.add("409")
        assert expected <= set(operation["responses"]), route


def names_a_key(parameter: dict[str, Any]) -> bool:
    return resolved(parameter)["name"] == "Idempotency-Key"


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that has a media type, of requests, answers and errors."""
    outgoing = [item["post"] for item in document()["webhooks"].values()]
    for operation in [*OPERATIONS.values(), *outgoing]:
        name = operation["operationId"]
        for body in [operation.get("requestBody", {}), *operation["responses"].values()]:
            for content in resolved(body).get("content", {}).values():
                yield name, content


def test_examples_are_what_they_are_examples_of() -> None:
    for name, content in contents():
        if "example" in content:
            try:
                check_value(content["schema"], content["example"])
            except Exception as error:
                raise AssertionError(f"the example of {name} is wrong") from error


def test_examples_of_errors_say_what_the_code_says() -> None:
    for problem in document()["components"]["responses"].values():
        example = problem["content"]["application/problem+json"]["example"]
        kin = errors.BY_CODE.get(example["code"], errors.Problem)
        answer = shop.app().app_context()
        with answer:
            shown = errors.render(kin()).json
        assert (example["title"], example["status"]) == (shown["title"], shown["status"])


def test_a_copy_that_is_up_to_date_is_not_sent_again() -> None:
    client = shop.client()
    for path in ("/api/openapi.json", "/api/docs"):
        first = client.get(path)
        assert first.headers["Cache-Control"] == "no-cache"
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
