"""The public keys of Supabase Auth, fetched seldom and never by two threads at once."""

import math
import threading
import time
from typing import Any

from backend.config import JWKS_TIMEOUT_SECONDS
from backend.errors import DatabaseUnavailable

# A rotated key is noticed at once, but a flood of made-up key ids makes one fetch per interval.
REFETCH_INTERVAL_SECONDS = 2
# While the source is silent, one request with a known key in so many seconds waits for it in vain.
RETRY_INTERVAL_SECONDS = 30
# Keys that were withdrawn stop working after this long.
MAX_AGE_SECONDS = 50


class KeySet:
    """Looks public keys up by their `kid`; keeps the last good set while the source is silent."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, Any] = {}
        self._fetched_at: float | None = None
        self._tried_at = -math.inf
        self._is_silent = False
        self._fetching = threading.Lock()

    def find(self, kid: str) -> Any | None:
        """The `jwt.PyJWK` of that id, or None. Raises DatabaseUnavailable while no set is known."""
        if self._fetched_at is None or self._is_due(known=kid in self._keys):
            self._fetch(wait=self._fetched_at is None)
        if self._fetched_at is None:
            raise DatabaseUnavailable(
                "Sign-in can't be checked right now. Please try again in a moment."
            )
        return self._keys.get(kid)

    def _is_due(self, known: bool) -> bool:
        now = time.monotonic()
        pause = RETRY_INTERVAL_SECONDS if known and self._is_silent else REFETCH_INTERVAL_SECONDS
        if now - self._tried_at < pause:
            return False
        return not known or self._fetched_at is None or now - self._fetched_at > MAX_AGE_SECONDS

    def _fetch(self, wait: bool) -> None:
        """Fetch once. Others go on with the old keys meanwhile, if there are any."""
        if not self._fetching.acquire(timeout=JWKS_TIMEOUT_SECONDS if wait else 0):
            return
        try:
            if self._is_due(known=False):
                self._try()
        finally:
            self._fetching.release()

    def _try(self) -> None:
        """Where it fails, the old keys stay; find() says so where there are none."""
        try:
            self._keys = self._download()
            self._fetched_at = time.monotonic()
            self._is_silent = False
        except _download_errors():
            self._is_silent = True
        finally:
            self._tried_at = time.monotonic()

    def _download(self) -> dict[str, Any]:
        import jwt

        client = jwt.PyJWKClient(self._url, cache_jwk_set=False, timeout=JWKS_TIMEOUT_SECONDS)
        return {key.key_id: key for key in client.get_jwk_set().keys if key.key_id}


def _download_errors() -> tuple[type[Exception], ...]:
    """PyJWT's own, those of a line that breaks off in an answer, and of what is no JSON."""
    from http.client import HTTPException

    import jwt

    return (jwt.PyJWKClientError, jwt.PyJWKSetError, OSError, HTTPException, ValueError)
