"""Errors: one family, one form, and nothing of the inside goes out."""

import re

import pytest
import werkzeug.exceptions
from flask import Flask

from backend import errors
from tests import shop

CONTRACT = {
    "invalid_request": 400,
    "invalid_signature": 400,
    "unauthorized": 401,
    "insufficient_credits": 402,
    "card_declined": 402,
    "forbidden": 403,
    "not_found": 404,
    "idempotency_conflict": 409,
    "invalid_state": 409,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "validation_error": 422,
    "rate_limited": 429,
    "stripe_error": 502,
    "stripe_unavailable": 503,
    "database_unavailable": 503,
    "payments_disabled": 503,
}


def test_every_code_of_the_contract_has_one_error_with_its_status() -> None:
    known = {code: kind.status for code, kind in errors.BY_CODE.items()}
    assert known == CONTRACT | {"method_not_allowed": 405}
    assert (errors.Problem.code, errors.Problem.status) == ("internal_error", 500)


def test_every_detail_is_a_sentence() -> None:
    for kind in (errors.Problem, *errors.BY_CODE.values()):
        assert re.fullmatch(r"[A-Z].+[.?!]", kind.detail), kind


@pytest.fixture
def app() -> Flask:
    """The backend, with a view that raises what a test puts there."""
    app = shop.app()
    app.view_functions["public.health"] = raising
    raising.policy = "public"  # type: ignore[attr-defined]
    return app


def raising() -> None:
    raise raising.error  # type: ignore[attr-defined]


def answer_to(app: Flask, error: Exception) -> tuple[int, dict]:
    raising.error = error  # type: ignore[attr-defined]
    answer = app.test_client().get("/api/health", headers={"X-Request-Id": "request-0001"})
    assert answer.content_type == "application/problem+json"
    assert answer.headers["X-Request-Id"] == answer.json["request_id"] == "request-0001"
    assert answer.json["status"] == answer.status_code
    assert {"type", "title", "status", "detail", "code", "request_id"} <= answer.json.keys()
    return answer.status_code, answer.json


def test_an_unexpected_error_tells_nothing_of_the_inside(app: Flask) -> None:
    error = RuntimeError("select * from auth.users; sk_test_secret")
    status, problem = answer_to(app, error)
    assert (status, problem["code"]) == (500, "internal_error")
    assert problem["detail"] == errors.Problem.detail
    assert problem.keys() == {"type", "title", "status", "detail", "code", "request_id"}


@pytest.mark.parametrize(
    ("exception", "code"),
    [
        (werkzeug.exceptions.BadRequest("<b>inside</b>"), "invalid_request"),
        (werkzeug.exceptions.Unauthorized("inside"), "unauthorized"),
        (werkzeug.exceptions.Forbidden("inside"), "forbidden"),
        (werkzeug.exceptions.NotFound("inside"), "not_found"),
        (werkzeug.exceptions.Conflict("inside"), "invalid_state"),
        (werkzeug.exceptions.MethodNotAllowed(["GET"]), "method_not_allowed"),
        (werkzeug.exceptions.RequestEntityTooLarge("inside"), "payload_too_large"),
        (werkzeug.exceptions.UnsupportedMediaType("inside"), "unsupported_media_type"),
        (werkzeug.exceptions.TooManyRequests("inside"), "rate_limited"),
        (werkzeug.exceptions.ImATeapot("inside"), "invalid_request"),
        (werkzeug.exceptions.InternalServerError("inside"), "internal_error"),
        (werkzeug.exceptions.GatewayTimeout("inside"), "internal_error"),
    ],
)
def test_the_frameworks_own_errors_speak_the_contract(
    app: Flask, exception: Exception, code: str
) -> None:
    status, problem = answer_to(app, exception)
    assert problem["code"] == code
    assert "inside" not in problem["detail"]
    assert status == (CONTRACT | {"internal_error": 500, "method_not_allowed": 405})[code]


def test_what_can_be_retried_says_when(app: Flask) -> None:
    for error in (errors.StripeUnavailable(), errors.DatabaseUnavailable()):
        raising.error = error  # type: ignore[attr-defined]
        answer = app.test_client().get("/api/health")
        assert int(answer.headers["Retry-After"]) > 0


def test_a_request_id_from_outside_is_taken_only_if_it_is_harmless(app: Flask) -> None:
    raising.error = errors.NotFound()  # type: ignore[attr-defined]
    for given in (
        "short",
        "x" * 65,
        "<script>alert(1)</script>",
        "a b c d e f g h",
        "日本語日本語日本語",
    ):
        answer = app.test_client().get("/api/health", headers={"X-Request-Id": given.encode()})
        assert re.fullmatch("[0-9a-f]{32}", answer.json["request_id"])
