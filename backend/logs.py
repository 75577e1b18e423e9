"""One JSON object per line on stderr, with ids and without anything secret.

What is logged is chosen field by field: no header, body, token, e-mail address or card detail is
ever handed to a logger.
"""

import logging
import time

from flask import Flask, Response, g, has_request_context, request
from pythonjsonlogger.json import JsonFormatter

from backend.config import Settings
from backend.errors import InvalidSignature

log = logging.getLogger("topup.requests")


def register(app: Flask, settings: Settings) -> None:
    """Log to stderr as JSON, and one line per request."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",  # ISO 8601 in UTC, whatever zone the machine is in
        )
    )
    handler.addFilter(_add_ids)
    # The limiter's own warning that its Redis is away, but not who was limited.
    for name, level in (("topup", settings.log_level), ("flask-limiter", "WARNING")):
        root = logging.getLogger(name)
        root.handlers, root.propagate = [handler], False
        root.setLevel(level)

    @app.before_request
    def start_clock() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def log_request(response: Response) -> Response:
        if request.path.startswith("/api/"):
            fields = {
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "duration_ms": round((time.perf_counter() - g.started) * 1000, 1),
            }
            code = g.get("problem_code")
            if code:
                fields["code"] = code
            log.log(_level(response.status_code, code), "request", extra=fields)
        return response


def _level(status: int, code: str | None) -> int:
    """What the caller can do nothing about is the shop's own trouble, and so is a wrong webhook
    secret: Stripe's events all end in a 400 then."""
    return logging.WARNING if status >= 500 or code == InvalidSignature.code else logging.INFO


def _add_ids(record: logging.LogRecord) -> bool:
    if has_request_context():
        record.request_id = g.get("request_id")
        if event_id := g.get("stripe_event_id"):
            record.stripe_event_id = event_id
    return True
