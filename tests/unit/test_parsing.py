"""Request bodies and query strings: strict, bounded, and every refusal names its field."""

from typing import Any

import pytest
from flask import Flask

from backend.errors import InvalidRequest, Problem, UnsupportedMediaType, ValidationError
from backend.routes.credits import TransactionsQuery
from backend.routes.idempotency import idempotency_key
from backend.routes.parsing import Request, body, query
from backend.routes.payments import CheckoutRequest

FLASK = Flask(__name__)
JSON = "application/json"


def parsed(data: str | bytes, content_type: str | None = JSON, kind: Any = CheckoutRequest) -> Any:
    with FLASK.test_request_context("/", method="POST", data=data, content_type=content_type):
        return body(kind)


def refused(refusal: type[Problem], data: str | bytes, content_type: str | None = JSON) -> Problem:
    with pytest.raises(refusal) as caught:
        parsed(data, content_type)
    return caught.value


def asked(query_string: str) -> Any:
    with FLASK.test_request_context(f"/?{query_string}"):
        return query(TransactionsQuery)


def field_of(problem: Problem) -> str:
    [error] = problem.members["errors"]
    assert error["message"]
    return error["field"]


@pytest.mark.parametrize(
    "data",
    [
        "{",
        "NaN",
        '{"package_id": NaN}',
        '{"package_id": Infinity}',
        '{"package_id": "a",}',
        "{'package_id': 'a'}",
        '{"package_id": "a"} {}',
        '{"package_id": "\\ud800"}',
        b'{"package_id": "\xff"}',
        b"\x00",
        "[1,2",
        "12abc",
        '"starter" and more',
        "{} {}",
        '{"package_id": 5',
        '{"package_id": "A"',
        '{"package_id": "a", "quantity":}',
        "[" * 100_000,
        '{"package_id":' * 100_000,
    ],
    ids=lambda data: str(data)[:24],
)
def test_what_is_not_json_is_refused(data: str | bytes) -> None:
    refused(InvalidRequest, data)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ("", "package_id"),
        ("{}", "package_id"),
        ("[]", "body"),
        ("null", "body"),
        ('"starter"', "body"),
        ("1e400", "body"),
        ('{"package_id": null}', "package_id"),
        ('{"package_id": ""}', "package_id"),
        ('{"package_id": ["starter"]}', "package_id"),
        ('{"package_id": 1e400}', "package_id"),
        ('{"package_id": 123456789012345678901234567890}', "package_id"),
        ('{"package_id": "a", "amount": 1}', "amount"),
        ('{"package_id": "a", "quantity": 100}', "quantity"),
        ('{"package_id": "a", "user_id": "b"}', "user_id"),
        ('{"package_id": "a", "currency": "us"}', "currency"),
        ('{"package_id": "a", "currency": "usd "}', "currency"),
        ('{"package_id": "a", "currency": "us\\n"}', "currency"),
        ('{"package_id": "a", "currency": "usd\\n"}', "currency"),
        ('{"package_id": "a", "ui_mode": "elements"}', "ui_mode"),
        ('{"package_id": "a", "return_url": "javascript:alert(1)"}', "return_url"),
    ],
    ids=lambda value: value[:48],
)
def test_what_is_json_but_not_the_request_names_the_field(data: str, field: str) -> None:
    assert field_of(refused(ValidationError, data)) == field


def test_a_text_of_the_wrong_form_is_explained_in_words() -> None:
    problem = refused(ValidationError, '{"package_id": "a", "currency": "us"}')
    assert problem.members["errors"][0]["message"] == "Three letters, like usd."


def test_a_field_that_is_given_twice_never_means_two_things() -> None:
    """One parser reads the body once, so the last one is the only one that anybody has seen."""
    assert parsed('{"package_id": "a", "package_id": "b"}').package_id == "b"


@pytest.mark.parametrize("length", [65, 60_000])
def test_text_has_a_bound(length: int) -> None:
    assert field_of(refused(ValidationError, f'{{"package_id": "{"a" * length}"}}')) == "package_id"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_only_json_is_taken(content_type: str | None) -> None:
    refused(UnsupportedMediaType, '{"package_id": "a"}', content_type)


@pytest.mark.parametrize("content_type", [JSON, None])
def test_an_empty_body_is_an_empty_object(content_type: str | None) -> None:
    assert parsed("", content_type, kind=Request) == Request()


def test_what_fits_is_taken() -> None:
    given = parsed('{"package_id": "starter", "currency": "EUR", "locale": "zh-CN"}')
    assert (given.package_id, given.currency, given.locale) == ("starter", "EUR", "zh-CN")


@pytest.mark.parametrize(
    ("query_string", "field"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=101", "limit"),
        ("limit=1.5", "limit"),
        ("limit=NaN", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=1&limit=2", "limit"),
        ("type=", "type"),
        ("cursor=1", "cursor"),
        ("cursor=' or 1=1--", "cursor"),
        ("cursor=00000000-0000-0000-0000-00000000000g", "cursor"),
        ("cursor=00000000-0000-0000-0000-000000000000%0A", "cursor"),
        ("type=theft", "type"),
        ("type=null", "type"),
        ("cursor=NULL", "cursor"),
        ("format=xml", "format"),
        ("user_id=1", "user_id"),
    ],
)
def test_a_query_that_does_not_fit_names_the_field(query_string: str, field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        asked(query_string)
    assert field_of(caught.value) == field


def test_a_query_that_fits_is_taken() -> None:
    assert asked("limit=100&type=purchase&format=csv").limit == 100


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_an_idempotency_key_has_bounds(key: str) -> None:
    with (
        FLASK.test_request_context("/", headers={"Idempotency-Key": key}),
        pytest.raises(ValidationError),
    ):
        idempotency_key()
