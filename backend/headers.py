"""Headers of every response: request id, and what a browser may do with our pages."""

import re
import uuid
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from backend.config import Settings, origin

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
STRIPE_FRAMES = "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com https://checkout.stripe.com"


def register(app: Flask, settings: Settings) -> None:
    """Add the headers to every response of the app."""
    policy = content_security_policy(settings)

    @app.before_request
    def name_request() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if response.status_code != 429:
            _say_when_to_retry(response)
        if request.path.startswith("/api/"):
            # A shared cache must not mix what different origins may read, nor keep a balance.
            response.vary.add("Origin")
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _say_when_to_retry(response: Response) -> None:
    """What the problem says; the limiter says its own on every response."""
    response.headers.pop("Retry-After", None)
    if (seconds := g.get("retry_after_seconds")) is not None:
        response.headers["Retry-After"] = str(seconds)


def content_security_policy(settings: Settings) -> str:
    """Strict, and open to Stripe.js (https://docs.stripe.com/security/guide#content-security-policy)."""
    stripe_js = origin(settings.stripe_js_url)
    is_stripes = urlsplit(stripe_js).scheme == "https"
    frames = STRIPE_FRAMES if is_stripes else stripe_js
    scripts = f"{stripe_js} https://*.js.stripe.com" if is_stripes else stripe_js
    directives = {
        "default-src": "'none'",
        "script-src": f"'self' {scripts}",
        "style-src": "'self'",
        "img-src": "'self' data: https://*.stripe.com",
        "connect-src": f"'self' {origin(settings.supabase_url)} https://api.stripe.com {stripe_js}",
        "frame-src": frames,
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())
