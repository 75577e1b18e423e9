"""The log: one JSON object a line, with ids to follow, and nothing that is anybody's secret."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import shop
from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.webhook import PATH, Webhook
from tests.http import HTTP
from tests.people import PASSWORD, People, Person
from tests.stripe_console import SUCCEEDS, StripeConsole

Env = dict[str, str]
SECRETS = (
    "SUPABASE_SERVICE_KEY", "SUPABASE_SECRET_KEY", "SUPABASE_JWT_SECRET", "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET", "SERVICE_API_KEYS", "CRON_SECRET",
)  # fmt: skip


@pytest.fixture
def log(sandbox: Env) -> Any:
    """What the backend has logged since the test began."""
    path = Path(sandbox["SANDBOX_DATA"]) / "logs" / "backend.log"
    begin = path.stat().st_size

    def read() -> str:
        with path.open() as file:
            file.seek(begin)
            return file.read()

    return read


def entries(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_request_leaves_one_line_that_its_answer_points_to(log: Any, buyer: Person) -> None:
    answer = buyer.get("/api/credits?limit=secret-in-the-query")
    [entry] = [e for e in entries(log()) if e["request_id"] == answer.headers["X-Request-Id"]]
    assert entry["message"] == "request"
    assert (entry["method"], entry["path"]) == ("GET", "/api/credits")
    assert entry["status"] == answer.status_code
    assert entry["duration_ms"] > 0
    assert entry["level"] == "INFO"
    assert "code" not in entry
    assert "secret-in-the-query" not in log()


def test_every_line_says_when_in_utc(log: Any, buyer: Person) -> None:
    buyer.get("/api/credits")
    for entry in entries(log()):
        at = datetime.fromisoformat(entry["time"])
        assert at.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ask", "code", "level"),
    [
        (lambda client: client.get("/api/packages"), "database_unavailable", "WARNING"),
        (lambda client: client.post(PATH, data=b"{}"), "invalid_signature", "WARNING"),
        (lambda client: client.get("/api/credits"), "unauthorized", "INFO"),
    ],
)
def test_a_request_that_fails_says_why_and_loudly_where_the_shop_must_look(
    capsys: pytest.CaptureFixture[str], ask: Any, code: str, level: str
) -> None:
    """Of a shop whose database is away."""
    ask(shop.client())
    [entry] = [e for e in entries(capsys.readouterr().err) if e["message"] == "request"]
    assert (entry["code"], entry["level"]) == (code, level)


def test_a_job_leaves_its_counts(log: Any, jobs: Jobs) -> None:
    """Schedulers throw the answer away."""
    for name in ("release-holds", "deliver-events", "reconcile", "cleanup"):
        report = jobs.run(name)
        counts = {name: value for name, value in report.items() if isinstance(value, int)}
        [entry] = [e for e in entries(log()) if e.get("job") == name]
        assert (entry["message"], entry["level"], entry["counts"]) == ("job", "INFO", counts)


def test_a_job_that_is_refused_counts_nothing(log: Any, sandbox: Env) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        HTTP.request(method, f"{sandbox['BACKEND_URL']}/api/jobs/cleanup")
    assert [e for e in entries(log()) if e["message"] == "job"] == []


def test_an_event_can_be_found_by_its_id(
    log: Any, webhook: Webhook, shop_floor: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    bought = shop_floor.sell_silently(buyer)
    paid = stripe_console.events(bought.intent_id)[-1]
    webhook.outcome(paid)
    assert [e["path"] for e in entries(log()) if e.get("stripe_event_id") == paid["id"]] == [
        "/api/stripe/webhook"
    ]


def test_what_stripe_refused_is_logged_with_stripes_own_id(
    log: Any, buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    stripe_console.deliver("drop")
    stripe_console.expire(order["session_id"])
    buyer.post(f"/api/payments/{order['payment_id']}/cancel")
    [refusal] = [e for e in entries(log()) if e["message"] == "stripe refused"]
    assert refusal["stripe_request_id"].startswith("req_")
    assert refusal["http_status"] == 400


def test_no_secret_token_address_or_card_is_in_the_log(
    sandbox: Env,
    log: Any,
    shop_floor: Shop,
    stripe_console: StripeConsole,
    webhook: Webhook,
) -> None:
    """After all that a buyer and an attacker do."""
    buyer = People(sandbox).sign_up()
    bought = shop_floor.sell(buyer)
    stripe_console.fault(path="/v1/*", status=500, times=4)
    buyer.post(f"/api/payments/{bought.payment_id}/refresh")
    stripe_console.put_back()
    for event in stripe_console.events(bought.intent_id):
        webhook.send(event)
        webhook.send(event | {"id": "evt_x", "data": {"object": {"status": 1}}})
    stripe_console.refund(bought.charge_id)
    buyer.post("/api/stripe/create-checkout-session", {"email": buyer.email})
    buyer.get(f"/api/credits?token={buyer.token}")
    for name in SECRETS:
        HTTP.get(
            f"{sandbox['BACKEND_URL']}/api/credits?key={sandbox[name]}",
            headers={"Authorization": f"Bearer {sandbox[name]}", "X-API-Key": sandbox[name]},
        )
    text = log()
    assert len(entries(text)) > 10
    forbidden = {name: sandbox[name] for name in SECRETS} | {
        "token": buyer.token,
        "signature of the token": buyer.token.split(".")[2],
        "e-mail": buyer.email,
        "e-mail on the card": "buyer@example.com",
        "password": PASSWORD,
        "card": SUCCEEDS,
        "name on the card": "Ada Buyer",
        "bearer": "Bearer ",
    }
    assert [what for what, value in forbidden.items() if value in text] == []
    last4 = r"(?<![\w-])4242(?![\w-])"  # alone: an id may have these digits among its own
    assert not re.search(last4, text)


def test_a_line_break_in_a_path_forges_no_line(log: Any, buyer: Person) -> None:
    buyer.get('/api/x%0a{"level": "ERROR", "message": "forged"}')
    assert [entry for entry in entries(log()) if entry["message"] == "forged"] == []
