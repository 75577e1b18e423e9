"""The environment: what config.load() refuses, and what it lets pass but a person should know."""

import re
from collections.abc import Iterator, Mapping

from backend import config
from backend.config import Settings, is_loopback
from backend.services.doctor.finding import Finding

AREA = "environment"
SECRET_LENGTH_MIN = 32
NEW_SECRET = "Make one: openssl rand -hex 32"


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """One finding for each problem, or a look at what there is."""
    try:
        settings = config.load(environ)
    except config.ConfigError as error:
        for sentence in error.problems:
            names = re.match(r"[A-Z][A-Z_]+", sentence)
            yield Finding.problem(AREA, names[0] if names else "variables", sentence)
        return
    yield Finding.ok(AREA, "variables", "Everything the backend needs is set, and fits together.")
    yield from _mode(settings)
    yield from _addresses(settings)
    yield from _secrets(settings)
    yield from _surroundings(settings)


def _mode(settings: Settings) -> Iterator[Finding]:
    if not settings.payments_enabled:
        yield Finding.warning(
            AREA, "PAYMENTS_ENABLED", "Buying is closed.", "Unset it to sell again."
        )
    said = "Live: real money moves." if settings.livemode else "Test: no real money moves."
    yield Finding.ok(AREA, "PAYMENT_ENV", said)


def _addresses(settings: Settings) -> Iterator[Finding]:
    """Where buyers are. Plain http shows their tokens to everybody on the way."""
    plain = [
        address
        for address in (settings.frontend_url, *settings.allowed_origins)
        if not address.startswith("https://") and not is_loopback(address)
    ]
    local = [address for address in settings.allowed_origins if is_loopback(address)]
    if plain:
        yield Finding.problem(
            AREA,
            "ALLOWED_ORIGINS",
            f"Not https: {', '.join(dict.fromkeys(plain))}.",
            "Serve the pages over https, and write https:// in FRONTEND_URL and ALLOWED_ORIGINS.",
        )
    if local and settings.livemode:
        yield Finding.problem(
            AREA,
            "ALLOWED_ORIGINS",
            f"A live shop lets pages on the visitor's own machine in: {', '.join(local)}.",
            "Take them out of FRONTEND_URL and ALLOWED_ORIGINS.",
        )
    if not plain and not (local and settings.livemode):
        yield Finding.ok(AREA, "ALLOWED_ORIGINS", ", ".join(settings.allowed_origins))


def _secrets(settings: Settings) -> Iterator[Finding]:
    if not settings.cron_secret:
        yield Finding.warning(
            AREA,
            "CRON_SECRET",
            "Without it nobody may call the jobs: holds, expired credits and lost webhooks wait.",
            f"{NEW_SECRET}, and give it to your scheduler.",
        )
    elif len(settings.cron_secret) < SECRET_LENGTH_MIN:
        yield Finding.warning(AREA, "CRON_SECRET", "It is short enough to be guessed.", NEW_SECRET)
    elif settings.proxy_api_key:
        yield Finding.warning(
            AREA,
            "CRON_SECRET",
            "PROXY_API_KEY is set: a scheduler that does not send it gets a 401 from every job.",
            "Let it send both; Vercel's own cron can't, so unset PROXY_API_KEY where that calls.",
        )
    else:
        yield Finding.ok(AREA, "CRON_SECRET", "The scheduler may call the jobs.")
    if settings.proxy_api_key and len(settings.proxy_api_key) < SECRET_LENGTH_MIN:
        yield Finding.warning(
            AREA, "PROXY_API_KEY", "It is short enough to be guessed.", NEW_SECRET
        )
    short = [key for key in settings.service_api_keys if len(key) < SECRET_LENGTH_MIN]
    if short:
        yield Finding.warning(
            AREA,
            "SERVICE_API_KEYS",
            f"{len(short)} of {len(settings.service_api_keys)} are short enough to be guessed.",
            NEW_SECRET,
        )
    elif not settings.service_api_keys:
        yield Finding.ok(AREA, "SERVICE_API_KEYS", "None: no other server may spend credits.")
    else:
        yield Finding.ok(AREA, "SERVICE_API_KEYS", f"{len(settings.service_api_keys)} may spend.")


def _surroundings(settings: Settings) -> Iterator[Finding]:
    if settings.livemode and settings.ratelimit_storage_uri.startswith("memory:"):
        yield Finding.warning(
            AREA,
            "RATELIMIT_STORAGE_URI",
            "Each process counts requests for itself, so limits are looser than they say.",
            "Point it to a Redis where there is more than one process.",
        )
    if settings.livemode and not settings.proxy_hops:
        yield Finding.warning(
            AREA,
            "PROXY_HOPS",
            "0: whoever comes through a proxy shares one limit with everybody else.",
            "Set it to the number of proxies in front; on Vercel, 1.",
        )
