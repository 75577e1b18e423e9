"""Time limits fit inside each other: no worker dies between Stripe and the database."""

import os
import re
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


def test_the_service_in_the_documentation_waits_for_its_workers(gunicorn: dict[str, Any]) -> None:
    unit = (ROOT / "docs" / "deployment.md").read_text()
    [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert int(seconds) > gunicorn["graceful_timeout"]


def test_it_listens_on_this_machine_alone_unless_told_otherwise(gunicorn: dict[str, Any]) -> None:
    assert gunicorn["bind"].startswith("127.0.0.1:")


def test_one_slow_client_does_not_hold_the_only_worker(gunicorn: dict[str, Any]) -> None:
    assert (gunicorn["worker_class"], gunicorn["workers"] * gunicorn["threads"] > 8) == (
        "gthread",
        True,
    )


def check_config(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """As `make serve` does with a copy of env.example, in which `env` is filled in."""
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--check-config"]
    dotenv = [sys.executable, "-m", "dotenv", "-f", "env.example", "run", "--no-override", "--"]
    return subprocess.run(
        [*dotenv, *gunicorn, "backend.app:app"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_gunicorn_starts_with_what_the_example_says() -> None:
    checked = check_config(shop.ENV)
    assert checked.returncode == 0, checked.stderr


def test_gunicorn_says_in_sentences_what_is_wrong_with_the_environment() -> None:
    checked = check_config(shop.ENV | {"FRONTEND_URL": "", "PAYMENT_ENV": "sandbox"})
    assert checked.returncode == 1
    assert checked.stderr.splitlines() == [
        "PAYMENT_ENV is 'sandbox'; it must be test or live.",
        "FRONTEND_URL is missing. env.example says what it is and where to get it.",
    ]
