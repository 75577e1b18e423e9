"""Ordering a package: what Stripe is asked, what the buyer is answered."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.backend.purchase import Shop
from tests.people import Person
from tests.stripe_console import StripeConsole

CHECKOUT = "/api/stripe/create-checkout-session"
SESSIONS = "/v1/checkout/sessions"


def sent(stripe_console: StripeConsole, path: str = SESSIONS) -> dict[str, Any]:
    """The parameters of the only request to this address."""
    [request] = stripe_console.requests(method="POST", path=path)
    return request["params"]


def refusal(buyer: Person, **fields: Any) -> tuple[int, str, list[str]]:
    """Status, code and the fields that are named."""
    answer = buyer.post(CHECKOUT, {"package_id": "starter"} | fields)
    problem = answer.json()
    return answer.status_code, problem["code"], [e["field"] for e in problem.get("errors", [])]


def test_a_hosted_order_answers_all_that_the_contract_names(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    assert order.keys() == {
        "payment_id", "session_id", "url", "client_secret", "status", "amount", "currency",
        "credits", "expires_at",
    }  # fmt: skip
    assert order["session_id"].startswith("cs_test_")
    assert order["url"].startswith(stripe_console.base)
    assert order["client_secret"] is None
    bought = [order[name] for name in ("status", "amount", "currency", "credits")]
    assert bought == ["pending", 499, "usd", 500]
    lifetime = datetime.fromisoformat(order["expires_at"]) - datetime.now(UTC)
    assert 1800 < lifetime.total_seconds() <= 24 * 3600


def test_an_embedded_order_answers_a_client_secret_and_no_address(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order(ui_mode="embedded")
    assert order["url"] is None
    assert order["client_secret"].startswith(order["session_id"])
    params = sent(stripe_console)
    assert params["ui_mode"] == "embedded_page"
    assert f"payment_id={order['payment_id']}" in params["return_url"]
    assert not {"success_url", "cancel_url"} & params.keys()


def test_the_users_id_is_in_the_metadata_of_everything(
    buyer: Person, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    bought = shop_floor.sell(buyer)
    ours = {"payment_id": bought.payment_id, "user_id": buyer.id}
    session = stripe_console.api(f"checkout/sessions/{bought.order['session_id']}")
    intent = stripe_console.api(f"payment_intents/{bought.intent_id}")
    customer = stripe_console.api(f"customers/{session['customer']}")
    assert session["metadata"] == intent["metadata"] == ours
    assert session["client_reference_id"] == bought.payment_id
    assert customer["metadata"] == {"user_id": buyer.id}
    assert customer["email"] == buyer.email


def test_stripe_is_asked_for_exactly_what_was_ordered(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    buyer.order("creator", currency="EUR", locale="zh-CN")
    params = sent(stripe_console)
    [line] = params["line_items"]
    price = line["price_data"]
    assert (params["mode"], line["quantity"]) == ("payment", "1")
    assert (price["currency"], price["unit_amount"]) == ("eur", "1399")
    assert price["product_data"]["name"] == "创作包"
    assert params["locale"] == "zh"


@pytest.mark.parametrize(
    ("package_id", "currency", "amount"),
    [
        ("starter", "usd", 499),
        ("starter", "eur", 499),
        ("starter", "jpy", 780),
        ("professional", "JPY", 4580),
        ("premium", "cny", 100000),
    ],
)
def test_the_price_is_in_the_currencys_own_minor_unit(
    buyer: Person, package_id: str, currency: str, amount: int
) -> None:
    order = buyer.order(package_id, currency=currency)
    assert (order["amount"], order["currency"]) == (amount, currency.lower())


def test_without_a_wish_the_currency_is_one_that_the_package_is_sold_in(buyer: Person) -> None:
    assert buyer.order("starter")["currency"] == "usd"
    assert buyer.order("premium")["currency"] == "cny"


@pytest.mark.parametrize(
    "tampered",
    [
        {"amount": 1},
        {"price": 1},
        {"unit_amount": 0},
        {"quantity": 1000},
        {"credits": 1_000_000},
        {"user_id": "somebody else"},
        {"metadata": {}},
        {"discount": 100},
    ],
    ids=lambda tampered: next(iter(tampered)),
)
def test_a_price_from_the_browser_is_refused(
    buyer: Person, stripe_console: StripeConsole, tampered: dict[str, Any]
) -> None:
    assert refusal(buyer, **tampered) == (422, "validation_error", list(tampered))
    assert stripe_console.requests() == []


@pytest.mark.usefixtures("changing_catalog")
def test_the_price_is_the_one_in_the_database_at_that_moment(
    buyer: Person, database: psycopg.Connection[dict], stripe_console: StripeConsole
) -> None:
    database.execute(
        "update credit_package_prices set amount = 599 where package_id = 'starter' "
        "and currency = 'usd'"
    )
    assert buyer.order()["amount"] == 599
    assert sent(stripe_console)["line_items"][0]["price_data"]["unit_amount"] == "599"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"package_id": "no-such-package"}, (404, "not_found", [])),
        ({"package_id": "STARTER"}, (422, "validation_error", ["package_id"])),
        ({"package_id": "starter' or 1=1 --"}, (422, "validation_error", ["package_id"])),
        ({"package_id": "体验包"}, (422, "validation_error", ["package_id"])),
        ({"package_id": "a\u0000b"}, (422, "validation_error", ["package_id"])),
        ({"package_id": 7}, (422, "validation_error", ["package_id"])),
        ({"currency": "cny"}, (422, "validation_error", ["currency"])),
        ({"currency": "xxx"}, (422, "validation_error", ["currency"])),
        ({"currency": "dollars"}, (422, "validation_error", ["currency"])),
        ({"ui_mode": "hosted_page"}, (422, "validation_error", ["ui_mode"])),
        ({"locale": "x" * 36}, (422, "validation_error", ["locale"])),
        ({"return_url": "https://evil.example"}, (422, "validation_error", ["return_url"])),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_cannot_be_ordered_is_refused_before_stripe_is_asked(
    buyer: Person,
    stripe_console: StripeConsole,
    fields: dict[str, Any],
    expected: tuple[int, str, list[str]],
) -> None:
    assert refusal(buyer, **fields) == expected
    assert stripe_console.requests() == []
    assert buyer.get("/api/payments").json()["payments"] == []


@pytest.mark.usefixtures("changing_catalog")
@pytest.mark.parametrize("table", ["credit_packages", "credit_package_prices"])
def test_what_was_taken_off_the_shelf_cannot_be_ordered(
    buyer: Person, database: psycopg.Connection[dict], table: str
) -> None:
    column = "id" if table == "credit_packages" else "package_id"
    database.execute(f"update {table} set active = false where {column} = 'starter'")
    status, code, _ = refusal(buyer)
    assert (status, code) in ((404, "not_found"), (422, "validation_error"))


def test_the_buyer_comes_back_to_the_page_that_was_asked_for(
    buyer: Person, sandbox: dict[str, str], stripe_console: StripeConsole
) -> None:
    page = f"{sandbox['BACKEND_URL']}/editor?document=7&tab=credits#top"
    order = buyer.order(return_url=page)
    params = sent(stripe_console)
    for address in (params["success_url"], params["cancel_url"]):
        assert address.startswith(f"{sandbox['BACKEND_URL']}/editor?document=7&tab=credits&")
        assert f"payment_id={order['payment_id']}" in address
        assert address.endswith("#top")
    assert "canceled=true" in params["cancel_url"]


def test_a_forged_host_changes_no_address(buyer: Person, stripe_console: StripeConsole) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    answer = buyer.request("POST", CHECKOUT, json={"package_id": "starter"}, headers=headers)
    assert answer.status_code == 201
    assert "evil.example" not in str(sent(stripe_console))


def test_too_many_unfinished_payments_are_refused_until_one_is_ended(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    orders = [buyer.order() for _ in range(open_payments_max(database))]
    assert refusal(buyer)[:2] == (409, "invalid_state")
    assert buyer.post(f"/api/payments/{orders[0]['payment_id']}/cancel").status_code == 200
    buyer.order()


def open_payments_max(database: psycopg.Connection[dict]) -> int:
    [row] = database.execute(
        "select (regexp_match(prosrc, 'c_open_payments_max[^;]*:= (\\d+)'))[1]::int as n "
        "from pg_proc where proname = 'create_payment'"
    ).fetchall()
    return row["n"]
