"""gunicorn -c gunicorn.conf.py backend.app:app

Timeouts fit inside each other: every call to Stripe or the database gives up in time, so that no
worker is stopped between Stripe and the database.
"""

import os
import sys
from typing import Any

# What a request needs sooner or later. The backend imports it late, which suits a cold start on
# Vercel; here it is loaded once, before the workers fork.
import jwt  # noqa: F401
import stripe  # noqa: F401
import urllib3  # noqa: F401

from backend.config import (
    DATABASE_CALLS_MAX,
    DATABASE_TIMEOUT_SECONDS,
    JWKS_TIMEOUT_SECONDS,
    STRIPE_CALLS_MAX,
    STRIPE_RETRIES_MAX,
    STRIPE_TIMEOUT_SECONDS,
    ConfigError,
    load,
)

if __name__ == "__config__":  # read by gunicorn, not by somebody who wants to know the limits
    # The app would refuse as well, but from within gunicorn, with a traceback around the sentences.
    try:
        load(os.environ)
    except ConfigError as error:
        sys.exit(str(error))

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))  # gunicorn itself refuses an empty one
threads = 8
preload_app = True  # import once, share the memory

# The slowest request, with every call at its limit and some air for the pauses between tries. A
# worker that is told to stop, at a deployment, has that long to end what it has begun.
graceful_timeout = (
    JWKS_TIMEOUT_SECONDS
    + STRIPE_CALLS_MAX * STRIPE_TIMEOUT_SECONDS * (STRIPE_RETRIES_MAX + 1)
    + DATABASE_CALLS_MAX * DATABASE_TIMEOUT_SECONDS
    + 15
)
# Since when a worker has said nothing at all. One with threads speaks while they work, so this ends
# no request; with another worker_class it would have to let the slowest one end.
timeout = graceful_timeout
keepalive = 75  # longer than the load balancer in front, or it will use a connection we just closed
# A body that is refused before it was read is thrown away up to this size; beyond, gunicorn closes.
BODY_BYTES_DISCARDED = 60_000
accesslog = None  # the backend logs each request as JSON
control_socket_disable = True  # it would be one file in the home folder for every instance


def pre_request(worker: Any, req: Any) -> None:
    """Say in the answer that the connection ends, where a large body may be left unread on it.

    Otherwise a proxy in front sends somebody's next request on a connection that is being closed.
    """
    headers = dict(req.headers)
    length = headers.get("CONTENT-LENGTH", "0")
    if "TRANSFER-ENCODING" in headers or int(length) > BODY_BYTES_DISCARDED:
        req.force_close()
