"""`flask …`, as a person types it in the checkout's root."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLASK = Path(sys.executable).with_name("flask")
SECONDS_MAX = 60
# What the person's shell may hold beside the shop's own variables.
OUTER = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def flask(env: dict[str, str], *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    """One command with this environment alone; `answer` is what the person types."""
    return subprocess.run(
        [FLASK, *words],
        cwd=ROOT,
        env=OUTER | env,
        input=answer,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
