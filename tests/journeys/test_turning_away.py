"""What is under way when the buyer turns to something else, or somebody else takes the page over."""

import psycopg
import pytest
from playwright.sync_api import Route, expect

from tests.browser import Windows
from tests.journeys.gifts import give
from tests.journeys.shop import Shop
from tests.journeys.stripe_page import IS_DECLINED
from tests.people import Person
from tests.stripe_console import StripeConsole

ORDER = "**/api/stripe/create-checkout-session"
PAYMENT_INSIDE = "**/api/stripe/create-payment-intent"
TO_FINISH = "Credits: 0 available, 1 payment to finish"
LEND = """async (token) => {
  window.lent = token;
  const { configure, sessionChanged } = await import("/topup.js");
  configure({ getAccessToken: () => window.lent });
  await sessionChanged();
}"""


@pytest.fixture
def held() -> list[Route]:
    """What is on its way and does not arrive, until the test lets it."""
    return []


def hold(shop: Shop, what: str, held: list[Route]) -> None:
    shop.page.route(what, lambda route: held.append(route))


def test_an_order_that_nobody_waits_for_leads_nowhere_and_can_be_paid_later(
    shop: Shop, held: list[Route]
) -> None:
    hold(shop, ORDER, held)
    shop.open_dialog()
    shop.choose("Starter")
    with shop.page.expect_request(ORDER):
        shop.pay_button.click()
    shop.close_dialog()
    held.pop().continue_()
    expect(shop.badge).to_have_accessible_name(TO_FINISH)
    assert shop.page.url == f"{shop.env['BACKEND_URL']}/"


def test_stripe_js_that_fails_after_the_dialog_was_closed_orders_nothing(
    shop: Shop, buyer: Person, windows: Windows
) -> None:
    windows.expect_complaint("ERR_FAILED")
    stripe_js = shop.env["STRIPE_JS_URL"]
    tries: list[Route] = []

    def hold_the_first(route: Route) -> None:
        tries.append(route)
        if len(tries) > 1:
            route.abort()

    shop.page.route(stripe_js, hold_the_first)
    shop.use_form("embedded")
    shop.open_dialog()
    shop.choose("Starter")
    with shop.page.expect_request(stripe_js):
        shop.pay_button.click()
    shop.close_dialog()
    with shop.page.expect_event("requestfailed", lambda _: len(tries) == 2):
        tries[0].abort()
    shop.page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 200))")
    assert shop.page.url == f"{shop.env['BACKEND_URL']}/"
    assert buyer.get("/api/payments").json()["payments"] == []


def test_another_language_sells_nothing_else_and_orders_nothing_more(
    shop: Shop, buyer: Person
) -> None:
    shop.use_form("embedded")
    shop.open_dialog()
    shop.choose("Starter")
    shop.pay_button.click()
    expect(shop.stripe_inside.card_number).to_be_visible()
    shop.dialog.get_by_label("Language").select_option("中文")
    expect(shop.stripe_inside.card_number).to_be_visible()
    shop.dialog.get_by_label("语言").select_option("English")
    shop.stripe_inside.pay_by_card()
    shop.expect_balance(500)
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert (payment["package_id"], payment["status"]) == ("starter", "succeeded")


def test_the_language_waits_until_a_payment_is_answered(
    shop: Shop, held: list[Route], stripe_console: StripeConsole, windows: Windows
) -> None:
    windows.expect_complaint("402")
    stripe_console.decline_next("do_not_honor")
    payment = shop.start_paying_inside()
    payment.form.fill()
    hold(shop, PAYMENT_INSIDE, held)
    with shop.page.expect_request(PAYMENT_INSIDE):
        payment.pay_button.click()
    language = shop.dialog.get_by_label("Language")
    expect(language).to_be_disabled()
    held.pop().continue_()
    payment.expect_said("Your bank declined this payment")
    expect(language).to_be_enabled()


def test_a_host_app_that_changes_its_user_shows_nothing_of_the_one_before(
    visitor: Shop, buyer: Person, stranger: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 1234, "For the first")
    give(database, stranger, 77, "For the second")
    visitor.expect_nobody()
    visitor.page.evaluate(LEND, buyer.token)
    visitor.expect_balance(1234)
    visitor.open_dialog("History")
    expect(visitor.dialog.get_by_text("For the first")).to_be_visible()
    visitor.page.evaluate(LEND, stranger.token)
    visitor.expect_balance(77)
    expect(visitor.dialog.get_by_text("For the first")).to_be_hidden()
    visitor.dialog.get_by_role("tab", name="History").click()
    expect(visitor.dialog.get_by_text("For the second")).to_be_visible()


def test_nobody_is_led_to_the_payment_of_the_one_before(
    shop: Shop, stranger: Person, windows: Windows
) -> None:
    """It was begun by somebody whose session then ended."""
    windows.expect_complaint("402")
    shop.start_paying_inside().pay(IS_DECLINED)
    expect(shop.dialog.get_by_text("Your card was declined.")).to_be_visible()
    shop.page.evaluate("() => localStorage.clear()")
    shop.page.evaluate(LEND, None)
    shop.expect_nobody()
    shop.page.evaluate(LEND, stranger.token)
    shop.expect_balance(0)
    expect(shop.pay_button).to_have_text("Pay $4.99")


@pytest.mark.parametrize("tab", ["history", "balance", "wallet"])
def test_an_app_that_opens_a_section_for_a_visitor_lets_him_sign_in_to_it(
    visitor: Shop, buyer: Person, tab: str
) -> None:
    visitor.expect_nobody()
    visitor.open_dialog()
    visitor.close_dialog()
    visitor.page.locator("credits-dialog").evaluate("(dialog, tab) => dialog.open(tab)", tab)
    visitor.sign_in(buyer)
    expect(visitor.dialog.locator(f"#tab-{tab}")).to_have_attribute("aria-selected", "true")
