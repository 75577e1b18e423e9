"""One family of errors and the one way they are shown: RFC 9457 problem details.

A Problem's `code` is the same word that SQL raises as its message and that JavaScript sees as
`error.code`. Its `detail` is a sentence that the reader can act on; nothing of Stripe, SQL or
Python ever goes out with it.
"""

import json
import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

log = logging.getLogger("topup.errors")


class Problem(Exception):
    """Base of all errors that a caller may see; subclasses fix status and code."""

    status = 500
    code = "internal_error"
    detail = "Something went wrong on our side. Please try again in a moment."
    retry_after_seconds: int | None = None

    def __init__(self, detail: str | None = None, **members: Any) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.members = members


class InvalidRequest(Problem):
    status, code = 400, "invalid_request"
    detail = "The request is not valid JSON."


class InvalidSignature(Problem):
    status, code = 400, "invalid_signature"
    detail = "The Stripe-Signature header does not match the body."


class Unauthorized(Problem):
    status, code = 401, "unauthorized"
    detail = "Please sign in."


class CardDeclined(Problem):
    status, code = 402, "card_declined"
    detail = "The card was declined. Try another card or payment method."


class InsufficientCredits(Problem):
    status, code = 402, "insufficient_credits"
    detail = "There are not enough credits."


class Forbidden(Problem):
    status, code = 403, "forbidden"
    detail = "You are not allowed to do this."


class NotFound(Problem):
    status, code = 404, "not_found"
    detail = "There is nothing here."


class MethodNotAllowed(Problem):
    status, code = 405, "method_not_allowed"
    detail = "This address does not take that method."


class IdempotencyConflict(Problem):
    status, code = 409, "idempotency_conflict"
    detail = "This Idempotency-Key was used for a different request. Use a new key."


class InvalidState(Problem):
    status, code = 409, "invalid_state"
    detail = "This is not possible in the present state."


class PayloadTooLarge(Problem):
    status, code = 413, "payload_too_large"
    detail = "The request body is too large."


class UnsupportedMediaType(Problem):
    status, code = 415, "unsupported_media_type"
    detail = "Send the body as application/json."


class ValidationError(Problem):
    """`errors` is a list of {field, message}."""

    status, code = 422, "validation_error"
    detail = "The request has fields that are missing or wrong."

    @classmethod
    def of(cls, field: str, message: str) -> "ValidationError":
        return cls(errors=[{"field": field, "message": message}])


class RateLimited(Problem):
    status, code = 429, "rate_limited"
    detail = "Too many requests. Please wait a moment and try again."


class StripeFailed(Problem):
    status, code = 502, "stripe_error"
    detail = "The payment provider could not handle this request. You have not been charged."


class StripeUnavailable(Problem):
    status, code = 503, "stripe_unavailable"
    detail = "The payment provider can't be reached right now. Please try again in a moment."
    retry_after_seconds = 5


class DatabaseUnavailable(Problem):
    status, code = 503, "database_unavailable"
    detail = "The service is busy or restarting. Please try again in a moment."
    retry_after_seconds = 2


class PaymentsDisabled(Problem):
    status, code = 503, "payments_disabled"
    detail = "Buying credits is closed at the moment. Your credits are safe and can be used."


BY_CODE = {kin.code: kin for kin in Problem.__subclasses__()}
# What Flask and werkzeug raise, or a mounted route by abort(), in our words: theirs may tell of the
# inside. Any other 4xx is an invalid request.
BY_STATUS = {kin.status: kin for kin in (
    InvalidRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, InvalidState,
    PayloadTooLarge, UnsupportedMediaType, RateLimited,
)}  # fmt: skip


def problem_for(code: str, detail: str | None, members: dict[str, Any]) -> Problem:
    """The Problem that a database function raised by its code; an unknown code is our own bug."""
    return BY_CODE[code](detail, **members)


def register(app: Flask) -> None:
    """Let every error of the app leave as application/problem+json."""
    app.register_error_handler(Problem, render)
    app.register_error_handler(HTTPException, _render_http_exception)
    app.register_error_handler(Exception, _render_unexpected)


def render(problem: Problem) -> Response:
    """One Problem as a response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": g.get("request_id"),
        **problem.members,
    }
    response = Response(
        json.dumps(body), status=problem.status, content_type="application/problem+json"
    )
    g.retry_after_seconds = problem.retry_after_seconds
    g.problem_code = problem.code
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _render_http_exception(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:  # a redirect of the router's
        return error.get_response()  # type: ignore[return-value]
    if status >= 500:
        return _render_unexpected(error)
    kin = BY_STATUS.get(status)
    response = render(kin() if kin else InvalidRequest("This request can't be answered."))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _render_unexpected(error: Exception) -> Response:
    log.exception("unexpected error", extra={"path": request.path})
    return render(Problem())
