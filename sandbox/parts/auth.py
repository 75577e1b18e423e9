"""Our stand-in for Supabase Auth, behind the gateway."""

import os
import sys

from sandbox.part import Part, answers
from sandbox.settings import Settings


def part(settings: Settings, env: dict[str, str]) -> Part:
    return Part(
        name="auth",
        command=[sys.executable, "-m", "sandbox.auth"],
        ready=answers(settings.ports["auth"], "/health"),
        env={**os.environ, **env},
    )
