"""What a request carries: its JSON object, its bearer token, the user behind that token."""

import uuid
from typing import Any

from flask import request

from sandbox.auth import sessions, users
from sandbox.auth.database import Database, Row
from sandbox.auth.errors import AuthError
from sandbox.auth.tokens import user_claims


def json_object(**fields: type) -> dict[str, Any]:
    """The named members of the body that are there; a null counts as absent."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise AuthError(400, "bad_json", "Could not parse request body as JSON")
    given = {name: body[name] for name in fields if body.get(name) is not None}
    for name, value in given.items():
        if not isinstance(value, fields[name]):
            raise AuthError(400, "bad_json", f"Could not parse request body as JSON: {name}")
    return given


def bearer_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token")
    return token


def signed_in(database: Database) -> tuple[Row, str]:
    """The user and the session id of the bearer token. Raises AuthError as GoTrue does."""
    claims = user_claims(bearer_token())
    if not _is_uuid(claims["sub"]) or not _is_uuid(claims["session_id"]):
        raise AuthError(403, "bad_jwt", "invalid claim: sub claim must be a UUID")
    user = users.by_id(database, claims["sub"])
    if user is None:
        raise AuthError(403, "user_not_found", "User from sub claim in JWT does not exist")
    if not sessions.exists(database, claims["session_id"]):
        message = "Session from session_id claim in JWT does not exist"
        raise AuthError(403, "session_not_found", message)
    if users.is_banned(user):
        raise AuthError(403, "user_banned", "User is banned")
    return user, claims["session_id"]


def _is_uuid(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(uuid.UUID(text))
    except ValueError:
        return False
