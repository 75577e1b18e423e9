"""Sessions: a refresh token each, swapped for a new one at every use."""

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.auth import users
from sandbox.auth.database import Database, Row, one
from sandbox.auth.errors import AuthError
from sandbox.auth.tokens import LIFETIME_SECONDS, access_token

# Two tabs may refresh at once: for that long the token before the last still gets the last one.
REUSE_WINDOW = timedelta(seconds=10)


def start(database: Database, user: Row) -> dict[str, Any]:
    """Sign `user` in; returns GoTrue's token answer. Raises AuthError 400 when banned."""
    if users.is_banned(user):
        raise AuthError(400, "user_banned", "User is banned")
    session = one(
        database.execute(
            """
            insert into auth.sessions (id, user_id, aal, created_at, updated_at)
            values (%s, %s, 'aal1', now(), now()) returning *
            """,
            [uuid.uuid4(), user["id"]],
        )
    )
    mark = "update auth.users set last_sign_in_at = now() where id = %s returning *"
    user = one(database.execute(mark, [user["id"]]))
    return _answer(user, session, _new_refresh_token(database, session, parent=None))


def refresh(database: Database, token: str) -> dict[str, Any]:
    """Swap a refresh token. One used before ends its session: somebody else has it too."""
    # This locks the session's row, so that two requests with one token see each other's work.
    session = database.execute(
        """
        update auth.sessions s set refreshed_at = now(), updated_at = now()
        from auth.refresh_tokens t
        where t.token = %s and s.id = t.session_id
        returning s.*
        """,
        [token],
    ).fetchone()
    if session is None:
        message = "Invalid Refresh Token: Refresh Token Not Found"
        raise AuthError(400, "refresh_token_not_found", message)
    user = users.by_id(database, session["user_id"])
    if user is None or users.is_banned(user):
        raise AuthError(400, "user_banned", "Invalid Refresh Token: User Banned")
    return _answer(user, session, _swap(database, session, token))


def end(database: Database, session_id: str, user_id: str, scope: str) -> None:
    """Sign out: `local` this session, `others` every other one, `global` all of the user's."""
    database.execute(
        """
        delete from auth.sessions where user_id = %(user)s and case %(scope)s
            when 'local' then id = %(session)s
            when 'others' then id <> %(session)s
            else true end
        """,
        {"user": user_id, "session": session_id, "scope": scope},
    )


def exists(database: Database, session_id: str) -> bool:
    query = "select from auth.sessions where id = %s"
    return database.execute(query, [session_id]).fetchone() is not None


def _swap(database: Database, session: Row, token: str) -> str:
    # Read again: another request may have swapped it while we waited for the lock.
    used = one(database.execute("select * from auth.refresh_tokens where token = %s", [token]))
    if not used["revoked"]:
        _revoke(database, session, token)
        return _new_refresh_token(database, session, parent=token)
    newest = database.execute(
        "select * from auth.refresh_tokens where session_id = %s and not revoked", [session["id"]]
    ).fetchone()
    just_swapped = used["updated_at"] > datetime.now(UTC) - REUSE_WINDOW
    if newest is not None and newest["parent"] == token and just_swapped:
        return str(newest["token"])
    _revoke(database, session, None)
    database.commit()
    raise AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")


def _revoke(database: Database, session: Row, token: str | None) -> None:
    """Revoke one refresh token of a session, or all of them."""
    database.execute(
        """
        update auth.refresh_tokens set revoked = true, updated_at = now()
        where session_id = %s and token = coalesce(%s, token) and not revoked
        """,
        [session["id"], token],
    )


def _new_refresh_token(database: Database, session: Row, parent: str | None) -> str:
    token = secrets.token_urlsafe(16)
    database.execute(
        """
        insert into auth.refresh_tokens
            (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
        values (%s, %s, %s, false, now(), now(), %s, %s)
        """,
        [users.INSTANCE, token, str(session["user_id"]), parent, session["id"]],
    )
    return token


def _answer(user: Row, session: Row, refresh_token: str) -> dict[str, Any]:
    token, expires_at = access_token(user, session)
    return {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": LIFETIME_SECONDS,
        "expires_at": expires_at,
        "refresh_token": refresh_token,
        "user": users.as_json(user),
    }
