"""Time limits fit inside each other: no worker dies between Stripe and the database."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend import config
from tests import shop

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def gunicorn() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


@pytest.mark.parametrize("limit", ["graceful_timeout", "timeout"])
def test_the_slowest_request_ends_before_its_worker_is_stopped(
    gunicorn: dict[str, Any], limit: str
) -> None:
    """backend/config.py says which request is the slowest, and whom it asks how often."""
    one_stripe_call = config.STRIPE_TIMEOUT_SECONDS * (1 + config.STRIPE_RETRIES_MAX)
    stripe = config.STRIPE_CALLS_MAX * one_stripe_call
    database = config.DATABASE_CALLS_MAX * config.DATABASE_TIMEOUT_SECONDS
    assert config.JWKS_TIMEOUT_SECONDS + stripe + database <= gunicorn[limit]


def test_it_listens_on_this_machine_alone_unless_told_otherwise(gunicorn: dict[str, Any]) -> None:
    assert gunicorn["bind"].startswith("127.0.0.1:")


def test_one_slow_client_does_not_hold_the_only_worker(gunicorn: dict[str, Any]) -> None:
    assert (gunicorn["worker_class"], gunicorn["workers"] * gunicorn["threads"] > 8) == (
        "gthread",
        True,
    )


def test_gunicorn_starts_with_what_the_example_says() -> None:
    """As `make serve` does with a copy of env.example in which the required values are filled in."""
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--check-config"]
    dotenv = [sys.executable, "-m", "dotenv", "-f", "env.example", "run", "--no-override", "--"]
    checked = subprocess.run(
        [*dotenv, *gunicorn, "backend.app:app"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | shop.ENV,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr
