"""What many may ask for at once is asked for under one key, and after a remembered error under another."""

import pytest

from backend.gateways import stripe_api


def test_a_key_lasts_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe answers a key with its first answer for a day, a 500 included."""
    keys = []
    for now in (7200, 10_799, 10_800):
        monkeypatch.setattr(stripe_api.time, "time", lambda now=now: now)
        keys.append(stripe_api.for_this_hour("customer-1"))
    assert keys[0] == keys[1] != keys[2]
    assert all(key.startswith("customer-1-") for key in keys)
