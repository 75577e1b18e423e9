"""How often one caller may ask, so that nobody uses up the shop, or what Stripe allows it."""

import time

from flask import Flask, Response, current_app, g
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from backend.config import Settings


def _caller_key() -> str:
    """The user where there is one, the address otherwise: an office shares an address."""
    return f"{g.caller.kind}:{g.caller.id}" if g.caller else f"address:{get_remote_address()}"


def _is_trusted_server() -> bool:
    return g.caller is not None and g.caller.kind != "user"


limiter = Limiter(
    _caller_key,
    default_limits=[lambda: current_app.config["settings"].ratelimit_default],
    headers_enabled=True,
)
# Buying costs requests to Stripe, so it is tighter than reading.
buying = limiter.limit(lambda: current_app.config["settings"].ratelimit_buying)
# One budget for all routes that ask Stripe, whose own limit is the whole shop's.
asking_stripe = limiter.shared_limit(
    lambda: current_app.config["settings"].ratelimit_default, scope="stripe"
)
unlimited = limiter.exempt
# A Redis that hangs must fail like one that is away: by itself it would be waited for without end.
REDIS_TIMEOUT_SECONDS = 1
HEADERS = LIMIT, REMAINING, RESET = "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"


def register(app: Flask, settings: Settings) -> None:
    """Switch the limits on for every route that is not exempt."""
    app.config.update(
        RATELIMIT_STORAGE_URI=settings.ratelimit_storage_uri,
        RATELIMIT_STORAGE_OPTIONS=_storage_options(settings.ratelimit_storage_uri),
        # A shop whose Redis is away sells on, with limits per process.
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_HEADER_LIMIT=LIMIT,
        RATELIMIT_HEADER_REMAINING=REMAINING,
        RATELIMIT_HEADER_RESET=RESET,
    )
    app.after_request(_reset_in_seconds)  # before the limiter's own is: it runs after that one
    limiter.request_filter(_is_trusted_server)
    limiter.init_app(app)


def _reset_in_seconds(response: Response) -> Response:
    """The library says when the window ends. The header's drafts mean how long it lasts, which
    clocks that differ read alike: draft-ietf-httpapi-ratelimit-headers-07."""
    if ends_at := response.headers.get(RESET, type=int):
        response.headers[RESET] = str(max(0, int(ends_at - time.time())))
    return response


def _storage_options(uri: str) -> dict[str, float]:
    if not uri.startswith("redis"):
        return {}
    return dict.fromkeys(("socket_connect_timeout", "socket_timeout"), REDIS_TIMEOUT_SECONDS)
