"""The project's migrations, applied by the real Supabase CLI as the deployer would."""

import os
import signal
import subprocess

from sandbox.leash import leashed
from sandbox.settings import ROOT, SandboxError, Settings

CLI = ROOT / "node_modules" / ".bin" / "supabase"
SECONDS_MAX = 120


def apply_migrations(settings: Settings) -> None:
    """Bring the database up to sql/supabase/migrations; SandboxError carries the CLI's words."""
    folder = ROOT / "sql" / "supabase" / "migrations"
    if not any(folder.glob("*.sql")):
        return
    if not CLI.exists():
        raise SandboxError("the Supabase CLI is missing: npm ci")
    remote = f"--remote={settings.database_url('postgres')}?sslmode=disable"
    command = [str(CLI), "db", "push", remote, "--workdir", str(ROOT / "sql"), "--yes"]
    pushed = subprocess.run(
        leashed(command, signal.SIGTERM),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DO_NOT_TRACK": "1"},
    )
    (settings.logs / "migrations.log").write_text(pushed.stdout + pushed.stderr)
    if pushed.returncode != 0:
        raise SandboxError(
            f"the migrations did not apply:\n{pushed.stdout}{pushed.stderr}\n"
            "After a change to one that was applied already, `python -m sandbox reset` starts over."
        )
