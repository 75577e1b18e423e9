"""Currencies without minor units and with three digits of them, and the buyer's own language."""

from typing import Any

import psycopg
import pytest

from tests.backend.checkout_page import CheckoutPage
from tests.backend.commands import flask
from tests.backend.subscriber import Subscriber
from tests.http import HTTP
from tests.people import People, Person
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import StripeConsole, eventually

CHECKOUT = "/api/stripe/create-checkout-session"
INTENTS = "/api/stripe/create-payment-intent"
SESSIONS = "/v1/checkout/sessions"
# The starter package's price in minor units, and how Stripe's page writes it.
PRICES = {"jpy": (780, "¥780"), "kwd": (1550, "1.550"), "usd": (499, "$4.99")}


@pytest.mark.parametrize("currency", PRICES)
@pytest.mark.parametrize("ui_mode", ["hosted", "embedded"])
def test_what_is_ordered_is_shown_charged_and_credited(
    buyer: Person, stripe_console: StripeConsole, currency: str, ui_mode: str
) -> None:
    stripe_console.deliver("hold")
    amount, written = PRICES[currency]
    order = buyer.order(currency=currency, ui_mode=ui_mode)
    assert (order["amount"], order["currency"]) == (amount, currency)
    page = CheckoutPage(stripe_console, order)
    assert written in page.show()
    page.pay()
    stripe_console.release()
    payment = buyer.payment(order["payment_id"])
    assert (payment["status"], payment["amount_paid"]) == ("succeeded", amount)
    [charged] = stripe_console.charged(buyer.email)
    assert (charged["amount_received"], charged["currency"]) == (amount, currency)
    assert buyer.available == 500


@pytest.mark.parametrize("currency", PRICES)
def test_inside_the_page_it_is_the_same(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole, currency: str
) -> None:
    stripe_console.deliver("hold")
    amount, _ = PRICES[currency]
    answer = buyer.post(INTENTS, {"package_id": "starter", "currency": currency})
    assert (answer.json()["amount"], answer.json()["currency"]) == (amount, currency)
    intent = stripe_js.confirm(answer.json()["client_secret"])
    assert (intent["status"], intent["amount"]) == ("succeeded", amount)
    stripe_console.release("shuffle")
    assert buyer.payment(answer.json()["payment_id"])["amount_paid"] == amount
    assert buyer.available == 500


@pytest.fixture(params=PRICES)
def paid(request: pytest.FixtureRequest, buyer: Person, stripe_console: StripeConsole) -> Any:
    """A payment in each of the currencies; what comes of it is held."""
    stripe_console.deliver("hold")
    order = buyer.order(currency=request.param)
    CheckoutPage(stripe_console, order).pay()
    stripe_console.release()
    return buyer.payment(order["payment_id"])


def refund_path(payment: dict[str, Any]) -> str:
    return f"/api/payments/{payment['payment_id']}/refund"


def test_a_refund_takes_its_share_of_the_credits(
    paid: dict[str, Any], people: People, buyer: Person, stripe_console: StripeConsole
) -> None:
    part = paid["amount"] // 30 * 10
    answer = people.admin().post(refund_path(paid), {"amount": part})
    assert answer.status_code == 200, answer.text
    assert answer.json()["credits_refunded"] == part * 500 // paid["amount"]
    stripe_console.release()
    rest = people.admin().post(refund_path(paid)).json()
    assert rest["amount"] == paid["amount"] - part
    stripe_console.release()
    assert buyer.payment(paid["payment_id"])["status"] == "refunded"
    assert buyer.available == 0


