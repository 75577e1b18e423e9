"""The one verb to the database: call a function, as someone.

Each call is one HTTP request to PostgREST and one transaction. The client is made once per process
with HTTP/1.1 and one connection pool: a client per request costs 25 ms, and one HTTP/2 connection
shared by threads is not safe. It never signs in, because a signed-in client would run every later
query as that user; who is asking travels in the headers of each single call.
"""

import functools
import json
from typing import Any

from backend.config import DATABASE_TIMEOUT_SECONDS, Settings
from backend.errors import (
    BY_CODE,
    DatabaseUnavailable,
    IdempotencyConflict,
    Unauthorized,
    ValidationError,
    problem_for,
)

# SQLSTATE classes and PostgREST codes that say "not now": no connection, no memory, shutting down,
# a deadlock or lock timeout. https://postgrest.org/en/stable/references/errors.html
_PASSING = ("08", "40", "53", "55P03", "57", "PGRST000", "PGRST001", "PGRST002", "PGRST003", "5")
# A connection that was closed under us is tried once more: every function that writes is made to
# be called again with the same key.
_TRIES = 2


class Database:
    """PostgREST, spoken to through the `supabase` package."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def as_service(self, function: str, **arguments: Any) -> Any:
        """Call a function that only the service may execute; arguments without their `p_`.

        Returns what it returns, decoded from JSON. Raises the Problem that the function raised
        (see private.fail in SQL), or DatabaseUnavailable.
        """
        return self._call(function, arguments, headers={})

    def as_user(self, token: str, function: str, **arguments: Any) -> Any:
        """Call a function as the user whose access token this is; row security decides."""
        headers = {
            "apikey": self._settings.supabase_publishable_key,
            "Authorization": f"Bearer {token}",
        }
        return self._call(function, arguments, headers)

    def as_anyone(self, function: str, **arguments: Any) -> Any:
        """Call a function with the publishable key, as a visitor without an account."""
        return self.as_user(self._settings.supabase_publishable_key, function, **arguments)

    def _call(self, function: str, arguments: dict[str, Any], headers: dict[str, str]) -> Any:
        import httpx
        from postgrest import APIError

        parameters = {f"p_{name}": value for name, value in arguments.items()}
        for tries_left in reversed(range(_TRIES)):
            call = self._postgrest.rpc(function, parameters)
            call.request.headers.update(headers)
            try:
                return call.execute().data
            except APIError as error:
                raise _problem(error) from error
            except (httpx.RemoteProtocolError, httpx.NetworkError) as error:
                if not tries_left:
                    raise DatabaseUnavailable() from error
            except httpx.TimeoutException as error:
                raise DatabaseUnavailable() from error
        raise AssertionError("unreachable")

    @functools.cached_property
    def _postgrest(self) -> Any:
        import httpx
        from supabase import ClientOptions, create_client

        pool = httpx.Client(
            http2=False,
            timeout=httpx.Timeout(DATABASE_TIMEOUT_SECONDS, connect=2),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
        )
        client = create_client(
            self._settings.supabase_url,
            self._settings.supabase_secret_key,
            ClientOptions(httpx_client=pool, auto_refresh_token=False, persist_session=False),
        )
        return client.postgrest


def _problem(error: Any) -> Exception:
    """What PostgREST answered, as the Problem it means; our own bugs stay an APIError (a 500)."""
    code = error.code or ""
    if code.startswith("PT") and error.message in BY_CODE:
        return problem_for(error.message, error.hint, json.loads(error.details or "{}"))
    if code == "22P05":
        return ValidationError("Text must not contain the character U+0000.")
    if code == "23505":  # two callers, one key, at the same moment
        return IdempotencyConflict()
    if code.startswith("PGRST3"):
        return Unauthorized()
    if code.startswith(_PASSING):
        return DatabaseUnavailable()
    return error
