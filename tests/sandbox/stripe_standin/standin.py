"""`python -m sandbox.stripe` alone on a free port, and an endpoint for its webhooks."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import stripe

from tests.http import HTTP

ROOT = Path(__file__).resolve().parents[3]
SECRET_KEY = "sk_test_standin0123456789"
PUBLISHABLE_KEY = "pk_test_standin0123456789"
WEBHOOK_SECRET = "whsec_standin"
ASYNC_SECONDS = 0.4
READY_SECONDS_MAX = 20
WAIT_SECONDS_MAX = 15

SUCCEEDS = "4242424242424242"
DECLINED = "4000000000000002"
INSUFFICIENT_FUNDS = "4000000000009995"
EXPIRED = "4000000000000069"
ASKS_FOR_3D_SECURE = "4000002500003155"
REFUND_FAILS = "4000000000005126"


@dataclass
class Received:
    """One delivery, as the endpoint saw it."""

    body: bytes
    headers: dict[str, str]

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """The shop's side: an endpoint that answers `statuses` one after the other, then 200, and a
    `document` at every other address."""

    url: str
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    document: str = ""

    def types(self) -> list[str]:
        return [delivery.event["type"] for delivery in self.received]


@dataclass
class Standin:
    base: str
    receiver: Receiver
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def lever(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST to /_sandbox/…; the answer must be a success."""
        answer = HTTP.post(f"{self.base}/_sandbox/{path}", json=body or {}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def look(self, path: str) -> Any:
        return HTTP.get(f"{self.base}/_sandbox/{path}", timeout=30).raise_for_status().json()

    def first_deliveries_under_way(self) -> list[dict[str, Any]]:
        """Without those that are tried again after a failure."""
        waiting = [self.look(f"deliveries?status={status}") for status in ("pending", "sending")]
        return [
            delivery
            for found in waiting
            for delivery in found["deliveries"]
            if delivery["attempts"] == 0
        ]

    def api(self, method: str, path: str, key: str = SECRET_KEY, **options: Any) -> httpx.Response:
        """A request without the SDK, for what the SDK would never send."""
        headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
        return HTTP.request(method, self.base + path, headers=headers, timeout=30, **options)

    def new_session(self, client: stripe.StripeClient, **more: Any) -> stripe.checkout.Session:
        """A hosted session over 4.99 USD."""
        line = {
            "quantity": 1,
            "price_data": {
                "currency": "usd",
                "unit_amount": 499,
                "product_data": {"name": "Starter", "description": "500 credits"},
            },
        }
        params: dict[str, Any] = {
            "mode": "payment",
            "line_items": [line],
            "success_url": f"{self.base}/healthz?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self.base}/healthz?canceled",
            "customer_email": "buyer@example.com",
            "payment_intent_data": {"metadata": {"payment_id": "p1"}},
        }
        return client.v1.checkout.sessions.create(params | more)

    def pay(self, session_url: str, number: str = SUCCEEDS, **fields: str) -> httpx.Response:
        """Submits the hosted page's form without a browser; redirects are not followed."""
        form = {
            "method": "card",
            "email": "buyer@example.com",
            "number": number,
            "expiration": "12 / 44",
            "cvc": "123",
            "name": "Ada Buyer",
        }
        return HTTP.post(session_url, data=form | fields, timeout=30)

    def post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """Submits a form of a page; `path` as a redirect names it."""
        url = path if path.startswith("http") else self.base + path
        return HTTP.post(url, data=fields, timeout=30)

    def restart(self) -> None:
        stop(self.process)
        self.process = launch(self.environment)


def events_since(standin: Standin, last_seen: str | None) -> list[dict[str, Any]]:
    """Oldest first."""
    events: list[dict[str, Any]] = []
    for _ in range(100):
        cursor = f"&ending_before={last_seen}" if last_seen else ""
        page = standin.api("GET", f"/v1/events?limit=100{cursor}").json()
        events += page["data"][::-1]
        if not page["has_more"] or not last_seen:
            return events
        last_seen = events[-1]["id"]
    raise AssertionError("too many events")


def event_types(standin: Standin, object_id: str) -> list[str]:
    """The types of the events about one object, oldest first."""
    events = standin.api("GET", "/v1/events?limit=100").json()["data"][::-1]
    return [event["type"] for event in events if event["data"]["object"]["id"] == object_id]


def eventually(condition: Callable[[], Any]) -> Any:
    """Waits boundedly until `condition` gives something true, and returns it."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError("this did not happen in time")


def launch(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.stripe"], cwd=ROOT, env=environment, start_new_session=True
    )
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            HTTP.get(f"{environment['STRIPE_API_BASE']}/healthz", timeout=1)
            return process
        except httpx.HTTPError:
            time.sleep(0.05)
    stop(process)
    raise AssertionError("python -m sandbox.stripe did not start")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)


def start_receiver() -> tuple[ThreadingHTTPServer, Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(Received(body, dict(self.headers)))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            body = receiver.document.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, receiver


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
