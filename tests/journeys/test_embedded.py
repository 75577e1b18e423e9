"""Paying inside the dialog, with Stripe.js; where that can't be loaded, on Stripe's own page."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser import Windows
from tests.journeys.shop import PAID, WAYS_BACK, Shop
from tests.journeys.stripe_page import ASKS_FOR_3D_SECURE, IS_DECLINED, StripePage
from tests.people import Person
from tests.stripe_console import StripeConsole


def test_the_buyer_pays_inside_the_dialog(shop: Shop, buyer: Person) -> None:
    stripe = start_paying_inside(shop)
    assert shop.page.url == f"{shop.env['BACKEND_URL']}/"
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)
    assert buyer.available == 500


def test_a_declined_card_and_3d_secure_stay_inside_the_dialog(shop: Shop) -> None:
    stripe = start_paying_inside(shop)
    stripe.pay_by_card(IS_DECLINED)
    expect(stripe.failure).to_contain_text("Your card was declined.")
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.authenticate()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)


def test_3d_secure_refused_costs_nothing_and_can_be_tried_again(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    stripe = start_paying_inside(shop)
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.refuse_to_authenticate()
    expect(stripe.failure).to_contain_text("unable to authenticate")
    assert stripe_console.charged(buyer.email) == []
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.authenticate()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)
    assert len(buyer.get("/api/payments").json()["payments"]) == 1
    assert len(stripe_console.charged(buyer.email)) == 1


def test_who_closes_the_dialog_and_comes_back_finds_the_same_payment(
    shop: Shop, buyer: Person
) -> None:
    start_paying_inside(shop)
    shop.close_dialog()
    expect(shop.page.locator("iframe")).to_have_count(0)
    start_paying_inside(shop).pay_by_card()
    expect(shop.title).to_have_text(PAID)
    assert len(buyer.get("/api/payments").json()["payments"]) == 1


def test_who_leaves_the_page_and_pays_again_pays_the_same_payment(
    shop: Shop, buyer: Person
) -> None:
    expect(start_paying_inside(shop).card_number).to_be_visible()
    shop.visit()
    start_paying_inside(shop).pay_by_card()
    expect(shop.title).to_have_text(PAID)
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert payment["status"] == "succeeded"


@pytest.mark.parametrize("way", WAYS_BACK)
def test_who_closes_the_tab_finishes_the_same_payment_in_another(
    shop: Shop, buyer: Person, way: str
) -> None:
    expect(start_paying_inside(shop).card_number).to_be_visible()
    [payment] = buyer.get("/api/payments").json()["payments"]
    later = shop.resume_in_another_tab(payment, way)
    later.stripe_inside.pay_by_card()
    expect(later.title).to_have_text(PAID)
    [paid] = buyer.get("/api/payments").json()["payments"]
    assert (paid["payment_id"], paid["status"]) == (payment["payment_id"], "succeeded")


def test_without_stripe_js_it_is_tried_twice_and_then_paid_on_stripes_own_page(
    shop: Shop, buyer: Person, windows: Windows
) -> None:
    windows.expect_complaint("ERR_FAILED")
    tries: list[str] = []

    def block(route: Route) -> None:
        tries.append(route.request.url)
        route.abort()

    shop.page.route(shop.env["STRIPE_JS_URL"], block)
    shop.use_form("embedded")
    shop.open_dialog()
    shop.choose("Starter")
    shop.pay().pay_by_card()
    expect(shop.title).to_have_text(PAID)
    assert len(tries) == 2
    assert len(buyer.get("/api/payments").json()["payments"]) == 1


def test_stripe_js_is_not_loaded_before_it_is_needed(shop: Shop) -> None:
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    shop.visit()
    shop.use_form("embedded")
    shop.open_dialog()
    shop.choose("Starter")
    assert shop.env["STRIPE_JS_URL"] not in asked
    shop.pay_button.click()
    expect(shop.stripe_inside.card_number).to_be_visible()
    assert asked.count(shop.env["STRIPE_JS_URL"]) == 1


def start_paying_inside(shop: Shop) -> StripePage:
    """From the badge to the form in the dialog."""
    shop.use_form("embedded")
    shop.open_dialog()
    shop.choose("Starter")
    shop.pay_button.click()
    return shop.stripe_inside
