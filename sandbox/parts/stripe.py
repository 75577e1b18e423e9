"""Our stand-in for Stripe."""

import os
import sys

from sandbox.part import Part, answers
from sandbox.settings import Settings


def part(settings: Settings, env: dict[str, str]) -> Part:
    return Part(
        name="stripe",
        command=[sys.executable, "-m", "sandbox.stripe"],
        ready=answers(settings.ports["stripe"], "/healthz"),
        env={**os.environ, **env},
    )
