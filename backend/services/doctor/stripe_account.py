"""Stripe: the key, the account behind it, the clocks, and the webhook endpoint."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from backend.config import Settings
from backend.errors import Problem
from backend.gateways.stripe_api import StripeApi
from backend.services.doctor import clock
from backend.services.doctor.finding import Finding
from backend.services.webhook_setup import EVENTS, PATH, Endpoint, is_enabled, knows_secret

AREA = "stripe"


def examine(settings: Settings, stripe: StripeApi) -> Iterator[Finding]:
    """Two calls: the account, and the list of webhook endpoints."""
    if not settings.stripe_secret_key:
        yield Finding.skipped(AREA, "There is no STRIPE_SECRET_KEY.")
        return
    asked_at = time.time()
    try:
        account, their_time = stripe.retrieve_account()
    except Problem as problem:
        yield _refused(problem, "the account")
        if _http_status(problem) != 403:  # a restricted key may still read the endpoints
            return
    else:
        yield _account(account, settings)
        yield clock.judge(AREA, their_time, asked_at, time.time(), precision_seconds=1)
    try:
        endpoints = stripe.list_webhook_endpoints()
    except Problem as problem:
        yield _refused(problem, "the webhook endpoints")
        return
    yield from judge_endpoints(endpoints, settings, stripe.api_version)


def judge_endpoints(
    endpoints: list[Endpoint], settings: Settings, api_version: str
) -> Iterator[Finding]:
    """Those of the shop's own address; without any, of our path anywhere."""
    own = _own_url(settings)
    ours = [each for each in endpoints if each["url"] == own] or [
        each for each in endpoints if urlsplit(each["url"]).path.endswith(PATH)
    ]
    enabled = [each for each in ours if is_enabled(each)]
    for endpoint in enabled:
        yield from _endpoint(endpoint, settings, api_version)
    if not enabled:
        said = "It is disabled" if ours else "There is none"
        yield Finding.problem(
            AREA,
            "webhook",
            f"{said}: the shop does not hear of payments unless the buyer comes back.",
            f"flask stripe-setup --url {ours[0]['url'] if ours else own}",
        )
    urls = [each["url"] for each in enabled]
    for url in sorted({url for url in urls if urls.count(url) > 1}):
        yield Finding.warning(
            AREA,
            "webhook",
            f"{urls.count(url)} endpoints send to {url}; what comes twice counts once.",
            f"flask stripe-setup --url {url}",
        )


def _endpoint(endpoint: Endpoint, settings: Settings, api_version: str) -> Iterator[Finding]:
    subject, cure = endpoint["id"], f"flask stripe-setup --url {endpoint['url']}"
    heard = set(endpoint["enabled_events"])
    missing = set() if "*" in heard else EVENTS - heard
    has_secret = knows_secret(endpoint, settings.stripe_webhook_secrets)
    if endpoint["livemode"] != settings.livemode:
        mode = "live" if endpoint["livemode"] else "test"
        yield Finding.problem(AREA, subject, f"It sends {mode} events.", cure)
    if missing:
        yield Finding.problem(
            AREA, subject, f"It does not send {', '.join(sorted(missing))}.", cure
        )
    if has_secret is False:
        yield Finding.problem(
            AREA,
            subject,
            "Its secret is not in STRIPE_WEBHOOK_SECRET, so all it sends is refused.",
            "Copy it from the endpoint's page in Stripe's Dashboard.",
        )
    if heard - EVENTS:
        yield Finding.warning(
            AREA, subject, "It also sends what nothing listens to; that is work for nothing.", cure
        )
    if endpoint["api_version"] != api_version:
        version = endpoint["api_version"] or "the account's default version"
        yield Finding.warning(
            AREA,
            subject,
            f"It sends in {version}, we speak {api_version}: most events must be asked for anew.",
            cure,
        )
    if endpoint["url"] != (own := _own_url(settings)):
        yield Finding.warning(
            AREA,
            subject,
            f"It sends to {endpoint['url']}. That is well if this shop's backend is there; "
            f"one at {own} needs an endpoint of its own.",
            f"flask stripe-setup --url {own}",
        )
    elif not missing and has_secret is not False:
        yield Finding.ok(
            AREA, subject, f"{endpoint['url']} hears all {len(EVENTS)} kinds of event."
        )


def _own_url(settings: Settings) -> str:
    """Where `flask stripe-setup` sends events unless it is told otherwise."""
    return f"{settings.frontend_url}{PATH}"


def _account(account: dict[str, Any], settings: Settings) -> Finding:
    if account["charges_enabled"]:
        return Finding.ok(AREA, "account", f"{account['id']} may charge.")
    says = f"{account['id']} may not charge yet."
    cure = "Finish its activation in Stripe's Dashboard."
    if settings.livemode:
        return Finding.problem(AREA, "account", says, cure)
    return Finding.warning(AREA, "account", f"{says} Test money moves all the same.", cure)


def _refused(problem: Problem, what: str) -> Finding:
    match _http_status(problem):
        case 401:
            return Finding.problem(
                AREA,
                "STRIPE_SECRET_KEY",
                "Stripe refuses it.",
                "Copy it anew from Stripe's Dashboard (Developers, API keys).",
            )
        case 403:
            return Finding.warning(
                AREA,
                "STRIPE_SECRET_KEY",
                f"It is restricted and may not read {what}, so that was not looked at.",
                "Give it that right while the doctor looks, if you like.",
            )
        case status:
            heard = f"answers {status}" if status else "gives no answer"
            return Finding.problem(
                AREA, "connection", f"Stripe {heard}.", "Try again; see https://status.stripe.com."
            )


def _http_status(problem: Problem) -> int | None:
    """Of Stripe's answer that the problem was made from; None if there was no answer."""
    return getattr(problem.__cause__, "http_status", None)
