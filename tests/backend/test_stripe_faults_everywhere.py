"""Each call to Stripe of each thing that a shop does fails, in each way; then it is asked again.

No buyer is charged twice and no refund made twice, what was begun comes to its end, and the books
balance. Which calls there are, Stripe's own log says.
"""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from backend import config
from tests import shop
from tests.backend.scenes import SCENES, Scene, World
from tests.people import Newcomers, Person
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import StripeConsole, eventually

TRIES = 1 + config.STRIPE_RETRIES_MAX
ID = re.compile(r"/[a-z]+_(test_)?\w{14,}")

# What happens, and whether the webhooks about it come before anybody asks again.
FAULTS: dict[str, tuple[dict[str, Any], bool]] = {
    "too busy": ({"status": 429}, False),
    "no answer before the work": ({"kind": "drop", "when": "before"}, False),
    "an error after the work": ({"status": 500, "when": "after"}, False),
    "no answer after the work, but webhooks": ({"kind": "drop", "when": "after"}, True),
}
Call = tuple[str, str]


@pytest.fixture(scope="module")
def client(sandbox: dict[str, str]) -> FlaskClient:
    """The backend in this process, because here its waiting can be shortened."""
    return shop.client(sandbox)


@pytest.fixture(scope="module")
def admin(sandbox: dict[str, str]) -> Person:
    return Newcomers(sandbox).admin()


@pytest.fixture(autouse=True)
def _nobody_waits_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)


@pytest.fixture
def world(
    sandbox: dict[str, str],
    client: FlaskClient,
    people: Newcomers,
    admin: Person,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
) -> Iterator[World]:
    stripe_console.deliver("drop")
    yield World(sandbox, client, people, admin, stripe_js, stripe_console, database)
    database.execute("update auto_recharges set enabled = false")
    database.execute(
        "update credit_package_prices set amount = 899 "
        "where package_id = 'monthly' and currency = 'usd'"
    )


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", SCENES)
def test_whatever_fails_can_be_asked_for_again(world: World, name: str, fault: str) -> None:
    is_late = FAULTS[fault][0].get("when") == "after"
    for call in calls_of(name, world):
        if is_late and call[0] == "GET":  # it does nothing that could be done twice
            continue
        scene = SCENES[name](world)
        scene.prepare()
        try:
            _play(scene, call, *FAULTS[fault])
        except Exception as error:
            error.add_note(f"{fault} at {call[0]} {call[1]}")
            raise
        finally:
            world.stripe.put_back()
            world.stripe.deliver("drop")


def _play(scene: Scene, call: Call, fault: dict[str, Any], told: bool) -> None:
    method, path = call
    scene.stripe.fault(method=method, path=path, times=TRIES, **fault)
    if told:
        scene.stripe.deliver("hold")
    first = scene.act()
    assert first.status_code != 500, first.json
    scene.stripe.put_back()  # faults end, and what was held is delivered
    scene.stripe.deliver("drop")
    for _ in range(2):
        again = scene.act()
        assert again.status_code in (200, 201, *scene.also_fine), again.json
    scene.check()


@pytest.mark.parametrize("name", ["OrderWithASavedCard", "Recharge", "RefundOfAll"])
def test_what_stripe_does_after_we_gave_up_is_done_once(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers nothing, and works all the same, later."""
    method, path = [call for call in calls_of(name, world) if call[0] == "POST"][-1]
    scene = SCENES[name](world)
    scene.prepare()
    patient = world.client
    monkeypatch.setattr("backend.gateways.stripe_api.STRIPE_TIMEOUT_SECONDS", 0.2)
    world.client = shop.client(world.env)
    seconds = {"kind": "delay", "seconds": 0.5, "times": TRIES}
    world.stripe.fault(method=method, path=path, **seconds)
    scene.act()
    eventually(world.stripe.requests, lambda asked: all(request["status"] for request in asked))
    world.client = patient
    for _ in range(2):
        assert scene.act().status_code in (200, 201)
    scene.check()


_calls: dict[str, list[Call]] = {}


def calls_of(name: str, world: World) -> list[Call]:
    """What is asked of Stripe when all is well, in order, ids as `*`."""
    if name not in _calls:
        scene = SCENES[name](world)
        scene.prepare()
        world.stripe.forget_requests()
        answer = scene.act()
        assert answer.status_code in (200, 201, *scene.also_fine), answer.json
        asked = world.stripe.requests()
        scene.check()
        calls = [(request["method"], ID.sub("/*", request["path"])) for request in asked]
        _calls[name] = list(dict.fromkeys(calls))
    return _calls[name]
