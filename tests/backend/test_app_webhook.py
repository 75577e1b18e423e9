"""Telling the host app: signed so that it can be sure, and again until it has said yes."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook, WebhookVerificationError

from tests import shop
from tests.backend.host_app import ANOTHER_SECRET, SIGNING_SECRET, Heard, HostApp, host_app
from tests.backend.server import Server, give
from tests.people import Person

Connection = psycopg.Connection[dict[str, Any]]
Env = dict[str, str]
TOLD = {"delivered": 1, "failed": 0, "configured": True}
FAILED = {"delivered": 0, "failed": 1, "configured": True}
NOTHING_DUE = {"delivered": 0, "failed": 0, "configured": True}


@pytest.fixture
def app() -> Iterator[HostApp]:
    with host_app() as app:
        yield app


@pytest.fixture
def backend(sandbox: Env, app: HostApp, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Tells that app, and waits shortly for its answer."""
    monkeypatch.setattr("backend.gateways.app_webhook.APP_WEBHOOK_TIMEOUT_SECONDS", 0.3)
    return shop.client(sandbox, **app.settings())


@pytest.fixture
def low(sandbox: Env, database: Connection, buyer: Person) -> Person:
    """Somebody who has just run low; nothing else is to be told."""
    database.execute("update account_events set next_attempt_at = null")
    give(database, buyer, 60)
    Server(sandbox).spend(buyer, 4)
    return buyer


def deliver(client: FlaskClient, env: Env) -> Any:
    """The job: what it counted."""
    answer = client.post("/api/jobs/deliver-events", headers=shop.bearer(env["CRON_SECRET"]))
    assert answer.status_code == 200, answer.text
    return answer.json


def row(database: Connection, user: Person) -> dict[str, Any]:
    """His one event, and for how many seconds it will wait."""
    [row] = database.execute(
        "select id::text, attempts, error, delivered_at is not null as delivered, "
        "extract(epoch from next_attempt_at - now())::int as waits "
        "from account_events where user_id = %s",
        [user.id],
    ).fetchall()
    return row


def let_it_be_due(database: Connection, user: Person) -> None:
    database.execute(
        "update account_events set next_attempt_at = now() where user_id = %s", [user.id]
    )


def verified(heard: Heard, secret: str = SIGNING_SECRET) -> Any:
    """As the host app checks it, with the library of the standard."""
    return Webhook(secret).verify(heard.body, heard.headers)


def test_the_app_is_told_who_ran_low_and_how_low(
    sandbox: Env, backend: FlaskClient, app: HostApp, low: Person, database: Connection
) -> None:
    assert deliver(backend, sandbox) == TOLD
    [heard] = app.heard
    body = json.loads(heard.body)
    assert body.pop("timestamp")
    data = {"user_id": low.id, "available": 48, "threshold": 50}
    assert body == {"type": "low_balance", "data": data}
    told = row(database, low)
    assert (heard.path, heard.headers["webhook-id"]) == ("/hook", told["id"])
    assert (told["delivered"], told["error"], told["waits"]) == (True, None, None)
    assert deliver(backend, sandbox) == NOTHING_DUE
    assert len(app.heard) == 1


def test_the_signature_is_the_secrets_the_bodys_and_the_ids(
    sandbox: Env, backend: FlaskClient, app: HostApp, low: Person
) -> None:
    deliver(backend, sandbox)
    [heard] = app.heard
    assert verified(heard)["data"]["user_id"] == low.id
    with pytest.raises(WebhookVerificationError):
        verified(heard, ANOTHER_SECRET)
    with pytest.raises(WebhookVerificationError):
        verified(Heard(heard.path, heard.headers, heard.body.replace(b"48", b"49")))
    for name in ("webhook-id", "webhook-timestamp"):
        with pytest.raises(WebhookVerificationError):
            verified(Heard(heard.path, heard.headers | {name: "1"}, heard.body))


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (500, "HTTP 500"),
        (404, "HTTP 404"),
        (301, "HTTP 301"),
        (302, "HTTP 302"),
        (307, "HTTP 307"),
        (308, "HTTP 308"),
        ("stall", "ReadTimeoutError"),
        ("hang up", "ProtocolError"),
    ],
)
def test_what_the_app_did_not_take_waits_and_is_told_again(
    sandbox: Env,
    backend: FlaskClient,
    app: HostApp,
    low: Person,
    database: Connection,
    mode: int | str,
    error: str,
) -> None:
    app.mode = mode
    assert deliver(backend, sandbox) == FAILED
    waiting = row(database, low)
    assert (waiting["attempts"], waiting["error"], waiting["delivered"]) == (1, error, False)
    assert 50 <= waiting["waits"] <= 60
    assert deliver(backend, sandbox) == NOTHING_DUE

    app.mode = 200
    let_it_be_due(database, low)
    assert deliver(backend, sandbox) == TOLD
    told = row(database, low)
    assert (told["attempts"], told["error"], told["delivered"]) == (2, None, True)
    # Nothing was asked elsewhere, and both times it was the same event.
    assert [heard.path for heard in app.heard] == ["/hook", "/hook"]
    assert {heard.headers["webhook-id"] for heard in app.heard} == {told["id"]}
    assert verified(app.heard[0]) == verified(app.heard[1])


def test_an_app_that_is_away_is_told_when_it_is_back(
    sandbox: Env, low: Person, database: Connection
) -> None:
    with host_app() as gone:
        away = shop.client(sandbox, **gone.settings())
    assert deliver(away, sandbox) == FAILED
    assert row(database, low)["error"] == "NewConnectionError"
    let_it_be_due(database, low)
    with host_app() as back:
        assert deliver(shop.client(sandbox, **back.settings()), sandbox) == TOLD
        assert len(back.heard) == 1


def test_each_failure_doubles_the_wait_and_twenty_end_it(
    sandbox: Env, backend: FlaskClient, app: HostApp, low: Person, database: Connection
) -> None:
    app.mode = 500
    waits = []
    for _ in range(20):
        let_it_be_due(database, low)
        assert deliver(backend, sandbox) == FAILED
        waits.append(row(database, low)["waits"])
    minutes = [round(wait / 60) if wait is not None else None for wait in waits]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, *[720] * 9, None]
    assert len(app.heard) == 20


def test_without_an_address_events_wait_untouched(
    sandbox: Env, low: Person, database: Connection
) -> None:
    counts = {"delivered": 0, "failed": 0, "configured": False}
    assert deliver(shop.client(sandbox, APP_WEBHOOK_URL=""), sandbox) == counts
    assert (row(database, low)["attempts"], row(database, low)["waits"] <= 0) == (0, True)
