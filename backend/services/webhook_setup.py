"""The webhook endpoint at Stripe: what it should be, what is there, and how to get there.

An endpoint is known by its address. Stripe fixes its API version when it is made and tells its
secret only then, so a mark made from the secret is left in its metadata: by that it is known later
whether the shop has this endpoint's secret. https://docs.stripe.com/api/webhook_endpoints
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from backend.config import STRIPE_API_BASE, Settings, is_loopback
from backend.errors import PaymentsDisabled, ValidationError
from backend.gateways.stripe_api import StripeApi
from backend.services.handlers import HANDLERS

PATH = "/api/stripe/webhook"
EVENTS = frozenset(HANDLERS)
DESCRIPTION = "Topup: credits follow payments"
MARK = "secret_sha256_16"

Endpoint = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One change at Stripe, also in words; without an endpoint's id it makes a new one."""

    words: str
    params: dict[str, Any]
    endpoint_id: str | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Steps in an order that loses no event, and what a person has to do beside them."""

    url: str
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """What a step came to; the secret is told once, when an endpoint was made."""

    endpoint_id: str
    secret: str | None = field(default=None, repr=False)


class WebhookSetup:
    def __init__(self, settings: Settings, stripe: StripeApi) -> None:
        self._settings = settings
        self._stripe = stripe

    @property
    def api_version(self) -> str:
        """In whose shapes events should come."""
        return self._stripe.api_version

    def plan(self, url: str | None = None) -> Plan:
        """What is to change at Stripe for the endpoint at `url`, by default the shop's own.

        Raises PaymentsDisabled (no key), ValidationError (url), StripeFailed, StripeUnavailable.
        """
        if not self._settings.stripe_secret_key:
            raise PaymentsDisabled("There is no STRIPE_SECRET_KEY to ask Stripe with.")
        url = url or f"{self._settings.frontend_url}{PATH}"
        refuse_unreachable(url, self._settings)
        return plan_for(
            url,
            self._stripe.list_webhook_endpoints(),
            self.api_version,
            self._settings.stripe_webhook_secrets,
        )

    def carry_out(self, plan: Plan) -> Iterator[Done]:
        """Take the steps, one by one. Raises StripeFailed, StripeUnavailable."""
        for step in plan.steps:
            if step.endpoint_id:
                self._stripe.update_webhook_endpoint(step.endpoint_id, step.params)
                yield Done(step.endpoint_id)
                continue
            made = self._stripe.create_webhook_endpoint(step.params)
            # Told before anything else can fail: Stripe does not tell it again.
            yield Done(made["id"], made["secret"])
            mark = {"metadata": {MARK: mark_of(made["secret"])}}
            self._stripe.update_webhook_endpoint(made["id"], mark)


def plan_for(
    url: str, endpoints: list[Endpoint], api_version: str, secrets: tuple[str, ...]
) -> Plan:
    """The plan for one address, seen what Stripe has."""
    there = [endpoint for endpoint in endpoints if endpoint["url"] == url]
    fitting = [endpoint for endpoint in there if endpoint["api_version"] == api_version]
    notes = [] if urlsplit(url).path.endswith(PATH) else [f"The backend listens at {PATH}."]
    if not fitting:
        old = [endpoint for endpoint in there if is_enabled(endpoint)]
        return Plan(url, (_creation(url, api_version),), (*notes, *map(_stays_for_now, old)))

    kept = max(fitting, key=lambda one: (knows_secret(one, secrets) is True, is_enabled(one)))
    others = [each for each in there if is_enabled(each) and each is not kept]
    steps = [*_correction(kept)]
    if knows_secret(kept, secrets):
        steps += [_retirement(other) for other in others]
    elif others:
        notes.append(
            f"{', '.join(other['id'] for other in others)} also send to this address. When the "
            f"secret of {kept['id']} is in STRIPE_WEBHOOK_SECRET, disable them: by running this "
            "again, or in Stripe's Dashboard where the secret was made there."
        )
    elif knows_secret(kept, secrets) is False:
        notes.append(
            f"The secret of {kept['id']} is not in this environment's STRIPE_WEBHOOK_SECRET. "
            "Stripe's Dashboard shows it with the endpoint."
        )
    return Plan(url, tuple(steps), tuple(notes))


def refuse_unreachable(url: str, settings: Settings) -> None:
    """Raises ValidationError for an address that Stripe would not, or could not, send to."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        raise ValidationError.of("url", f"Write it like https://shop.example{PATH}.")
    if parts.path in ("", "/"):
        raise ValidationError.of("url", f"Name the whole address: {url.rstrip('/')}{PATH}.")
    if settings.stripe_api_base != STRIPE_API_BASE:
        return  # a sandbox reaches whatever this machine reaches
    if is_loopback(url):
        raise ValidationError.of(
            "url",
            f"Stripe can't reach {host}, which is this machine to itself. While developing, let "
            f"Stripe's CLI pass events on and tell you a secret: stripe listen --forward-to {url}",
        )
    if settings.livemode and parts.scheme != "https":
        raise ValidationError.of("url", "Stripe sends live events to https addresses only.")


def is_enabled(endpoint: Endpoint) -> bool:
    """Stripe disables an endpoint that has failed for days."""
    return endpoint["status"] == "enabled"


def knows_secret(endpoint: Endpoint, secrets: tuple[str, ...]) -> bool | None:
    """Whether the endpoint's secret is among `secrets`; None if it was not made by this command."""
    mark = endpoint["metadata"].get(MARK)
    return None if mark is None else mark in map(mark_of, secrets)


def mark_of(secret: str) -> str:
    """Tells which secret it is, and nothing about it: a secret has more than 128 random bits."""
    return sha256(secret.encode()).hexdigest()[:16]


def _creation(url: str, api_version: str) -> Step:
    return Step(
        words="create an endpoint",
        params={
            "url": url,
            "api_version": api_version,
            "enabled_events": sorted(EVENTS),
            "description": DESCRIPTION,
        },
        added=tuple(sorted(EVENTS)),
    )


def _correction(endpoint: Endpoint) -> Iterator[Step]:
    """At most one step."""
    heard = set(endpoint["enabled_events"])
    params: dict[str, Any] = {}
    words = []
    if heard != EVENTS:
        params["enabled_events"] = sorted(EVENTS)
        words.append("set its events")
    if not is_enabled(endpoint):
        params["disabled"] = False
        words.append("enable it")
    if params:
        yield Step(
            words=f"{' and '.join(words)} ({endpoint['id']})",
            params=params,
            endpoint_id=endpoint["id"],
            added=tuple(sorted(EVENTS - heard)),
            removed=tuple(sorted(heard - EVENTS)),
        )


def _retirement(endpoint: Endpoint) -> Step:
    return Step(
        words=f"disable {endpoint['id']}, which sends the same events again",
        params={"disabled": True},
        endpoint_id=endpoint["id"],
    )


def _stays_for_now(endpoint: Endpoint) -> str:
    version = endpoint["api_version"] or "the account's default version"
    return (
        f"{endpoint['id']} sends in {version}, which can't be changed. It goes on until you have "
        "put the new secret into STRIPE_WEBHOOK_SECRET beside the old one and restarted: run this "
        "again then, and it is disabled. What comes twice meanwhile counts once."
    )
