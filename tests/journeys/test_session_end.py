"""The session ends while its owner pays: he reads why he has to sign in, and goes on where he was."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser import Windows
from tests.journeys.shop import Shop
from tests.journeys.test_trouble import refuse
from tests.people import Person
from tests.stripe_console import StripeConsole

ORDERS = "**/api/stripe/create-*"
RENEWAL = "**/auth/v1/token?grant_type=refresh_token"
SIGNED_OUT = "You were signed out. Sign in again to go on with your payment."


@pytest.fixture
def expired(shop: Shop, windows: Windows) -> Shop:
    """The start page of somebody whose next order is refused, for he was signed out elsewhere."""
    windows.expect_complaint("401")
    windows.expect_complaint("400")

    def forget_session(route: Route) -> None:
        problem = {"code": 400, "error_code": "refresh_token_not_found", "msg": "For the log"}
        route.fulfill(status=400, json=problem)

    shop.page.route(ORDERS, lambda route: refuse(route, 401, "unauthorized"), times=1)
    shop.page.route(RENEWAL, forget_session, times=1)
    return shop


def expect_asked_to_sign_in(shop: Shop) -> None:
    expect(shop.dialog.get_by_text(SIGNED_OUT).first).to_be_visible()
    expect(shop.dialog.get_by_role("status")).to_have_text(SIGNED_OUT)
    expect(shop.dialog.get_by_label("E-mail")).to_be_focused()


def test_who_signs_in_again_goes_on_with_the_payment_in_the_page(
    expired: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    payment = expired.start_paying_inside()
    payment.pay()
    expect_asked_to_sign_in(expired)
    expired.sign_in(buyer)
    expect(payment.pay_button).to_have_text("Pay $4.99")
    payment.pay()
    payment.expect_paid()
    assert len(stripe_console.charged(buyer.email)) == 1


def test_somebody_else_who_signs_in_is_led_to_the_shop(expired: Shop, stranger: Person) -> None:
    expired.start_paying_inside().pay()
    expect_asked_to_sign_in(expired)
    expired.sign_in(stranger)
    expect(expired.dialog.get_by_role("tab", name="Buy")).to_be_visible()
    assert stranger.get("/api/payments").json()["payments"] == []


def test_who_pays_on_stripes_page_is_told_why_he_signs_in_again(
    expired: Shop, buyer: Person
) -> None:
    expired.open_dialog()
    expired.choose("Starter")
    expired.pay_button.click()
    expect_asked_to_sign_in(expired)
    expired.sign_in(buyer)
    expired.at_stripe()


def test_who_has_paid_is_led_back_to_the_shop(shop: Shop, buyer: Person) -> None:
    tab = shop.another_tab()
    payment = shop.start_paying_inside()
    payment.pay()
    payment.expect_paid()
    tab.sign_out()
    expect(shop.dialog.get_by_role("status")).to_have_text("You are signed out.")
    expect(shop.pay_button).to_have_text("Sign in and pay $4.99")
    shop.dialog.get_by_role("button", name="Sign in", exact=True).click()
    shop.sign_in(buyer)
    expect(shop.pay_button).to_have_text("Pay $4.99")


def test_a_visitor_who_comes_after_somebody_signs_in_and_goes_on_to_his_own_payment(
    shop: Shop, stranger: Person
) -> None:
    shop.start_paying_inside()
    shop.close_dialog()
    shop.sign_out()
    shop.start_paying_inside()
    expect(shop.dialog.get_by_text("Then you continue straight").first).to_be_visible()
    shop.sign_in(stranger)
    expect(shop.payment.form.number).to_be_visible()
