"""Everything can be done without a mouse, and the focus is never lost."""

from playwright.sync_api import Route, expect

from tests.journeys.keys import TABS_MAX, tab_to
from tests.journeys.shop import PAID, Shop

FOCUS_IS_INSIDE = """() => {
  const focused = document.activeElement;
  return focused === document.body || focused.localName === "credits-dialog";
}"""


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


def test_a_tab_keeps_the_focus_when_what_is_on_sale_comes_late(shop: Shop) -> None:
    waiting: list[Route] = []
    shop.page.route("**/api/packages?*", lambda route: waiting.append(route))
    shop.page.reload()
    shop.badge.press("Enter")
    shop.dialog.get_by_role("tab", name="Buy").focus()
    expect(shop.dialog.get_by_role("tab")).to_have_count(3)
    for route in waiting:
        route.continue_()
    expect(shop.dialog.get_by_role("tab")).to_have_count(4)
    expect(shop.dialog.get_by_role("tab", name="Buy")).to_be_focused()


def test_signing_in_needs_no_mouse_either(visitor: Shop) -> None:
    visitor.badge.press("Enter")
    visitor.dialog.get_by_role("radio", name="Starter").press("Space")
    visitor.pay_button.press("Enter")
    expect(visitor.dialog.get_by_label("E-mail")).to_be_focused()
    visitor.dialog.get_by_role("button", name="Back").press("Enter")
    expect(visitor.dialog.get_by_role("heading", name="Credits")).to_be_focused()
    expect(visitor.pay_button).to_have_text("Sign in and pay $4.99")
