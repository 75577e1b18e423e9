"""Buying credits, from the badge to the new balance."""

import uuid
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser import Windows
from tests.journeys.held import caught
from tests.journeys.shop import PAID, Shop
from tests.people import PASSWORD, Person
from tests.stripe_console import StripeConsole


def test_a_new_buyer_pays_in_three_clicks_from_the_badge(visitor: Shop) -> None:
    visitor.page.locator("topup-account").get_by_role("button", name="Sign in").click()
    visitor.sign_up(f"{uuid.uuid4().hex[:12]}@example.com", PASSWORD)
    visitor.expect_balance(0)
    visitor.close_dialog()

    clicks = count_clicks(visitor)
    visitor.badge.click()
    visitor.choose("Creator")
    visitor.pay_button.click()
    stripe = visitor.at_stripe()
    assert len(clicks) == 3

    stripe.pay_by_card()
    expect(visitor.title).to_have_text(PAID)
    visitor.expect_balance(1500)


def test_a_visitor_who_chose_a_package_signs_in_and_goes_on_to_pay_it(
    visitor: Shop, buyer: Person
) -> None:
    visitor.open_dialog()
    visitor.choose("Starter")
    visitor.pay_button.click()
    visitor.sign_in(buyer)
    visitor.at_stripe().pay_by_card()
    expect(visitor.title).to_have_text(PAID)
    visitor.expect_balance(500)


def test_the_price_shown_is_the_price_charged_in_yen(shop: Shop, buyer: Person) -> None:
    shop.open_dialog()
    shop.dialog.get_by_label("Currency").select_option("JPY")
    shop.choose("Starter")
    expect(shop.pay_button).to_have_text("Pay ¥780")
    stripe = shop.pay()
    expect(stripe.pay_button).to_have_accessible_name("Pay ¥780")
    stripe.pay_by_card()
    expect(shop.page.get_by_role("definition").first).to_have_text("¥780")
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert (payment["amount"], payment["currency"], payment["status"]) == (780, "jpy", "succeeded")


def test_a_double_click_on_pay_makes_one_session(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    shop.open_dialog()
    shop.choose("Starter")
    shop.pay_button.dblclick()
    shop.at_stripe()
    assert len(sessions_of(buyer, stripe_console)) == 1


def test_while_the_payment_page_opens_the_choice_stays_as_it_is_ordered(
    shop: Shop, windows: Windows
) -> None:
    windows.expect_complaint("ERR_FAILED")
    waiting: list[Route] = []
    shop.page.route("**/api/stripe/create-checkout-session", lambda route: waiting.append(route))
    shop.open_dialog()
    starter = shop.dialog.locator("label", has_text="Starter")
    middle = starter.bounding_box()
    assert middle
    shop.pay_button.click()
    expect(shop.dialog.get_by_label("Currency")).to_be_disabled()
    shop.page.mouse.click(middle["x"] + 30, middle["y"] + 30)
    expect(starter.locator("input")).not_to_be_checked()
    caught(shop.page, waiting)[0].abort()
    expect(shop.dialog.get_by_label("Currency")).to_be_enabled()
    shop.choose("Starter")


def sessions_of(person: Person, console: StripeConsole) -> list[dict[str, Any]]:
    """What Stripe was asked to open for this person."""
    sessions = console.api("checkout/sessions", limit=100)["data"]
    return [session for session in sessions if session["metadata"]["user_id"] == person.id]


def count_clicks(shop: Shop) -> list[str]:
    """Grows by what is pressed, on this page and those after it."""
    pressed: list[str] = []
    shop.page.expose_function("pressed", lambda tag: pressed.append(tag))
    listen = "addEventListener('pointerdown', (event) => pressed(event.target.tagName), true)"
    shop.page.add_init_script(listen)
    shop.page.evaluate(listen)
    return pressed
