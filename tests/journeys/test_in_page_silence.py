"""Stripe says nothing for thirty seconds: the payment can be taken up again, and charges once.

The page's clock is moved, so that nobody waits.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.journeys.payment_view import PaymentView
from tests.journeys.shop import Shop
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually

CONFIRM = "**/v1/payment_intents/*/confirm"
ORDER = "**/api/stripe/create-payment-intent"
LIMIT_MS = 30_000
# The longest pause between two questions.
PAUSE_MS = 15_000
GLANCE_MS = 100
GLANCES_MAX = 100
NOT_KNOWN = "We don’t know yet"
UNFINISHED = "Credits: 0 available, 1 payment to finish"


@pytest.fixture
def held() -> list[Route]:
    """What is on its way and does not arrive, until the test lets it."""
    return []


def pay_into_silence(shop: Shop, what: str, held: list[Route]) -> PaymentView:
    """Press Pay; what the page asks then is held on its way, for longer than it waits."""
    shop.page.clock.install()
    payment = shop.start_paying_inside()
    shop.page.route(what, lambda route: held.append(route))
    payment.form.fill()
    with shop.page.expect_request(what):
        payment.pay_button.click()
    shop.page.clock.fast_forward(LIMIT_MS)
    expect(payment.outcome).to_have_text(NOT_KNOWN)
    expect(shop.dialog.get_by_text("Nobody pays twice")).to_be_visible()
    return payment


def outlast_the_asking(shop: Shop) -> Locator:
    """Until the page gives up by itself: the button to ask again."""
    again = shop.dialog.get_by_role("button", name="Check again")
    for _ in range(GLANCES_MAX):
        if again.is_visible():
            break
        shop.page.clock.fast_forward(PAUSE_MS)
        shop.page.wait_for_timeout(GLANCE_MS)
    expect(again).to_be_visible()
    return again


def test_the_answer_that_comes_late_still_counts(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, held: list[Route]
) -> None:
    payment = pay_into_silence(shop, CONFIRM, held)
    held.pop().continue_()
    payment.expect_paid()
    shop.expect_balance(500)
    assert len(stripe_console.charged(buyer.email)) == 1


def test_asking_ends_and_the_payment_waits_among_the_open_ones(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, held: list[Route]
) -> None:
    pay_into_silence(shop, CONFIRM, held)
    outlast_the_asking(shop)
    shop.dialog.get_by_role("button", name="Finish it later").click()
    expect(shop.badge).to_have_accessible_name(UNFINISHED)
    held.pop().abort()

    shop.page.unroute(CONFIRM)
    shop.dialog.get_by_role("button", name="Resume the payment of $4.99").click()
    shop.payment.pay()
    shop.payment.expect_paid()
    shop.expect_balance(500)
    assert len(stripe_console.charged(buyer.email)) == 1


def test_who_pays_again_meanwhile_is_charged_once_when_the_first_try_arrives_after_all(
    shop: Shop,
    buyer: Person,
    stripe_console: StripeConsole,
    windows: Windows,
    held: list[Route],
) -> None:
    windows.expect_complaint("400")  # Stripe, to the try that is too late
    pay_into_silence(shop, CONFIRM, held)
    tab = shop.another_tab()
    tab.open_dialog()
    tab.dialog.get_by_role("button", name="Resume the payment of $4.99").click()
    tab.payment.pay()
    tab.payment.expect_paid()
    held.pop().continue_()
    shop.payment.expect_paid()
    assert buyer.available == 500
    assert len(stripe_console.charged(buyer.email)) == 1


def test_a_charge_whose_answer_is_lost_is_found_and_not_made_again(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, held: list[Route]
) -> None:
    payment = pay_into_silence(shop, CONFIRM, held)
    held.pop().fetch()  # It arrives, is done, and the answer is lost.
    eventually(lambda: len(stripe_console.charged(buyer.email)), lambda charges: charges == 1)
    payment.expect_paid()
    shop.expect_balance(500)


def test_an_order_whose_answer_is_lost_is_asked_for_again_under_the_same_key(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, windows: Windows
) -> None:
    windows.expect_complaint("ERR_CONNECTION_RESET")
    keys: list[str] = []

    def lose_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            return route.continue_()
        route.fetch()
        return route.abort("connectionreset")

    shop.page.route(ORDER, lose_first)
    payment = shop.start_paying_inside()
    payment.pay()
    payment.expect_said("No connection.")
    payment.pay_button.click()
    payment.expect_paid()
    assert len(set(keys)) == 1
    assert len(buyer.get("/api/payments").json()["payments"]) == 1
    assert len(stripe_console.charged(buyer.email)) == 1


def test_a_saved_card_whose_charge_got_no_answer_is_asked_about_and_no_other_is_charged(
    wallet: Wallet,
    open_shop: Callable[..., Shop],
    stripe_console: StripeConsole,
    windows: Windows,
) -> None:
    windows.expect_complaint("ERR_CONNECTION_RESET")
    wallet.save()

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    shop = open_shop(wallet.buyer)
    shop.page.clock.install()
    shop.page.route(ORDER, lose_the_answer)
    payment = shop.start_paying_inside()
    payment.pay_button.click()
    expect(payment.outcome).to_have_text(NOT_KNOWN)
    again = outlast_the_asking(shop)
    shop.page.unroute(ORDER)
    again.click()
    payment.expect_paid()
    shop.expect_balance(500)
    assert len(stripe_console.charged(wallet.buyer.email)) == 1
    assert len(wallet.buyer.get("/api/payments").json()["payments"]) == 1
