"""When something is down or lost, the buyer reads what happened, and trying again charges once."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.journeys.shop import PAID, Shop
from tests.people import Person
from tests.stripe_console import StripeConsole

BUYING = "**/api/stripe/create-checkout-session"


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (503, "payments_disabled", "Buying is closed for the moment."),
        (429, "rate_limited", "Too many tries in a short time."),
        (503, "stripe_unavailable", "The payment service can’t be reached right now."),
        (503, "database_unavailable", "We can’t reach our records right now."),
        (500, "internal_error", "Something went wrong on our side."),
    ],
)
def test_a_refused_purchase_is_said_in_words_with_a_reference(
    shop: Shop, windows: Windows, status: int, code: str, sentence: str
) -> None:
    windows.expect_complaint(str(status))
    shop.page.route(BUYING, lambda route: refuse(route, status, code))
    shop.open_dialog()
    shop.choose("Starter")
    shop.pay_button.click()

    said = shop.dialog.get_by_role("alert")
    expect(said).to_contain_text(sentence)
    expect(said).to_contain_text("Nothing was charged.")
    expect(said).to_contain_text("Reference: request-0001")
    expect(shop.pay_button).to_have_text("Pay $4.99")
    expect(shop.pay_button).to_be_enabled()


@pytest.mark.parametrize("is_lost", ["the request", "the answer"])
def test_trying_again_after_silence_finishes_the_same_purchase(
    shop: Shop,
    buyer: Person,
    stripe_console: StripeConsole,
    windows: Windows,
    is_lost: str,
) -> None:
    windows.expect_complaint("ERR_CONNECTION_RESET")
    keys: list[str] = []

    def lose_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            return route.continue_()
        if is_lost == "the answer":
            route.fetch()
        return route.abort("connectionreset")

    shop.page.route(BUYING, lose_first)
    shop.open_dialog()
    shop.choose("Starter")
    shop.pay_button.click()
    expect(shop.dialog.get_by_role("alert")).to_contain_text("No connection.")

    shop.dialog.get_by_role("button", name="Try again").click()
    shop.at_stripe().pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert len(sessions_asked_for(buyer, stripe_console)) == 1


def test_another_package_after_silence_is_another_purchase(
    shop: Shop, buyer: Person, windows: Windows
) -> None:
    windows.expect_complaint("ERR_CONNECTION_RESET")
    keys: list[str] = []

    def lose_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.continue_() if len(keys) > 1 else route.abort("connectionreset")

    shop.page.route(BUYING, lose_first)
    shop.open_dialog()
    shop.choose("Starter")
    shop.pay_button.click()
    expect(shop.dialog.get_by_role("alert")).to_be_visible()
    shop.choose("Creator")
    shop.pay().pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1500)
    assert len(set(keys)) == 2


def test_while_buying_is_closed_there_is_nothing_to_press_and_the_balance_stays_open(
    shop: Shop,
) -> None:
    shop.page.route("**/api/config", close_buying)
    shop.visit()
    shop.open_dialog()
    expect(shop.dialog.get_by_text("Buying is closed for the moment.")).to_be_visible()
    expect(shop.pay_button).to_be_hidden()
    shop.dialog.get_by_role("tab", name="Balance").click()
    expect(shop.dialog.get_by_text("Received so far")).to_be_visible()


def test_packages_that_could_not_be_loaded_come_with_trying_again(
    shop: Shop, windows: Windows
) -> None:
    windows.expect_complaint("ERR_INTERNET_DISCONNECTED")
    shop.page.route("**/api/packages*", lambda route: route.abort("internetdisconnected"), times=1)
    shop.open_dialog()
    expect(shop.dialog.get_by_role("alert")).to_contain_text("No connection.")
    shop.dialog.get_by_role("button", name="Try again").click()
    expect(shop.dialog.get_by_role("radio")).to_have_count(3)


def test_a_currency_whose_packages_could_not_be_loaded_is_chosen_and_another_can_be(
    shop: Shop, windows: Windows
) -> None:
    windows.expect_complaint("ERR_INTERNET_DISCONNECTED")
    shop.open_dialog()
    shop.choose("Starter")
    shop.page.route("**/api/packages*", lambda route: route.abort("internetdisconnected"))
    currency = shop.dialog.get_by_label("Currency")
    currency.select_option("JPY")
    expect(shop.dialog.get_by_role("alert")).to_contain_text("No connection.")
    expect(currency).to_have_value("jpy")
    shop.page.unroute("**/api/packages*")
    currency.select_option("EUR")
    expect(shop.pay_button).to_have_text("Pay €4.99")


def test_cards_and_plans_are_in_reach_while_packages_can_not_be_loaded(
    wallet: Wallet, open_shop: Callable[..., Shop], windows: Windows
) -> None:
    windows.expect_complaint("ERR_INTERNET_DISCONNECTED")
    wallet.save()
    shop = open_shop(wallet.buyer)
    shop.page.route("**/api/packages*", lambda route: route.abort("internetdisconnected"))
    shop.open_dialog("Payment")
    recharge = shop.dialog.get_by_role("region", name="Auto-recharge")
    expect(shop.dialog.get_by_text("Visa ending in 4242")).to_be_attached()
    expect(shop.dialog.get_by_text("You have no subscription.")).to_be_visible()
    expect(recharge.get_by_role("alert")).to_contain_text("No connection.")
    expect(recharge.get_by_role("switch")).to_be_disabled()
    shop.page.unroute("**/api/packages*")
    recharge.get_by_role("button", name="Try again").click()
    expect(recharge.get_by_role("alert")).to_be_hidden()
    expect(recharge.get_by_role("switch")).to_be_enabled()


def test_a_payment_tab_that_could_not_be_loaded_says_so(shop: Shop, windows: Windows) -> None:
    windows.expect_complaint("ERR_INTERNET_DISCONNECTED")
    shop.page.route("**/api/config", lambda route: route.abort("internetdisconnected"))
    shop.visit()
    shop.page.evaluate("document.querySelector('credits-dialog').open('wallet')")
    expect(shop.dialog.get_by_role("alert")).to_contain_text("No connection.")
    shop.page.unroute("**/api/config")
    shop.dialog.get_by_role("button", name="Try again").click()
    expect(shop.dialog.get_by_role("tab", name="Payment")).to_be_visible()


def test_a_balance_that_could_not_be_loaded_is_not_shown_as_zero(
    shop: Shop, windows: Windows
) -> None:
    windows.expect_complaint("503")
    shop.page.route("**/api/credits", lambda route: refuse(route, 503, "database_unavailable"))
    shop.visit()
    expect(shop.badge).to_have_accessible_name("Credits: the balance could not be loaded")
    shop.page.unroute("**/api/credits")
    shop.open_dialog("Balance")
    shop.expect_balance(0)


def refuse(route: Route, status: int, code: str) -> None:
    """Answer as the backend does when it can't."""
    problem = {
        "type": "about:blank",
        "title": "No",
        "status": status,
        "code": code,
        "detail": "For the log",
        "request_id": "request-0001",
    }
    route.fulfill(status=status, json=problem, content_type="application/problem+json")


def close_buying(route: Route) -> None:
    """The configuration as it is under PAYMENTS_ENABLED=false."""
    answer = route.fetch()
    route.fulfill(response=answer, json=answer.json() | {"payments_enabled": False})


def sessions_asked_for(person: Person, console: StripeConsole) -> list[dict[str, Any]]:
    """The requests that asked Stripe for a session for this person."""
    requests = console.requests(method="POST", path="/v1/checkout/sessions")
    return [
        request
        for request in requests
        if request["params"].get("metadata", {}).get("user_id") == person.id
    ]


def test_a_badge_that_changes_under_the_finger_still_opens_the_dialog(shop: Shop) -> None:
    """A balance may arrive, or a language be chosen, between press and release."""
    expect(shop.badge).to_have_accessible_name("Credits: 0 available")
    shop.badge.locator("svg").hover()
    shop.page.mouse.down()
    shop.page.get_by_label("Language").select_option("zh")
    expect(shop.badge).not_to_have_accessible_name("Credits: 0 available")
    shop.page.mouse.up()
    expect(shop.dialog).to_be_visible()
