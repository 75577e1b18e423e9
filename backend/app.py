"""Topup's backend: all wiring on one screen. `app` is what gunicorn and Vercel serve."""

import os

from flask import Flask
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import auth, config, errors, headers, limits, logs, routes, wiring

BODY_BYTES_MAX = 64 * 1024


def create_app(settings: config.Settings | None = None) -> Flask:
    """The whole backend, for the given settings or those of the environment.

    Raises ConfigError when the environment does not describe a shop that can run.
    """
    settings = settings or config.load(os.environ)
    app = Flask(__name__, static_folder=None)
    app.config.update(settings=settings, MAX_CONTENT_LENGTH=BODY_BYTES_MAX)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # a redirect would name whatever host the caller named
    if settings.proxy_hops:
        # One hop too many would let a client choose the address that its limits are counted by.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxy_hops, x_host=0)  # type: ignore[method-assign]

    errors.register(app)
    headers.register(app, settings)
    logs.register(app, settings)
    CORS(
        app,
        resources={"/api/*": {"origins": list(settings.allowed_origins)}},
        expose_headers=["X-Request-Id", "Retry-After", *limits.HEADERS],
        max_age=600,
    )
    # In this order: who is it, how often; may they is each view's own policy.
    app.before_request(auth.identify)
    limits.register(app, settings)

    wiring.register(app, settings)
    routes.register(app)
    auth.register(app, settings)
    return app


app = create_app()
