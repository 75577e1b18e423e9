"""`flask stripe-setup`: says what it would do, does it when told to, and tells the secret once."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from backend.services.webhook_setup import EVENTS
from tests.backend.commands import flask
from tests.http import HTTP
from tests.stripe_console import StripeConsole

Env = dict[str, str]
VERSION = "2026-10-28.endive"


class Stripe:
    """The endpoints of one address, as somebody else with the shop's key sees and changes them."""

    def __init__(self, env: Env) -> None:
        self._endpoints = f"{env['STRIPE_API_BASE']}/v1/webhook_endpoints"
        self._headers = {"Authorization": f"Bearer {env['STRIPE_SECRET_KEY']}"}
        self.url = f"{env['BACKEND_URL']}/{uuid.uuid4().hex}/api/stripe/webhook"

    def endpoints(self) -> list[dict[str, Any]]:
        listed = HTTP.get(self._endpoints, headers=self._headers, params={"limit": 100}).json()
        return [each for each in listed["data"] if each["url"] == self.url]

    def create(self, **params: Any) -> dict[str, Any]:
        """One that somebody has made in the Dashboard."""
        return self._post("", {"url": self.url, "enabled_events[]": "*"} | params)

    def change(self, endpoint: dict[str, Any], **params: Any) -> None:
        self._post(f"/{endpoint['id']}", params)

    def clear(self) -> None:
        for endpoint in self.endpoints():
            HTTP.delete(f"{self._endpoints}/{endpoint['id']}", headers=self._headers)

    def _post(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        answer = HTTP.post(self._endpoints + path, headers=self._headers, data=params)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def stripe(sandbox: Env) -> Iterator[Stripe]:
    stripe = Stripe(sandbox)
    yield stripe
    stripe.clear()


@pytest.fixture
def env(sandbox: Env) -> Env:
    """The environment of a shop that has no webhook secret yet."""
    return {name: value for name, value in sandbox.items() if name != "STRIPE_WEBHOOK_SECRET"}


def secret_in(output: str) -> str:
    [secret] = re.findall(r"whsec_\w+", output)
    return secret


def test_a_dry_run_says_what_it_would_do_and_does_nothing(env: Env, stripe: Stripe) -> None:
    ran = flask(env, "stripe-setup", "--url", stripe.url, "--dry-run")
    assert ran.returncode == 0, ran.stderr
    assert stripe.url in ran.stdout
    assert all(event in ran.stdout for event in EVENTS)
    assert "Nothing was changed" in ran.stdout
    assert stripe.endpoints() == []


@pytest.mark.parametrize(("answer", "made"), [("y\n", 1), ("n\n", 0), ("", 0)])
def test_a_person_is_asked_first(env: Env, stripe: Stripe, answer: str, made: int) -> None:
    ran = flask(env, "stripe-setup", "--url", stripe.url, answer=answer)
    assert "Do this?" in ran.stdout
    assert len(stripe.endpoints()) == made


def test_it_makes_one_with_our_events_and_version_and_tells_the_secret(
    env: Env, stripe: Stripe
) -> None:
    ran = flask(env, "stripe-setup", "--url", stripe.url, "--yes")
    assert ran.returncode == 0, ran.stderr
    [made] = stripe.endpoints()
    assert set(made["enabled_events"]) == EVENTS
    assert (made["api_version"], made["status"]) == (VERSION, "enabled")
    assert secret_in(ran.stdout).removeprefix("whsec_") not in str(made)
    assert "STRIPE_WEBHOOK_SECRET" in ran.stdout


def test_with_the_secret_in_place_a_second_run_has_nothing_to_do(env: Env, stripe: Stripe) -> None:
    first = flask(env, "stripe-setup", "--url", stripe.url, "--yes")
    there = stripe.endpoints()
    env |= {"STRIPE_WEBHOOK_SECRET": secret_in(first.stdout)}
    again = flask(env, "stripe-setup", "--url", stripe.url, "--yes")
    assert "Nothing has to change" in again.stdout
    assert "whsec_" not in again.stdout
    assert stripe.endpoints() == there


def test_it_corrects_events_and_enables(env: Env, stripe: Stripe) -> None:
    made = stripe.create(api_version=VERSION)
    stripe.change(made, disabled="true")
    ran = flask(env, "stripe-setup", "--url", stripe.url, "--yes")
    [now] = stripe.endpoints()
    assert (now["id"], now["status"], set(now["enabled_events"])) == (made["id"], "enabled", EVENTS)
    assert "- *" in ran.stdout
    assert "whsec_" not in ran.stdout, "it is known to who made the endpoint"


def test_an_unpinned_endpoint_is_replaced_in_an_order_that_loses_no_event(
    env: Env, stripe: Stripe
) -> None:
    old = stripe.create()
    env |= {"STRIPE_WEBHOOK_SECRET": old["secret"]}

    def states() -> dict[str, str]:
        return {each["id"]: each["status"] for each in stripe.endpoints()}

    first = flask(env, "stripe-setup", "--url", stripe.url, "--yes")
    [new_id] = states().keys() - {old["id"]}
    assert states() == {old["id"]: "enabled", new_id: "enabled"}
    assert old["id"] in first.stdout

    too_early = flask(env, "stripe-setup", "--url", stripe.url, "--yes")
    assert states() == {old["id"]: "enabled", new_id: "enabled"}
    assert new_id in too_early.stdout

    env |= {"STRIPE_WEBHOOK_SECRET": f"{secret_in(first.stdout)},{old['secret']}"}
    flask(env, "stripe-setup", "--url", stripe.url, "--yes")
    assert states() == {old["id"]: "disabled", new_id: "enabled"}


def test_the_shops_own_address_is_taken_without_one(env: Env, stripe: Stripe) -> None:
    ran = flask(env, "stripe-setup", "--dry-run")
    assert f"{env['FRONTEND_URL']}/api/stripe/webhook (test mode" in ran.stdout


def test_the_secret_is_told_even_if_its_mark_is_not_written(
    env: Env, stripe: Stripe, stripe_console: StripeConsole
) -> None:
    stripe_console.fault(method="POST", path="/v1/webhook_endpoints/we_*", status=500, times=9)
    ran = flask(env, "stripe-setup", "--url", stripe.url, "--yes")
    assert ran.returncode == 1
    assert secret_in(ran.stdout)
    assert len(stripe.endpoints()) == 1


@pytest.mark.parametrize(
    ("changed", "words", "told"),
    [
        ({}, ["--url", "shop.example"], "https://"),
        ({"STRIPE_SECRET_KEY": ""}, [], "STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "sk_test_wrong"}, [], "not set up right"),
        ({"SUPABASE_URL": ""}, [], "SUPABASE_URL"),
    ],
    ids=["address", "no key", "wrong key", "environment"],
)
def test_what_is_wrong_is_a_sentence(env: Env, changed: Env, words: list[str], told: str) -> None:
    ran = flask(env | changed, "stripe-setup", *words)
    assert ran.returncode == 1
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
