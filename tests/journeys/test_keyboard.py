"""Everything can be done without a mouse, and the focus is never lost."""

import pytest
from playwright.sync_api import Route, expect

from tests.journeys.keys import TABS_MAX, tab_to
from tests.journeys.shop import PAID, Shop
from tests.people import Person

FOCUS_IS_INSIDE = """() => {
  const focused = document.activeElement;
  return focused === document.body || focused.localName === "credits-dialog";
}"""
# Where the bar that pays lies over what has the focus.
COVERED = """() => {
  const root = document.querySelector("credits-dialog").shadowRoot;
  const focused = root.activeElement;
  const bar = root.querySelector(".pay-bar");
  if (!focused || bar.contains(focused)) return [];
  const { left, right, top, bottom } = focused.getBoundingClientRect();
  return [(top + bottom) / 2, bottom - 1].filter(
    (y) => !focused.contains(root.elementFromPoint((left + right) / 2, y)),
  ).map((y) => `${focused.localName} ${focused.textContent} at ${y}`);
}"""
ROUND = 24  # as many stops as the dialog has, and some more
APP_WITH_A_SESSION = """
  import { configure } from "/topup.js";
  configure({ getAccessToken: () => "%s" });
"""


def test_credits_are_bought_with_the_keyboard_alone(shop: Shop) -> None:
    keyboard = shop.page.keyboard
    shop.expect_balance(0)
    tab_to(shop.badge)
    keyboard.press("Enter")
    expect(shop.dialog.get_by_role("heading", name="Credits")).to_be_focused()

    tab_to(shop.dialog.get_by_role("radio", checked=True))
    keyboard.press("ArrowUp")
    expect(shop.dialog.get_by_role("radio", name="Creator")).to_be_checked()
    tab_to(shop.pay_button)
    expect(shop.pay_button).to_have_text("Pay $14.99")
    keyboard.press("Enter")

    stripe = shop.at_stripe().place
    for label, text in [
        ("Email", "buyer@example.com"),
        ("Card number", "4242424242424242"),
        ("Expiration", "1234"),
        ("CVC", "123"),
        ("Name on card", "Ada Buyer"),
    ]:
        tab_to(stripe.get_by_label(label))
        keyboard.type(text)
    keyboard.press("Enter")
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1500)


def test_the_focus_stays_in_the_dialog_and_goes_back_to_the_badge(shop: Shop) -> None:
    shop.badge.press("Enter")
    expect(shop.dialog.get_by_role("radio")).to_have_count(3)
    for key in ["Tab"] * TABS_MAX + ["Shift+Tab"] * TABS_MAX:
        shop.page.keyboard.press(key)
        assert shop.page.evaluate(FOCUS_IS_INSIDE), key
    shop.page.keyboard.press("Escape")
    expect(shop.dialog).to_be_hidden()
    expect(shop.badge).to_be_focused()


def test_arrow_keys_go_through_the_tabs(shop: Shop) -> None:
    shop.open_dialog()
    shop.dialog.get_by_role("tab", name="Buy").focus()
    for key, name in [
        ("ArrowRight", "Balance"),
        ("End", "History"),
        ("ArrowRight", "Buy"),
        ("ArrowLeft", "History"),
        ("Home", "Buy"),
    ]:
        shop.page.keyboard.press(key)
        tab = shop.dialog.get_by_role("tab", name=name, selected=True)
        expect(tab).to_be_focused()


def test_a_tab_keeps_the_focus_when_what_the_shop_offers_comes_late(
    visitor: Shop, buyer: Person
) -> None:
    """An app that lends its session knows its user before our backend has answered."""
    app = APP_WITH_A_SESSION % buyer.token
    waiting: list[Route] = []
    visitor.page.route("**/api/config", lambda route: waiting.append(route))
    visitor.page.route(
        "**/pages/page.js", lambda route: route.fulfill(content_type="text/javascript", body=app)
    )
    visitor.page.reload()
    visitor.expect_balance(0)
    visitor.badge.press("Enter")
    visitor.dialog.get_by_role("tab", name="Buy").focus()
    expect(visitor.dialog.get_by_role("tab")).to_have_count(3)
    for route in waiting:
        route.continue_()
    expect(visitor.dialog.get_by_role("tab")).to_have_count(4)
    expect(visitor.dialog.get_by_role("tab", name="Buy")).to_be_focused()


def test_arrow_keys_go_through_the_currencies(shop: Shop) -> None:
    shop.open_dialog()
    currencies = shop.dialog.get_by_label("Currency")
    expect(currencies).to_have_value("usd")
    expect(shop.dialog.get_by_role("radio")).to_have_count(3)
    codes = [one.get_attribute("value") for one in currencies.get_by_role("option").all()]
    currencies.focus()
    for _ in codes:
        shop.page.keyboard.press("ArrowUp")
    expect(currencies).to_have_value(str(codes[0]))
    for code in codes[1:]:
        shop.page.keyboard.press("ArrowDown")
        expect(currencies).to_have_value(str(code))
        expect(shop.dialog.get_by_role("radio").first).to_be_visible()
        expect(currencies).to_be_focused()


def test_a_balance_that_arrives_leaves_the_focus_on_an_open_payment(
    shop: Shop, buyer: Person
) -> None:
    buyer.order()
    shop.visit()
    shop.open_dialog()
    cancel = shop.dialog.get_by_role("button", name="Cancel the payment of $4.99")
    cancel.focus()
    shop.look_again()
    expect(cancel).to_be_focused()


def test_canceling_open_payments_leads_from_one_to_the_next_and_on_to_the_packages(
    shop: Shop, buyer: Person
) -> None:
    for _ in range(2):
        buyer.order()
    shop.visit()
    shop.open_dialog()
    cancel = shop.dialog.get_by_role("button", name="Cancel the payment of $4.99")
    cancel.first.press("Enter")
    expect(shop.dialog.get_by_role("heading", name="1 payment to finish")).to_be_focused()
    cancel.press("Enter")
    expect(cancel).to_be_hidden()
    expect(shop.dialog.get_by_role("radio", checked=True)).to_be_focused()


@pytest.mark.parametrize("size", [(1000, 760), (500, 380)])
def test_what_has_the_focus_is_never_hidden_by_the_bar_that_pays(
    shop: Shop, buyer: Person, size: tuple[int, int]
) -> None:
    for package in ("starter", "creator"):
        buyer.order(package)
    shop.page.set_viewport_size({"width": size[0], "height": size[1]})
    shop.page.emulate_media(reduced_motion="reduce")
    shop.visit()
    shop.open_dialog()
    expect(shop.dialog.get_by_role("button", name="Resume")).to_have_count(2)
    expect(shop.dialog.get_by_role("radio")).to_have_count(3)
    for key in ["Tab"] * ROUND + ["Shift+Tab"] * ROUND:
        shop.page.keyboard.press(key)
        assert shop.page.evaluate(COVERED) == [], key
    for package in ("Starter", "Creator", "Professional"):
        shop.dialog.get_by_role("radio", name=package).press("Space")
        assert shop.page.evaluate(COVERED) == [], package


def test_signing_in_needs_no_mouse_either(visitor: Shop) -> None:
    visitor.badge.press("Enter")
    visitor.dialog.get_by_role("radio", name="Starter").press("Space")
    visitor.pay_button.press("Enter")
    expect(visitor.dialog.get_by_label("E-mail")).to_be_focused()
    visitor.dialog.get_by_role("button", name="Back").press("Enter")
    expect(visitor.dialog.get_by_role("heading", name="Credits")).to_be_focused()
    expect(visitor.pay_button).to_have_text("Sign in and pay $4.99")
