"""What a server may do with the secret key: make, list, change, ban and delete users."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, request

from sandbox.auth import callers, users
from sandbox.auth.database import Database, Row, transaction
from sandbox.auth.errors import AuthError
from sandbox.auth.tokens import require_service_role

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

USERS_PER_PAGE_MAX = 1000
UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}
FIELDS = {
    "email": str,
    "password": str,
    "user_metadata": dict,
    "app_metadata": dict,
    "ban_duration": str,
}


@blueprint.before_request
def only_servers() -> None:
    require_service_role(callers.bearer_token())


@blueprint.post("/users")
def create() -> dict[str, Any]:
    given = callers.json_object(**FIELDS)
    if not given.get("email"):
        raise AuthError(400, "validation_failed", "Cannot create a user without an email")
    with transaction() as database:
        user = users.create(
            database,
            given["email"],
            given.get("password"),
            given.get("user_metadata", {}),
            given.get("app_metadata"),
        )
        return users.as_json(user)


@blueprint.get("/users")
def list_users() -> dict[str, Any]:
    page = request.args.get("page", 1, type=int)
    size = min(request.args.get("per_page", 50, type=int), USERS_PER_PAGE_MAX)
    if page < 1 or size < 1:
        raise AuthError(400, "validation_failed", "Bad Pagination Parameters")
    query = """
        select * from auth.users where deleted_at is null
        order by created_at desc, id limit %s offset %s
    """
    with transaction() as database:
        rows = database.execute(query, [size, (page - 1) * size]).fetchall()
    return {"aud": "authenticated", "users": [users.as_json(row) for row in rows]}


@blueprint.get("/users/<uuid:user_id>")
def show(user_id: uuid.UUID) -> dict[str, Any]:
    with transaction() as database:
        return users.as_json(_found(database, user_id))


@blueprint.put("/users/<uuid:user_id>")
def change(user_id: uuid.UUID) -> dict[str, Any]:
    wanted = callers.json_object(**FIELDS)
    if "ban_duration" in wanted:
        wanted["banned_until"] = _ban_end(wanted.pop("ban_duration"))
    with transaction() as database:
        return users.as_json(users.change(database, _found(database, user_id), wanted))


@blueprint.delete("/users/<uuid:user_id>")
def delete(user_id: uuid.UUID) -> dict[str, Any]:
    """Gone for good, or with `should_soft_delete` only marked and made unusable."""
    body = request.get_json(force=True, silent=True)
    softly = isinstance(body, dict) and body.get("should_soft_delete") is True
    soft = "update auth.users set deleted_at = now(), email = null where id = %s"
    with transaction() as database:
        _found(database, user_id)
        database.execute(soft if softly else "delete from auth.users where id = %s", [user_id])
        database.execute("delete from auth.sessions where user_id = %s", [user_id])
    return {}


def _found(database: Database, user_id: uuid.UUID) -> Row:
    user = users.by_id(database, user_id)
    if user is None:
        raise AuthError(404, "user_not_found", "User not found")
    return user


def _ban_end(duration: str) -> datetime | None:
    """`none` lifts a ban; otherwise a length as Go writes it, such as `24h` or `1h30m`."""
    if duration == "none":
        return None
    if not re.fullmatch(r"(\d{1,6}[hms])+", duration):
        raise AuthError(400, "validation_failed", "invalid format for ban duration")
    steps = re.findall(r"(\d+)([hms])", duration)
    length = {UNITS[unit]: int(number) for number, unit in steps}
    return datetime.now(UTC) + timedelta(**length)
