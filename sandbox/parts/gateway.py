"""The gateway: the one address that serves /rest/v1 and /auth/v1, as Supabase's does."""

import os
import shutil

from sandbox.part import Part, answers
from sandbox.settings import ROOT, SandboxError, Settings


def part(settings: Settings, env: dict[str, str]) -> Part:
    node = shutil.which("node")
    if node is None:
        raise SandboxError("Node is missing: install Node 20 or newer.")
    port = settings.ports["gateway"]
    return Part(
        name="gateway",
        command=[node, str(ROOT / "sandbox" / "gateway" / "main.mjs")],
        ready=answers(port, "/healthz"),
        env={
            **os.environ,
            **env,
            "GATEWAY_PORT": str(port),
            "POSTGREST_PORT": str(settings.ports["postgrest"]),
            "AUTH_PORT": str(settings.ports["auth"]),
        },
    )
