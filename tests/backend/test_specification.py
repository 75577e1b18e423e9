"""What the API really answers, against what its specification says: a walk past every operation,
then every error that can be had, then what goes out to the host app."""

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from flask import Flask

from tests import shop
from tests.backend.purchase import Purchase, Shop
from tests.backend.wallet import CARDS, INTENTS, STARTER, Wallet
from tests.backend.webhook import Webhook, event
from tests.http import HTTP
from tests.people import Person
from tests.specification import (
    check_answer,
    check_value,
    document,
    operation_of,
    operations,
    resolved,
)
from tests.stripe_browser import CAN_ONLY_BE_SAVED
from tests.stripe_console import IS_DECLINED, StripeConsole

Env = dict[str, str]
Answers = Iterator[httpx.Response]
CHECKOUT = "/api/stripe/create-checkout-session"
AUTO_RECHARGE = "/api/credits/auto-recharge"
SIGNING_SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1leGFtcGxlLWhvc3QtYXBwLTAx"


@pytest.fixture
def server(sandbox: Env) -> Person:
    """Another server of the owner."""
    return holder_of(sandbox, sandbox["SERVICE_API_KEYS"].split(",")[0])


@pytest.fixture
def scheduler(sandbox: Env) -> Person:
    return holder_of(sandbox, sandbox["CRON_SECRET"])


def holder_of(env: Env, credential: str) -> Person:
    return Person(env=env, id="", email="", password="", token=credential)


def test_every_operation_answers_as_it_is_described(
    sandbox: Env,
    buyer: Person,
    admin: Person,
    server: Person,
    scheduler: Person,
    shop_floor: Shop,
    stripe_console: StripeConsole,
    webhook: Webhook,
    wallet: Wallet,
) -> None:
    walked = set()
    for answer in (
        *looking_around(sandbox),
        *buying(buyer, shop_floor, stripe_console),
        *keeping_cards(wallet),
        *subscribing(buyer, stripe_console),
        *recharging(buyer),
        *spending(server, buyer),
        *refunding(admin, shop_floor.sell(buyer)),
        *hearing_from_stripe(webhook, admin),
        *keeping_house(admin, scheduler, buyer),
        *reading(buyer),
    ):
        assert answer.status_code < 400, f"{answer.request.url}: {answer.text}"
        check_answer(answer)
        walked.add((operation_of(answer.request) or {})["operationId"])
    assert walked == {operation["operationId"] for _, _, operation in operations()}


def looking_around(env: Env) -> Answers:
    for path in (
        "health",
        "ready",
        "packages?currency=JPY&locale=zh",
        "docs",
    ):
        yield HTTP.get(f"{env['BACKEND_URL']}/api/{path}")
    for path in ("config", "packages", "openapi.json"):
        yield (first := HTTP.get(f"{env['BACKEND_URL']}/api/{path}"))
        yield HTTP.get(first.request.url, headers={"If-None-Match": first.headers["ETag"]})
    yield HTTP.get(f"{env['BACKEND_URL']}/api/cart/count")


def buying(buyer: Person, floor: Shop, stripe: StripeConsole) -> Answers:
    floor.sell(buyer, "creator")
    yield (hosted := buyer.post(CHECKOUT, {"package_id": "starter", "locale": "zh"}, key="one"))
    yield buyer.post(CHECKOUT, {"package_id": "starter", "locale": "zh"}, key="one")
    yield (embedded := buyer.post(CHECKOUT, {"package_id": "starter", "ui_mode": "embedded"}))
    yield buyer.get("/api/cart/count")
    stripe.pay(hosted.json()["url"], IS_DECLINED)
    yield buyer.post(f"/api/payments/{hosted.json()['payment_id']}/refresh", key="two")
    yield buyer.post(f"/api/payments/{embedded.json()['payment_id']}/cancel", {}, key="three")
    yield buyer.get(f"/api/payments/{hosted.json()['payment_id']}")
    yield (page := buyer.get("/api/payments?limit=1"))
    yield buyer.get(f"/api/payments?cursor={page.json()['next_cursor']}")
    yield buyer.get("/api/payments?status=canceled")


def keeping_cards(wallet: Wallet) -> Answers:
    buyer = wallet.buyer
    yield (unpaid := buyer.post(INTENTS, STARTER | {"save_payment_method": True}, key="four"))
    yield buyer.post(f"/api/payments/{unpaid.json()['payment_id']}/refresh")
    card = wallet.save()
    yield buyer.post(INTENTS, STARTER | {"currency": "eur", "payment_method_id": card})
    yield buyer.get(CARDS)
    yield buyer.post(f"{CARDS}/refresh", {})
    yield buyer.post(f"{CARDS}/setup-intent", key="five")
    yield buyer.post(f"{CARDS}/{wallet.save()}/default", key="six")
    yield buyer.request("DELETE", f"{CARDS}/{card}")


