"""How far back `flask reconcile` is told to look; what it does is in test_reconcile.py."""

import pytest

from backend.commands.reconcile import Since
from tests.backend.commands import flask


@pytest.mark.parametrize("since", ["yesterday", "30", "2026-13-01", "-1d", "1y"])
def test_a_time_that_is_none_is_refused_in_words(sandbox: dict[str, str], since: str) -> None:
    refused = flask(sandbox, "reconcile", f"--since={since}")
    assert refused.returncode == 2
    assert "a time back like 90d" in refused.stderr


@pytest.mark.parametrize("since", ["2026-11-01", "2026-11-01T08:00+08:00"])
def test_a_time_is_in_utc_unless_it_names_its_zone_and_told_in_utc(since: str) -> None:
    read = Since().convert(since, None, None)
    assert f"{read:%Y-%m-%d %H:%M}" == "2026-11-01 00:00"