def test_dinars_go_back_in_steps_of_ten(
    people: People, buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order(currency="kwd")
    CheckoutPage(stripe_console, order).pay()
    assert buyer.refresh(order["payment_id"])["status"] == "succeeded"
    admin = people.admin()
    for amount in (1, 5, 101, 1549):
        refused = admin.post(refund_path(order), {"amount": amount})
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_error")
    assert admin.post(refund_path(order), {"amount": 1540}).status_code == 200
    assert admin.post(refund_path(order)).json()["amount"] == 10


@pytest.mark.parametrize(
    ("currency", "words", "minor_units"),
    [("jpy", "300", 300), ("kwd", "0.550", 550), ("usd", "1.50", 150)],
)
def test_the_shell_takes_amounts_as_people_write_them(
    sandbox: dict[str, str],
    buyer: Person,
    stripe_console: StripeConsole,
    currency: str,
    words: str,
    minor_units: int,
) -> None:
    order = buyer.order(currency=currency)
    CheckoutPage(stripe_console, order).pay()
    buyer.refresh(order["payment_id"])
    about = ("--payment-id", order["payment_id"], "--amount", words)
    done = flask(sandbox, "refund", *about, "--yes")
    assert done.returncode == 0, done.stderr
    assert f"{words} {currency.upper()}" in done.stdout
    assert buyer.refresh(order["payment_id"])["amount_refunded"] == minor_units


@pytest.mark.parametrize(
    ("currency", "words"), [("jpy", "1.5"), ("kwd", "0.5555"), ("usd", "1.005")]
)
def test_the_shell_refuses_what_the_currency_does_not_have(
    sandbox: dict[str, str], buyer: Person, stripe_console: StripeConsole, currency: str, words: str
) -> None:
    order = buyer.order(currency=currency)
    CheckoutPage(stripe_console, order).pay()
    buyer.refresh(order["payment_id"])
    about = ("--payment-id", order["payment_id"], "--amount", words)
    refused = flask(sandbox, "refund", *about, "--yes")
    assert refused.returncode != 0
    assert "decimals" in refused.stderr
    assert buyer.refresh(order["payment_id"])["amount_refunded"] == 0


@pytest.mark.parametrize(("currency", "amount"), [("jpy", 1380), ("eur", 849)])
def test_a_subscription_in_another_currency_renews_in_it(
    subscriber: Subscriber, stripe_console: StripeConsole, currency: str, amount: int
) -> None:
    stripe_console.deliver("hold")
    subscriber.subscribe("monthly", currency=currency)
    subscriber.renew()
    stripe_console.release("shuffle")
    payments = [(each["amount_paid"], each["currency"]) for each in subscriber.payments]
    assert payments == [(amount, currency)] * 2
    assert subscriber.grants == [1000, 1000]
    assert (subscriber.listed["amount"], subscriber.listed["currency"]) == (amount, currency)


def test_a_second_subscription_keeps_to_the_currency_of_the_first(
    subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    """Stripe bills all of a customer's subscriptions in one currency."""
    subscriber.subscribe("monthly", currency="usd")
    eventually(lambda: len(subscriber.subscriptions), lambda count: count == 1)
    yearly = {"package_id": "yearly", "currency": "eur"}
    refused = subscriber.buyer.post(CHECKOUT, yearly)
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_state")
    assert "in USD" in refused.json()["detail"]
    assert subscriber.buyer.post(CHECKOUT, yearly | {"currency": "usd"}).status_code == 201
    stripe_console.delete(f"subscriptions/{subscriber.subscription['id']}")
    eventually(lambda: subscriber.listed["ended_at"], lambda ended: ended is not None)
    assert subscriber.buyer.post(CHECKOUT, yearly).status_code == 201


def test_a_subscription_that_is_not_sold_in_a_currency_is_refused(buyer: Person) -> None:
    answer = buyer.post(CHECKOUT, {"package_id": "monthly", "currency": "kwd"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "currency")


def test_prices_are_listed_in_minor_units(buyer: Person) -> None:
    for currency, (amount, _) in PRICES.items():
        packages = buyer.get("/api/packages", params={"currency": currency}).json()["packages"]
        [starter] = [package for package in packages if package["id"] == "starter"]
        assert (starter["amount"], starter["currency"]) == (amount, currency)
        assert starter["price_per_credit"] == amount / 500
        for package in packages:
            assert package["currency"] == currency
            if currency == "kwd":
                assert package["amount"] % 10 == 0, "Stripe takes steps of ten"


# Languages

LOCALES = {
    "en": "en",
    "en-GB": "en",
    "zh": "zh",
    "zh-Hans-CN": "zh",
    "zh_CN": "zh",
    "ZH-hans": "zh",
    "fr-FR": "en",
    None: "en",
}


@pytest.mark.parametrize(("locale", "language"), LOCALES.items(), ids=str)
def test_stripes_page_speaks_the_buyers_language_where_there_is_one(
    buyer: Person, stripe_console: StripeConsole, locale: str | None, language: str
) -> None:
    order = buyer.order(**({"locale": locale} if locale else {}))
    [asked] = stripe_console.requests(method="POST", path=SESSIONS)
    assert asked["params"]["locale"] == language
    packages = buyer.get("/api/packages", params={"locale": language}).json()["packages"]
    [starter] = [package for package in packages if package["id"] == "starter"]
    [line] = asked["params"]["line_items"]
    assert line["price_data"]["product_data"]["name"] == starter["name"]
    page = CheckoutPage(stripe_console, order).show()
    assert starter["name"] in page
    assert f'<html lang="{language}' in page


def test_a_subscription_is_named_in_the_language_that_it_was_bought_in(
    buyer: Person, stranger: Person, stripe_console: StripeConsole, bilingual: str
) -> None:
    """Its price at Stripe has a name, which the page, the portal and every invoice repeat."""
    pages = [
        CheckoutPage(stripe_console, person.order(bilingual, locale=locale)).show()
        for person, locale in ((buyer, "zh-Hans-CN"), (stranger, "en-GB"))
    ]
    assert ["Lessons" in page for page in pages] == [False, True]
    assert ["课程" in page for page in pages] == [True, False]


@pytest.fixture
def bilingual(database: psycopg.Connection[dict], changing_catalog: None) -> str:
    """A subscription that nobody has bought yet."""
    names = '{"en": "Lessons", "zh": "课程"}'
    database.execute(
        "insert into credit_packages (id, kind, interval, credits, position, name)"
        " values ('lessons', 'subscription', 'month', 10, 99, %s)",
        [names],
    )
    database.execute(
        "insert into credit_package_prices (package_id, currency, amount) values ('lessons', 'usd', 500)"
    )
    return "lessons"


@pytest.mark.parametrize("locale", ["zh-Hans-CN", "en"])
def test_an_intent_is_described_in_the_buyers_language(
    buyer: Person, stripe_console: StripeConsole, locale: str
) -> None:
    buyer.post(INTENTS, {"package_id": "starter", "locale": locale})
    [asked] = stripe_console.requests(method="POST", path="/v1/payment_intents")
    packages = buyer.get("/api/packages", params={"locale": locale}).json()["packages"]
    [starter] = [package for package in packages if package["id"] == "starter"]
    assert asked["params"]["description"] == starter["name"]


def test_the_portal_speaks_it_too(buyer: Person) -> None:
    url = buyer.post("/api/stripe/portal-session", {"locale": "zh-Hans-CN"}).json()["url"]
    assert '<html lang="zh' in HTTP.get(url).text
