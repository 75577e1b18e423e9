"""What anybody may ask: is it alive, is it ready, what does it sell."""

import time
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from werkzeug.wrappers import Response

from backend.auth import policy
from backend.limits import unlimited
from backend.routes.parsing import Currency, Locale, Request, query
from backend.services.catalog import LOCALES
from backend.wiring import services

blueprint = Blueprint("public", __name__)

# A price list may be this old in a browser or CDN; an order always takes today's price.
MAX_AGE_SECONDS = 30


@blueprint.get("/health")
@unlimited
@policy("public")
def health() -> dict[str, str]:
    """Alive; touches nothing."""
    return {"status": "ok"}


@blueprint.get("/ready")
@policy("visitor")
def ready() -> tuple[dict[str, Any], int]:
    """Able to serve: one entry per dependency, with its latency in milliseconds."""
    started = time.perf_counter()
    database = services().catalog.status()
    latency_ms = round((time.perf_counter() - started) * 1000, 1)
    stripe = "ok" if _settings().stripe_secret_key else "not_configured"
    is_ready = database == "ok" and (stripe == "ok" or not _settings().payments_enabled)
    checks = {
        "database": {"status": database, "latency_ms": latency_ms},
        "stripe": {"status": stripe, "latency_ms": 0},
    }
    return {"status": "ok" if is_ready else "unavailable", **checks}, 200 if is_ready else 503


@blueprint.get("/config")
@policy("public")
def config() -> Response:
    """What a browser needs to know before it can do anything; no secrets. With an ETag."""
    settings = _settings()
    told = {
        "payments_enabled": settings.payments_enabled,
        "environment": settings.payment_env,
        "stripe": {
            "publishable_key": settings.stripe_publishable_key,
            "js_url": settings.stripe_js_url,
        },
        "supabase": {
            "url": settings.supabase_url,
            "anon_key": settings.supabase_publishable_key,
        },
        "features": {
            "hosted_checkout": True,
            "embedded_checkout": True,
            # Tax needs the address that Stripe's own page asks for.
            "payment_element": not settings.automatic_tax,
            "saved_cards": True,
            "auto_recharge": not settings.automatic_tax,
            "subscriptions": True,
            "promotion_codes": settings.promotion_codes,
            "automatic_tax": settings.automatic_tax,
        },
        "currencies": services().catalog.currencies(),
        "default_currency": settings.default_currency,
        "locales": list(LOCALES),
    }
    return _kept_for_a_while(jsonify(told))


class PackagesQuery(Request):
    currency: Currency | None = None
    locale: Locale | None = None


@blueprint.get("/packages")
@policy("public")
def packages() -> Response:
    """The price list, with an ETag."""
    asked = query(PackagesQuery)
    locale = asked.locale or request.accept_languages.best_match(LOCALES)
    response = jsonify(packages=services().catalog.packages(asked.currency, locale))
    response.vary.add("Accept-Language")
    return _kept_for_a_while(response)


def _kept_for_a_while(response: Response) -> Response:
    """In browsers and CDNs, which ask again by its ETag."""
    response.cache_control.public = True
    response.cache_control.max_age = MAX_AGE_SECONDS
    response.add_etag()
    return response.make_conditional(request)


def _settings() -> Any:
    return current_app.config["settings"]
