"""A failure of its own Stripe repeats to its idempotency key for a day: nobody waits for that to end
who could not pay twice, and whoever could is asked for under no other key."""

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from backend.errors import DatabaseUnavailable
from backend.services.idempotency import Idempotency
from tests import shop
from tests.backend.checkout_page import CheckoutPage
from tests.backend.jobs import Jobs
from tests.backend.purchase import Purchase, Shop
from tests.backend.recharging import recharges
from tests.backend.refunding import REFUNDS, given_back, refund, refusal
from tests.backend.test_buying import CHECKOUT, SESSIONS
from tests.backend.wallet import INTENTS, STARTER, Wallet
from tests.people import Person
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import StripeConsole, eventually

CUSTOMERS, PRICES, PAYMENT_INTENTS = "/v1/customers", "/v1/prices", "/v1/payment_intents"


def fails(stripe_console: StripeConsole, path: str, times: int = 1) -> None:
    """Stripe does the work, fails, and says so to that key from then on."""
    stripe_console.fault(method="POST", path=path, status=500, when="during", times=times)


@pytest.fixture
def client(sandbox: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The backend in this process, where it tries again without a pause."""
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)
    return shop.client(sandbox)


def order(client: FlaskClient, buyer: Person, path: str, **wish: Any) -> Any:
    return client.post(path, json=STARTER | wish, headers=shop.bearer(buyer.token))


@pytest.mark.parametrize("path", [CUSTOMERS, SESSIONS])
@pytest.mark.parametrize("ui_mode", ["hosted", "embedded"])
def test_an_order_on_stripes_page_is_paid_once(
    client: FlaskClient,
    buyer: Person,
    shop_floor: Shop,
    stripe_console: StripeConsole,
    path: str,
    ui_mode: str,
) -> None:
    fails(stripe_console, path)
    placed = order(client, buyer, CHECKOUT, ui_mode=ui_mode)
    assert placed.status_code == 201, placed.text
    CheckoutPage(stripe_console, placed.json).pay()
    assert buyer.refresh(placed.json["payment_id"])["status"] == "succeeded"
    for customer in stripe_console.customers(buyer.email):
        for session in stripe_console.api("checkout/sessions", customer=customer)["data"]:
            if session["status"] == "open":  # nobody was told of this one
                stripe_console.expire(session["id"])
                assert eventually_told(shop_floor, stripe_console, session["id"]) == "ignored"
    assert buyer.payment(placed.json["payment_id"])["status"] == "succeeded"
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def eventually_told(shop_floor: Shop, stripe_console: StripeConsole, session_id: str) -> str:
    """What the inbox made of the session's end."""
    expired = [each for each in stripe_console.events(session_id) if "expired" in each["type"]]
    eventually(lambda: stripe_console.deliveries(event_id=expired[-1]["id"]), bool)
    row = shop_floor.event_row(expired[-1]["id"])
    assert row["error"] == "session_mismatch"
    return row["status"]


@pytest.mark.usefixtures("changing_catalog")
def test_a_subscription_is_sold_at_a_price_that_was_asked_for_again(
    client: FlaskClient,
    buyer: Person,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
) -> None:
    database.execute(
        "update credit_package_prices set amount = 98765"  # which Stripe has not heard of yet
        " where package_id = 'monthly' and currency = 'usd'"
    )
    fails(stripe_console, PRICES)
    placed = order(client, buyer, CHECKOUT, package_id="monthly")
    assert placed.status_code == 201, placed.text
    stripe_console.pay(placed.json["url"])
    assert buyer.refresh(placed.json["payment_id"])["status"] == "succeeded"
    assert buyer.available == 1000


@pytest.mark.parametrize("path", [CUSTOMERS, PAYMENT_INTENTS])
def test_an_order_in_the_page_is_paid_once(
    client: FlaskClient,
    buyer: Person,
    stripe_js: StripeBrowser,
    shop_floor: Shop,
    stripe_console: StripeConsole,
    path: str,
) -> None:
    fails(stripe_console, path)
    placed = order(client, buyer, INTENTS)
    assert placed.status_code == 201, placed.text
    stripe_js.confirm(placed.json["client_secret"])
    assert buyer.refresh(placed.json["payment_id"])["status"] == "succeeded"
    assert shop_floor.ledger(buyer) == [("purchase", 500)]
    assert len(stripe_console.charged(buyer.email)) == 1


def test_one_click_with_a_saved_card_charges_once(
    client: FlaskClient, wallet: Wallet, shop_floor: Shop, stripe_console: StripeConsole
) -> None:
    """The intent is made first, and charged when it is known."""
    card = wallet.save()
    fails(stripe_console, PAYMENT_INTENTS)
    placed = order(client, wallet.buyer, INTENTS, payment_method_id=card)
    assert (placed.status_code, placed.json["status"]) == (201, "succeeded")
    assert len(stripe_console.charged(wallet.buyer.email)) == 1
    assert shop_floor.ledger(wallet.buyer) == [("purchase", 500)]


@pytest.mark.parametrize("path", [CUSTOMERS, SESSIONS])
def test_whoever_asks_again_gets_what_was_made_past_it(
    client: FlaskClient,
    buyer: Person,
    stripe_console: StripeConsole,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    """Stripe has failed three times, and then our answer is lost."""
    fails(stripe_console, path, times=3)
    headers = shop.bearer(buyer.token) | {"Idempotency-Key": "one wish"}

    def ask() -> Any:
        return client.post(CHECKOUT, json=STARTER, headers=headers)

    with monkeypatch.context() as patch:
        patch.setattr(Idempotency, "keep", lost)
        assert ask().json["code"] == "database_unavailable"
    answer = ask()
    assert answer.status_code == 201
    assert ask().json == answer.json
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert payment["payment_url"] == answer.json["url"]


def lost(*_: Any) -> Any:
    raise DatabaseUnavailable


@pytest.mark.usefixtures("changing_catalog")
@pytest.mark.parametrize(("path", "amount"), [(CUSTOMERS, 87654), (PRICES, 76543)])
def test_a_refusal_that_stripe_only_repeats_ends_no_later_order(
    client: FlaskClient,
    buyer: Person,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
    path: str,
    amount: int,
) -> None:
    """Its cause may be gone, and the key is one of many orders."""
    database.execute(  # an amount that Stripe has not heard of yet
        "update credit_package_prices set amount = %s"
        " where package_id = 'monthly' and currency = 'usd'",
        [amount],
    )
    stripe_console.fault(method="POST", path=path, status=400, when="during")
    assert order(client, buyer, CHECKOUT, package_id="monthly").status_code == 502
    assert order(client, buyer, CHECKOUT, package_id="monthly").status_code == 201


@pytest.mark.usefixtures("nobody_elses_recharge_is_due", "changing_catalog")
def test_a_recharge_that_may_have_charged_is_asked_for_under_no_other_key(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    fails(stripe_console, PAYMENT_INTENTS)
    for _ in range(3):
        assert jobs.recharge() == {"unavailable": 1}
    assert len(stripe_console.charged(due.buyer.email)) == 1
    stripe_console.release()
    eventually(lambda: recharges(due.buyer)[0]["status"], lambda status: status == "succeeded")
    assert jobs.recharge() == {}
    assert due.buyer.available == 500


def test_a_refund_that_may_have_been_made_is_asked_for_under_no_other_key(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    fails(stripe_console, REFUNDS)
    for _ in range(3):
        assert refusal(admin, purchase, amount=100) == (503, "stripe_unavailable")
    assert given_back(stripe_console, purchase) == [100]
    stripe_console.release()
    eventually(lambda: purchase.now["amount_refunded"], lambda amount: amount == 100)
    assert refund(admin, purchase, amount=100)["amount"] == 100, "seen, and wanted once more"
    assert given_back(stripe_console, purchase) == [100, 100]
