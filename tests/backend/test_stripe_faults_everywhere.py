"""Each call to Stripe of each thing that a shop does fails, in each way; then it is asked again.

No buyer is charged twice and no refund made twice, what was begun comes to its end, and the books
balance. Which calls there are, Stripe's own log says.
"""

import re
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from backend import config
from tests import shop
from tests.backend.scenes import SCENES
from tests.backend.scenes.scene import Scene, World
from tests.people import People, Person
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
# Method, path with ids as `*`, and how many like it come before.
Call = tuple[str, str, int]
PLAYS = [
    (name, fault)
    for name, scene in SCENES.items()
    for fault, (how, _) in FAULTS.items()
    if not (scene.only_reads and how.get("when") == "after")
]


@pytest.fixture(scope="module")
def client(sandbox: dict[str, str]) -> FlaskClient:
    """The backend in this process, because here its waiting can be shortened."""
    return shop.client(sandbox)


@pytest.fixture(scope="module")
def admin(sandbox: dict[str, str]) -> Person:
    return People(sandbox).admin()


@pytest.fixture(autouse=True)
def _nobody_waits_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)


@pytest.fixture
def world(
    sandbox: dict[str, str],
    client: FlaskClient,
    people: People,
    admin: Person,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict[str, Any]],
    changing_catalog: None,
) -> Iterator[World]:
    stripe_console.deliver("drop")
    yield World(sandbox, client, people, admin, stripe_js, stripe_console, database)
    database.execute("update auto_recharges set enabled = false")


@pytest.mark.parametrize(("name", "fault"), PLAYS)
def test_whatever_fails_can_be_asked_for_again(world: World, name: str, fault: str) -> None:
    is_late = FAULTS[fault][0].get("when") == "after"
    for call in calls_of(name, world):
        if is_late and _only_reads(call):
            continue
        scene = SCENES[name](world)
        scene.prepare()
        try:
            _play(scene, call, *FAULTS[fault])
        except Exception as error:
            error.add_note(f"{fault} at {call}")
            raise
        finally:
            world.stripe.put_back()
            world.stripe.deliver("drop")


def _play(scene: Scene, call: Call, fault: dict[str, Any], told: bool) -> None:
    began = time.time()
    _order(scene.stripe, call, fault)
    if told:
        scene.stripe.deliver("hold")
    first = scene.act()
    assert first.status_code != 500, first.json
    assert _has_struck(scene.stripe, call, fault, began)
    scene.stripe.put_back()  # faults end, and what was held is delivered
    scene.stripe.deliver("drop")
    for _ in range(2):
        again = scene.act()
        assert again.status_code in (200, 201, *scene.also_fine), again.json
    scene.check()


def _order(stripe: StripeConsole, call: Call, fault: dict[str, Any]) -> None:
    """Let this call fail, and not those like it that come before."""
    method, path, earlier = call
    about = {"method": method, "path": path, "when": fault.get("when", "before")}
    if earlier:
        stripe.fault(**about, kind="delay", seconds=0, times=earlier)
    stripe.fault(**about | fault, times=TRIES)


def _has_struck(stripe: StripeConsole, call: Call, fault: dict[str, Any], since: float) -> bool:
    method, path, _ = call
    mark = f"{fault.get('kind', 'status')} {fault.get('when', 'before')}"
    return any(
        asked["fault"] == mark and asked["at"] >= since and ID.sub("/*", asked["path"]) == path
        for asked in stripe.requests(method=method, path=path.partition("*")[0])
    )


@pytest.mark.parametrize("name", ["OrderWithASavedCard", "Recharge", "RefundOfAll"])
def test_what_stripe_does_after_we_gave_up_is_done_once(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers nothing, and works all the same, later."""
    call = [call for call in calls_of(name, world) if call[0] == "POST"][-1]
    scene = SCENES[name](world)
    scene.prepare()
    patient = world.client
    monkeypatch.setattr("backend.gateways.stripe_api.STRIPE_TIMEOUT_SECONDS", 0.2)
    world.client = shop.client(world.env)
    silence = {"kind": "delay", "seconds": 0.5}
    began = time.time()
    _order(world.stripe, call, silence)
    scene.act()
    eventually(world.stripe.requests, lambda asked: all(request["status"] for request in asked))
    assert _has_struck(world.stripe, call, silence, began)
    world.client = patient
    for _ in range(2):
        assert scene.act().status_code in (200, 201)
    scene.check()


_calls: dict[str, list[Call]] = {}


def calls_of(name: str, world: World) -> list[Call]:
    """What is asked of Stripe when all is well, in order; what is only read, once."""
    if name not in _calls:
        scene = SCENES[name](world)
        scene.prepare()
        world.stripe.forget_requests()
        answer = scene.act()
        assert answer.status_code in (200, 201, *scene.also_fine), answer.json
        asked = world.stripe.requests()
        scene.check()
        _calls[name] = _numbered([(each["method"], ID.sub("/*", each["path"])) for each in asked])
        assert all(map(_only_reads, _calls[name])) is scene.only_reads
        assert _calls[name]
    return _calls[name]


def _numbered(asked: list[tuple[str, str]]) -> list[Call]:
    return [
        (*request, asked[:nth].count(request))
        for nth, request in enumerate(asked)
        if request[0] != "GET" or request not in asked[:nth]
    ]


def _only_reads(call: Call) -> bool:
    return call[0] == "GET"
