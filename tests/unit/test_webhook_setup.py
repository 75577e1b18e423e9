"""The plan for the webhook endpoint, for everything that Stripe may already have."""

from typing import Any

import pytest

from backend.errors import ValidationError
from backend.services.webhook_setup import EVENTS, MARK, mark_of, plan_for, refuse_unreachable
from tests import shop

URL = "https://shop.example/api/stripe/webhook"
VERSION = "2026-10-28.endive"
OLD, NEW = "whsec_old", "whsec_new"


def endpoint(id: str = "we_1", **changed: Any) -> dict[str, Any]:
    """As it should be, made in the Dashboard."""
    return {
        "id": id,
        "url": URL,
        "api_version": VERSION,
        "enabled_events": sorted(EVENTS),
        "status": "enabled",
        "metadata": {},
    } | changed


def marked(secret: str) -> dict[str, Any]:
    """Made by the command."""
    return {"metadata": {MARK: mark_of(secret)}}


def steps(*there: dict[str, Any], secrets: tuple[str, ...] = (OLD,)) -> list[tuple[Any, Any]]:
    """(endpoint, parameters) of what would be asked of Stripe; creation has no endpoint."""
    plan = plan_for(URL, list(there), VERSION, secrets)
    return [(step.endpoint_id, step.params) for step in plan.steps]


def notes(*there: dict[str, Any], secrets: tuple[str, ...] = (OLD,)) -> str:
    return "\n".join(plan_for(URL, list(there), VERSION, secrets).notes)


def test_nothing_there_makes_one_with_exactly_our_events_and_version() -> None:
    [(id, params)] = steps()
    assert id is None
    assert (params["url"], params["api_version"]) == (URL, VERSION)
    assert params["enabled_events"] == sorted(EVENTS)


@pytest.mark.parametrize("url", [f"{URL}/", "https://staging.example/api/stripe/webhook"])
def test_an_endpoint_of_another_address_is_somebody_elses(url: str) -> None:
    [(id, _)] = steps(endpoint(url=url, enabled_events=["*"]))
    assert id is None


def test_what_is_right_stays_as_it_is() -> None:
    assert steps(endpoint()) == []
    assert notes(endpoint()) == ""


@pytest.mark.parametrize("heard", [["*"], ["refund.created"], [*sorted(EVENTS), "plan.created"]])
def test_other_events_are_set_right(heard: list[str]) -> None:
    plan = plan_for(URL, [endpoint(enabled_events=heard)], VERSION, ())
    [step] = plan.steps
    assert (step.endpoint_id, step.params) == ("we_1", {"enabled_events": sorted(EVENTS)})
    assert set(heard) - set(step.removed) | set(step.added) == EVENTS


def test_a_disabled_one_is_enabled_again() -> None:
    assert steps(endpoint(status="disabled")) == [("we_1", {"disabled": False})]


@pytest.mark.parametrize("version", ["2024-06-20", None])
def test_another_version_gets_a_second_endpoint_and_keeps_the_first_for_now(
    version: str | None,
) -> None:
    """Whoever disables first loses what happens before the new secret is known."""
    old = endpoint(api_version=version)
    [(id, params)] = steps(old)
    assert (id, params["api_version"]) == (None, VERSION)
    assert "we_1" in notes(old)
    assert "STRIPE_WEBHOOK_SECRET" in notes(old)


def test_the_old_one_goes_when_the_shop_has_the_new_secret() -> None:
    both = (endpoint(api_version="2024-06-20"), endpoint("we_2", **marked(NEW)))
    assert steps(*both, secrets=(OLD,)) == []
    assert "we_1" in notes(*both, secrets=(OLD,))
    assert steps(*both, secrets=(NEW, OLD)) == [("we_1", {"disabled": True})]
    assert notes(*both, secrets=(NEW, OLD)) == ""


def test_of_two_alike_the_one_whose_secret_is_known_stays() -> None:
    both = (endpoint(**marked(OLD)), endpoint("we_2", **marked(NEW)))
    assert steps(*both, secrets=(NEW,)) == [("we_1", {"disabled": True})]
    assert steps(*both, secrets=(OLD,)) == [("we_2", {"disabled": True})]
    assert steps(*both, secrets=()) == []


def test_the_kept_one_is_enabled_before_the_others_are_disabled() -> None:
    both = (endpoint(api_version=None), endpoint("we_2", status="disabled", **marked(NEW)))
    assert steps(*both, secrets=(NEW,)) == [
        ("we_2", {"disabled": False}),
        ("we_1", {"disabled": True}),
    ]


def test_a_disabled_old_one_needs_no_goodbye() -> None:
    assert notes(endpoint(api_version=None, status="disabled")) == ""


def test_a_secret_that_the_shop_does_not_have_is_told() -> None:
    assert "we_1" in notes(endpoint(**marked(NEW)), secrets=(OLD,))


def test_a_mark_says_nothing_of_the_secret_but_which() -> None:
    assert mark_of(OLD) != mark_of(NEW)
    assert OLD.removeprefix("whsec_") not in mark_of(OLD)


def test_another_path_is_pointed_out() -> None:
    plan = plan_for("https://shop.example/hooks", [], VERSION, ())
    assert "/api/stripe/webhook" in plan.notes[0]


REAL = shop.ENV | {"STRIPE_API_BASE": ""}


@pytest.mark.parametrize(
    ("env", "url", "word"),
    [
        (shop.LIVE_ENV, "http://shop.example/api/stripe/webhook", "https"),
        (REAL, "http://127.0.0.1:8000/api/stripe/webhook", "stripe listen"),
        (REAL, "http://localhost:8000/api/stripe/webhook", "stripe listen"),
        (REAL, "https://shop.example", "/api/stripe/webhook"),
        (REAL, "shop.example/api/stripe/webhook", "https://"),
        (REAL, "https://[", "https://"),
        (REAL, "ftp://shop.example/api/stripe/webhook", "https://"),
    ],
)
def test_an_address_that_cant_work_is_refused_with_the_cure(
    env: dict[str, str], url: str, word: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        refuse_unreachable(url, shop.settings(env))
    assert word in refusal.value.members["errors"][0]["message"]


@pytest.mark.parametrize(
    ("env", "url"),
    [
        (shop.LIVE_ENV, URL),
        (REAL, "http://staging.example/api/stripe/webhook"),
        (shop.ENV, "http://127.0.0.1:8000/api/stripe/webhook"),
    ],
)
def test_an_address_that_works_is_taken(env: dict[str, str], url: str) -> None:
    refuse_unreachable(url, shop.settings(env))