def subscribing(buyer: Person, stripe: StripeConsole) -> Answers:
    yield (order := buyer.post(CHECKOUT, {"package_id": "monthly"}))
    stripe.pay(order.json()["url"])
    yield buyer.post(f"/api/payments/{order.json()['payment_id']}/refresh")
    yield (mine := buyer.get("/api/stripe/subscriptions"))
    [subscription] = mine.json()["subscriptions"]
    named = {"subscription_id": subscription["subscription_id"]}
    yield buyer.post("/api/stripe/cancel-subscription", named, key="seven")
    yield buyer.post("/api/stripe/resume-subscription", named)
    yield buyer.post("/api/stripe/portal-session", {"locale": "zh"})


def recharging(buyer: Person) -> Answers:
    yield buyer.get(AUTO_RECHARGE)
    terms = {"threshold": 100, "package_id": "starter", "monthly_limit": 2000, "currency": "USD"}
    yield buyer.request("PUT", AUTO_RECHARGE, json={"enabled": True, **terms})
    yield buyer.request("PUT", AUTO_RECHARGE, json={"enabled": False})
    yield buyer.request("PUT", AUTO_RECHARGE, json={"enabled": True, **terms})


def refunding(admin: Person, purchase: Purchase) -> Answers:
    path = f"/api/payments/{purchase.payment_id}/refund"
    yield admin.post(path, {"amount": 100, "reason": "duplicate"}, key=uuid.uuid4().hex)
    yield admin.get(path)
    many = {"payment_ids": [purchase.payment_id, str(uuid.uuid4())], "reason": "For the wait."}
    yield admin.post("/api/admin/refunds", many | {"dry_run": True})
    yield admin.post("/api/admin/refunds", many, key=uuid.uuid4().hex)


