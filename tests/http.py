"""One pool of connections for all that the tests ask over HTTP; safe to use from many threads."""

import httpx

TIMEOUT_SECONDS = 60
HTTP = httpx.Client(
    timeout=TIMEOUT_SECONDS,
    trust_env=False,
    limits=httpx.Limits(max_connections=None, keepalive_expiry=20),
)
