"""GoTrue's errors, in both shapes it gives them (github.com/supabase/auth, internal/api/errors.go).

Clients that send `X-Supabase-Api-Version: 2024-01-01` get `{code: <word>, message}`, older ones
`{code: <status>, error_code: <word>, msg}`.
"""

from typing import Any

from flask import Response, jsonify, request

VERSION_HEADER = "X-Supabase-Api-Version"
VERSION_WITH_WORDS = "2024-01-01"


class AuthError(Exception):
    """`status` is HTTP's, `code` one of GoTrue's words, `extra` further members of the answer."""

    def __init__(self, status: int, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.extra = status, code, message, extra


def invalid_credentials() -> AuthError:
    return AuthError(400, "invalid_credentials", "Invalid login credentials")


def render(error: AuthError) -> Response:
    if request.headers.get(VERSION_HEADER, "") >= VERSION_WITH_WORDS:
        response = jsonify(code=error.code, message=error.message, **error.extra)
        response.headers[VERSION_HEADER] = VERSION_WITH_WORDS
    else:
        response = jsonify(
            code=error.status, error_code=error.code, msg=error.message, **error.extra
        )
    response.status_code = error.status
    response.headers["X-Sb-Error-Code"] = error.code
    return response
