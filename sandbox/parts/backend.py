"""The backend, as it is run in production, with the example route mounted on it."""

import os
import sys

from sandbox.part import Part, answers
from sandbox.settings import Settings

APP = "examples.word_count:app"


def part(settings: Settings, env: dict[str, str]) -> Part:
    return Part(
        name="backend",
        command=[sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", APP],
        ready=answers(settings.port, "/api/health"),
        env=_environment(env),
    )


def _environment(env: dict[str, str]) -> dict[str, str]:
    """What somebody set outside wins: so the backend can be tried against a real Supabase."""
    inside = dict(env)
    if "SUPABASE_URL" in os.environ:
        # Its keys are found beside it. Tokens of the sandbox's own Auth stay good: what stands
        # outside may be a proxy in front of the sandbox.
        inside["SUPABASE_JWT_ISSUER"] = f"{inside['SUPABASE_URL']}/auth/v1"
        del inside["SUPABASE_JWKS_URL"]
    return inside | os.environ
