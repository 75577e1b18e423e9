"""Looks at everything a running shop stands on, changes nothing, and says what to do."""

from collections.abc import Callable, Iterable, Mapping

from backend import config
from backend.gateways.jwks import KeySet
from backend.gateways.stripe_api import StripeApi
from backend.gateways.supabase import Database
from backend.services.doctor import (
    environment,
    pages,
    sign_in,
    stripe_account,
    supabase_project,
)
from backend.services.doctor.finding import Finding

__all__ = ["Finding", "examine"]


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """Everything, in the order in which it is best put right. Raises nothing."""
    findings = list(environment.examine(environ))
    settings = _settings(environ)
    if settings is None:
        return [*findings, Finding.skipped("database", "Put the environment right first.")]
    database, stripe = Database(settings), StripeApi(settings)
    looks: dict[str, Callable[[], Iterable[Finding]]] = {
        "database": lambda: supabase_project.examine(settings, database),
        "sign-in": lambda: sign_in.examine(settings, KeySet(settings.supabase_jwks_url)),
        "stripe": lambda: stripe_account.examine(settings, stripe),
        "pages": lambda: pages.examine(settings),
    }
    for area, look in looks.items():
        findings += _guarded(area, look)
    return findings


def _settings(environ: Mapping[str, str]) -> config.Settings | None:
    """The shop's settings; those of a closed shop if only Stripe's keys are wrong; else None."""
    for attempt in (environ, {**environ, "PAYMENTS_ENABLED": "false"}):
        try:
            return config.load(attempt)
        except config.ConfigError:
            continue
    return None


def _guarded(area: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """One area that can't be looked at must not hide the others."""
    findings: list[Finding] = []
    try:
        findings.extend(look())
    except Exception as error:
        findings.append(Finding.problem(area, "look", f"{type(error).__name__}: {error}"))
    return findings
