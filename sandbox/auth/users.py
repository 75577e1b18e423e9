"""The people in auth.users: made, found, changed, shown. Confirmation by e-mail is off."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from psycopg import errors as database_errors
from psycopg.types.json import Jsonb
from werkzeug.security import check_password_hash, generate_password_hash

from sandbox.auth.database import Database, Row, one
from sandbox.auth.errors import AuthError

INSTANCE = uuid.UUID(int=0)
PASSWORD_LETTERS_MIN = 6
# A thirtieth of werkzeug's own cost: it guards demo accounts on loopback, and many a test signs up.
CHEAP_HASH = "scrypt:1024:8:1"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def create(
    database: Database,
    email: str | None,
    password: str | None,
    user_metadata: dict[str, Any],
    app_metadata: dict[str, Any] | None = None,
) -> Row:
    """A new user; anonymous when there is no e-mail. Raises AuthError 422 when it is taken."""
    provider = {"provider": "email", "providers": ["email"]} if email else {}
    try:
        found = database.execute(
            """
            insert into auth.users (
                id, instance_id, aud, role, email, encrypted_password, email_confirmed_at,
                raw_app_meta_data, raw_user_meta_data, is_anonymous, created_at, updated_at)
            values (
                %(id)s, %(instance)s, 'authenticated', 'authenticated', %(email)s, %(password)s,
                case when %(email)s::varchar is not null then now() end,
                %(app)s, %(user)s, %(email)s::varchar is null, now(), now())
            returning *
            """,
            {
                "id": uuid.uuid4(),
                "instance": INSTANCE,
                "email": _checked_email(email) if email else None,
                "password": _hashed(password) if password else None,
                "app": Jsonb(provider | (app_metadata or {})),
                "user": Jsonb(user_metadata),
            },
        )
    except database_errors.UniqueViolation as cause:
        raise _taken() from cause
    return one(found)


def change(database: Database, user: Row, wanted: dict[str, Any]) -> Row:
    """Change `email`, `password`, `user_metadata`, `app_metadata` (both merged), `banned_until`."""
    password, email = wanted.get("password"), wanted.get("email")
    if password and user["encrypted_password"] and password_fits(user, password):
        message = "New password should be different from the old password."
        raise AuthError(422, "same_password", message)
    app_metadata = dict(wanted.get("app_metadata") or {})
    if email and user["is_anonymous"]:
        app_metadata |= {"provider": "email", "providers": ["email"]}
    try:
        found = database.execute(
            """
            update auth.users set
                email = coalesce(%(email)s, email),
                email_confirmed_at =
                    case when %(email)s::varchar is null then email_confirmed_at else now() end,
                is_anonymous = is_anonymous and %(email)s::varchar is null,
                encrypted_password = coalesce(%(password)s, encrypted_password),
                raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || %(user)s,
                raw_app_meta_data = coalesce(raw_app_meta_data, '{}') || %(app)s,
                banned_until = %(banned_until)s,
                updated_at = now()
            where id = %(id)s
            returning *
            """,
            {
                "id": user["id"],
                "email": _checked_email(email) if email else None,
                "password": _hashed(password) if password else None,
                "user": Jsonb(wanted.get("user_metadata") or {}),
                "app": Jsonb(app_metadata),
                "banned_until": wanted.get("banned_until", user["banned_until"]),
            },
        )
    except database_errors.UniqueViolation as cause:
        raise _taken() from cause
    return one(found)


def by_email(database: Database, email: str) -> Row | None:
    query = "select * from auth.users where email = %s and deleted_at is null"
    return database.execute(query, [email.strip().lower()]).fetchone()


def by_id(database: Database, user_id: str | uuid.UUID) -> Row | None:
    query = "select * from auth.users where id = %s and deleted_at is null"
    return database.execute(query, [user_id]).fetchone()


def password_fits(user: Row, password: str) -> bool:
    return bool(user["encrypted_password"]) and check_password_hash(
        user["encrypted_password"], password
    )


def is_banned(user: Row) -> bool:
    return user["banned_until"] is not None and user["banned_until"] > datetime.now(UTC)


def as_json(user: Row) -> dict[str, Any]:
    """A user as GoTrue shows it; a time that never was is left out."""
    return {
        "id": str(user["id"]),
        "aud": user["aud"],
        "role": user["role"],
        "email": user["email"] or "",
        "phone": "",
        "app_metadata": user["raw_app_meta_data"] or {},
        "user_metadata": user["raw_user_meta_data"] or {},
        # Applications take an empty list for "this address is taken already".
        "identities": [_email_identity(user)] if user["email"] else [],
        "is_anonymous": user["is_anonymous"],
        **_times(user, "email_confirmed_at", "confirmed_at", "last_sign_in_at"),
        **_times(user, "created_at", "updated_at", "banned_until"),
    }


def _email_identity(user: Row) -> dict[str, Any]:
    sub = str(user["id"])
    return {
        "identity_id": sub,
        "id": sub,
        "user_id": sub,
        "provider": "email",
        "email": user["email"],
        "identity_data": {"sub": sub, "email": user["email"], "email_verified": True},
        **_times(user, "last_sign_in_at", "created_at", "updated_at"),
    }


def _times(user: Row, *names: str) -> dict[str, str]:
    known = {name: user[name] for name in names if user[name] is not None}
    return {
        name: moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        for name, moment in known.items()
    }


def _checked_email(email: str) -> str:
    email = email.strip().lower()
    if len(email) > 255 or not EMAIL.fullmatch(email):
        message = "Unable to validate email address: invalid format"
        raise AuthError(400, "validation_failed", message)
    return email


def _hashed(password: str) -> str:
    if len(password) < PASSWORD_LETTERS_MIN:
        message = f"Password should be at least {PASSWORD_LETTERS_MIN} characters."
        raise AuthError(422, "weak_password", message, weak_password={"reasons": ["length"]})
    return generate_password_hash(password, CHEAP_HASH)


def _taken() -> AuthError:
    return AuthError(422, "user_already_exists", "User already registered")