def spending(server: Person, buyer: Person) -> Answers:
    work = {"user_id": buyer.id, "feature": "image_generation", "quantity": 2}
    for key in (uuid.uuid4().hex,) * 2:
        yield server.post("/api/credits/spend", {**work, "metadata": {"job": 1}}, key=key)
    for key in (uuid.uuid4().hex,) * 2:
        yield (held := server.post("/api/credits/holds", work, key=key))
    path = f"/api/credits/holds/{held.json()['hold_id']}"
    yield server.get(path)
    yield server.post(f"{path}/capture", {"quantity": 1})
    yield server.post(f"{path}/capture")
    yield server.get(path)
    yield (
        held := server.post("/api/credits/holds", work | {"ttl_seconds": 60}, key=uuid.uuid4().hex)
    )
    yield server.post(f"/api/credits/holds/{held.json()['hold_id']}/release")
    there = buyer.available
    low = {"user_id": buyer.id, "feature": "docx_processing", "quantity": (there - 20) // 2}
    yield server.post("/api/credits/spend", low, key=uuid.uuid4().hex)


def reading(buyer: Person) -> Answers:
    yield buyer.get("/api/credits")
    yield (page := buyer.get("/api/credits/transactions?limit=1"))
    yield buyer.get(f"/api/credits/transactions?cursor={page.json()['next_cursor']}&type=spend")
    yield buyer.get("/api/credits/transactions?format=csv")
    yield buyer.get("/api/credits/forecast")
    for card in buyer.get(CARDS).json()["payment_methods"]:
        yield buyer.request("DELETE", f"{CARDS}/{card['id']}")
    yield (told := buyer.get("/api/credits/events"))
    assert {"low_balance", "auto_recharge_off"} <= {each["type"] for each in told.json()["events"]}
    yield buyer.request("PUT", "/api/credits/low-balance-threshold", json={"threshold": 10})
    yield buyer.get("/api/credits/usage")
    yield buyer.get("/api/credits/usage?from=2026-01-01&to=2026-01-02T00:00:00Z&group=day")


def keeping_house(admin: Person, scheduler: Person, buyer: Person) -> Answers:
    for credits, expires_at in ((7, "2027-01-01T00:00:00+01:00"), (-5, None)):
        grant = {"user_id": buyer.id, "credits": credits, "reason": "x", "expires_at": expires_at}
        yield admin.post("/api/admin/credits/grant", grant, key=uuid.uuid4().hex)
    for path in (
        "payments?limit=1",
        f"payments?q={buyer.email}&status=succeeded&currency=USD&from=2026-01-01&disputed=false",
        f"users/{buyer.id}",
        "events?status=processed&limit=1",
        "metrics",
    ):
        yield admin.get(f"/api/admin/{path}")
    for job in (
        "expire-credits", "release-holds", "deliver-events", "auto-recharge", "reconcile", "cleanup",
    ):  # fmt: skip
        yield scheduler.get(f"/api/jobs/{job}")
        yield scheduler.post(f"/api/jobs/{job}")


def hearing_from_stripe(webhook: Webhook, admin: Person) -> Answers:
    ignored = event("customer.created", {"id": "cus_1", "object": "customer"})
    yield webhook.send(ignored)
    yield webhook.send(ignored)
    failed = event("checkout.session.completed", {"id": "cs_of_nobody"})
    yield webhook.send(failed)
    yield admin.post(f"/api/admin/events/{failed['id']}/replay")


def test_errors_are_the_problems_that_are_described(
    sandbox: Env,
    buyer: Person,
    server: Person,
    purchase: Purchase,
    stripe_console: StripeConsole,
    webhook: Webhook,
    wallet: Wallet,
) -> None:
    seen = set()
    for answer in (
        *refusals(sandbox, buyer, server, purchase),
        buyer.post(INTENTS, STARTER | {"payment_method_id": wallet.save(CAN_ONLY_BE_SAVED)}),
        *trouble(sandbox, buyer, stripe_console),
        webhook.post(b"{}", "t=1,v1=0"),
        webhook.send_bytes(b"[]"),
    ):
        assert answer.status_code >= 400, f"{answer.request.url}: {answer.text}"
        check_answer(answer)
        seen.add(answer.json().get("code"))
    # Too many requests and bugs are for other tests.
    codes = set(document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"])
    assert codes - seen == {"rate_limited", "internal_error"}


def refusals(env: Env, buyer: Person, server: Person, purchase: Purchase) -> Answers:
    payment = f"/api/payments/{purchase.payment_id}"
    yield HTTP.get(env["BACKEND_URL"] + "/api/credits")
    yield HTTP.get(env["BACKEND_URL"] + "/api/cart/count", headers=shop.bearer("nonsense"))
    yield HTTP.get(env["BACKEND_URL"] + "/api/packages?currency=xxx")
    yield HTTP.delete(env["BACKEND_URL"] + "/api/packages")
    yield HTTP.get(env["BACKEND_URL"] + "/api/no/such/address")
    yield server.get(payment)
    yield buyer.get("/api/payments?limit=0")
    yield buyer.get(f"/api/payments/{uuid.uuid4()}")
    yield buyer.get("/api/payments/nonsense")
    yield buyer.post(f"{payment}/cancel")
    yield buyer.post(CHECKOUT, {"package_id": "starter", "price": 1})
    yield buyer.post(CHECKOUT, {"package_id": "starter"}, key="a" * 256)
    yield buyer.post(CHECKOUT, {"package_id": "a" * 70_000})
    for content, kind in ((b"{", "application/json"), (b"a=b", "text/plain")):
        yield buyer.request("POST", CHECKOUT, content=content, headers={"Content-Type": kind})
    buyer.post(CHECKOUT, {"package_id": "starter"}, key="again")
    yield buyer.post(CHECKOUT, {"package_id": "creator"}, key="again")
    work = {"user_id": purchase.buyer.id, "feature": "image_generation", "quantity": 1000}
    yield server.post("/api/credits/spend", work, key=uuid.uuid4().hex)
    yield server.post("/api/credits/holds", work, key=uuid.uuid4().hex)
    yield server.post("/api/credits/holds", work)


def trouble(env: Env, buyer: Person, stripe: StripeConsole) -> Answers:
    stripe.fault(path="/v1/checkout/sessions", status=500, times=9)
    yield buyer.post(CHECKOUT, {"package_id": "starter"})
    stripe.put_back()
    for path in ("ready", "config", "packages"):
        with backend(shop.app()) as nowhere:
            yield nowhere.get(f"/api/{path}")
    for changed in ({"STRIPE_SECRET_KEY": "sk_test_wrong"}, {"PAYMENTS_ENABLED": "false"}):
        with backend(shop.app(env, **changed)) as http:
            order = {"package_id": "starter"}
            yield http.post(CHECKOUT, json=order, headers=shop.bearer(buyer.token))


def backend(app: Flask) -> httpx.Client:
    """A backend of another configuration, in this process."""
    return httpx.Client(transport=httpx.WSGITransport(app), base_url="http://shop.example")


def test_the_host_app_hears_what_is_described(
    sandbox: Env, buyer: Person, server: Person, scheduler: Person, shop_floor: Shop
) -> None:
    shop_floor.sell(buyer)
    work = {"user_id": buyer.id, "feature": "docx_processing", "quantity": 240}
    spent = server.post("/api/credits/spend", work, key=uuid.uuid4().hex)
    assert spent.status_code == 201, spent.text
    with HTTPServer(("127.0.0.1", 0), Ear) as app:
        threading.Thread(target=app.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{app.server_port}/hook"
        telling = shop.client(sandbox, APP_WEBHOOK_URL=url, APP_WEBHOOK_SECRET=SIGNING_SECRET)
        counts = telling.post("/api/jobs/deliver-events", headers=shop.bearer(scheduler.token)).json
        app.shutdown()
    assert counts["delivered"] == len(Ear.heard) > 0
    for headers, body in Ear.heard:
        described = document()["webhooks"][body["type"]]["post"]
        check_value(described["requestBody"]["content"]["application/json"]["schema"], body)
        assert {resolved(each)["name"] for each in described["parameters"]} <= headers
    assert buyer.id in {body["data"]["user_id"] for _, body in Ear.heard}


class Ear(BaseHTTPRequestHandler):
    """The host app: listens and says yes."""

    heard: list[tuple[set[str], dict[str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.append(({name.lower() for name in self.headers}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
