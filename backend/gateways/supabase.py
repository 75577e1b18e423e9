"""The one verb to the database: call a function, as someone.

Each call is one HTTP request to Supabase's PostgREST and one transaction. There is one connection
pool per process, and nothing signs in: who is asking travels in the headers of each single call, so
no request can run as another one's user. It speaks HTTP itself: for the same call the `supabase`
package takes longer than all the rest of a request (docs/decisions/08).
"""

import functools
from typing import Any

import msgspec

from backend.config import DATABASE_TIMEOUT_SECONDS, Settings
from backend.errors import (
    BY_CODE,
    DatabaseUnavailable,
    IdempotencyConflict,
    Unauthorized,
    ValidationError,
    problem_for,
)

CONNECT_TIMEOUT_SECONDS = 2
CONNECTIONS_MAX = 32
# SQLSTATE classes and PostgREST codes that say "not now": no connection, no memory, shutting down,
# a deadlock or lock timeout. https://postgrest.org/en/stable/references/errors.html
_PASSING = ("08", "40", "53", "55P03", "57", "PGRST000", "PGRST001", "PGRST002", "PGRST003")
# A connection that was closed under us is tried once more: every function that writes is made to
# be called again with the same key.
_TRIES = 2


class DatabaseError(Exception):
    """What PostgREST answered to a call that our own code has got wrong, or the deployer: `code` is
    Postgres's or PostgREST's, empty where neither has spoken.

    https://docs.postgrest.org/en/stable/references/errors.html
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code} {message}".lstrip())
        self.status = status
        self.code = code

    @property
    def is_about_data(self) -> bool:
        """The function works, and what it was given is nothing that it can take.

        https://www.postgresql.org/docs/current/errcodes-appendix.html
        """
        return self.code.startswith(("22", "23"))


# What a call raises that can't take what it was given: another row has the id, it holds a NUL, or
# the mistake is ours. A job with many things to do tells of it and goes on with the others.
REFUSED = (DatabaseError, IdempotencyConflict, ValidationError)


class Database:
    """The functions of the schema `public`, by name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._service_headers = self._headers(settings.supabase_secret_key)

    def as_service(self, function: str, **arguments: Any) -> Any:
        """Call a function that only the service may execute; arguments without their `p_`.

        Returns what it returns, decoded from JSON. Raises the Problem that the function raised
        (see private.fail in SQL), or DatabaseUnavailable.
        """
        return self._call(function, arguments, self._service_headers)

    def as_user(self, token: str, function: str, **arguments: Any) -> Any:
        """Call a function as the user whose access token this is; row security decides."""
        headers = self._headers(self._settings.supabase_publishable_key)
        return self._call(function, arguments, headers | {"Authorization": f"Bearer {token}"})

    def as_anyone(self, function: str, **arguments: Any) -> Any:
        """Call a function with the publishable key, as a visitor without an account."""
        return self.as_user(self._settings.supabase_publishable_key, function, **arguments)

    def _call(self, function: str, arguments: dict[str, Any], headers: dict[str, str]) -> Any:
        from urllib3.exceptions import HTTPError, TimeoutError

        body = msgspec.json.encode({f"p_{name}": value for name, value in arguments.items()})
        for tries_left in reversed(range(_TRIES)):
            try:
                answer = self._pool.request(
                    "POST", f"{self._path}/{function}", body=body, headers=headers
                )
            except TimeoutError as error:
                raise DatabaseUnavailable() from error
            except HTTPError as error:
                if not tries_left:
                    raise DatabaseUnavailable() from error
            else:
                return _read(answer.status, answer.data)
        raise AssertionError("unreachable")

    @functools.cached_property
    def _path(self) -> str:
        from urllib3.util import parse_url

        return f"{parse_url(self._settings.supabase_url).path or ''}/rest/v1/rpc"

    @functools.cached_property
    def _pool(self) -> Any:
        import urllib3

        return urllib3.connection_from_url(
            self._settings.supabase_url,
            maxsize=CONNECTIONS_MAX,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_SECONDS, read=DATABASE_TIMEOUT_SECONDS),
        )

    @staticmethod
    def _headers(key: str) -> dict[str, str]:
        return {"apikey": key, "Authorization": f"Bearer {key}", "Content-Type": "application/json"}


def _read(status: int, body: bytes) -> Any:
    """The function's answer. Raises the Problem that it raised."""
    if status < 300:
        return msgspec.json.decode(body) if body else None
    try:
        error = msgspec.json.decode(body)
    except msgspec.DecodeError:
        error = None
    if not isinstance(error, dict):  # a proxy's page, not PostgREST's answer
        error = {"code": "", "message": f"HTTP {status}"}
    raise _problem(status, error)


def _problem(status: int, error: dict[str, Any]) -> Exception:
    """What PostgREST answered, as the Problem it means; our own bugs: DatabaseError (a 500)."""
    code, message = error.get("code") or "", error.get("message")
    if code.startswith("PT") and message in BY_CODE:
        return problem_for(
            message, error.get("hint"), msgspec.json.decode(error.get("details") or "{}")
        )
    if code == "22P05":
        return ValidationError.of("body", "Text must not contain the character U+0000.")
    if code == "23505":  # two callers, one key, at the same moment
        return IdempotencyConflict()
    if code.startswith("PGRST3"):
        return Unauthorized()
    if code.startswith(_PASSING) or (status >= 500 and not code):
        return DatabaseUnavailable()
    return DatabaseError(status, code, message or "")
