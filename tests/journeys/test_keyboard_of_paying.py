"""Paying, keeping cards and agreeing to auto-recharge need no mouse either."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.backend.wallet import Wallet
from tests.journeys.keys import tab_to
from tests.journeys.shop import Shop
from tests.journeys.stripe_form import Bank, StripeForm
from tests.stripe_browser import ASKS_ALWAYS
from tests.stripe_console import MASTERCARD


def type_card(shop: Shop, number: str) -> None:
    form, keyboard = StripeForm(shop.page), shop.page.keyboard
    for field, text in ((form.number, number), (form.expiration, "1234"), (form.code, "123")):
        tab_to(field)
        keyboard.type(text)


def test_a_new_card_pays_3d_secure_included(shop: Shop) -> None:
    keyboard = shop.page.keyboard
    payment = shop.start_paying_inside()
    expect(shop.dialog.get_by_role("heading", name="Payment")).to_be_focused()
    type_card(shop, "4000002500003155")
    tab_to(payment.save)
    keyboard.press("Space")
    tab_to(payment.pay_button)
    keyboard.press("Enter")
    tab_to(Bank(shop.page).complete)
    keyboard.press("Enter")
    payment.expect_paid()
    expect(payment.outcome).to_be_focused()
    tab_to(shop.dialog.get_by_role("button", name="Done"))
    keyboard.press("Enter")
    expect(shop.dialog).to_be_hidden()
    expect(shop.badge).to_be_focused()


def test_saved_cards_are_gone_through_with_the_arrow_keys(
    wallet: Wallet, open_shop: Callable[..., Shop]
) -> None:
    wallet.save()
    wallet.save(MASTERCARD)
    shop = open_shop(wallet.buyer)
    payment = shop.start_paying_inside()
    tab_to(shop.dialog.get_by_role("radio", name="Visa"))
    shop.page.keyboard.press("ArrowDown")
    expect(shop.dialog.get_by_role("radio", name="Mastercard")).to_be_checked()
    shop.page.keyboard.press("ArrowDown")
    expect(payment.form.number).to_be_visible()
    shop.page.keyboard.press("ArrowUp")
    tab_to(payment.pay_button)
    shop.page.keyboard.press("Enter")
    payment.expect_paid()


def test_escape_inside_stripes_form_closes_the_dialog(shop: Shop) -> None:
    shop.start_paying_inside().form.number.press("Escape")
    expect(shop.dialog).to_be_hidden()
    expect(shop.badge).to_be_focused()


def test_a_card_is_added_and_removed_and_the_focus_stays_near(shop: Shop) -> None:
    keyboard = shop.page.keyboard
    shop.open_dialog("Payment")
    tab_to(shop.dialog.get_by_role("button", name="Add a card"))
    keyboard.press("Enter")
    type_card(shop, "4242424242424242")
    tab_to(shop.dialog.get_by_role("button", name="Save card"))
    keyboard.press("Enter")
    expect(shop.dialog.get_by_role("button", name="Add a card")).to_be_focused()
    shop.dialog.get_by_role("button", name="Remove Visa").press("Enter")
    expect(shop.dialog.get_by_role("button", name="Keep")).to_be_focused()
    tab_to(shop.dialog.get_by_role("button", name="Remove", exact=True))
    keyboard.press("Enter")
    expect(shop.dialog.get_by_role("heading", name="Cards")).to_be_focused()


def test_auto_recharge_is_agreed_to_and_switched_off(
    wallet: Wallet, open_shop: Callable[..., Shop]
) -> None:
    wallet.save(ASKS_ALWAYS)
    shop = open_shop(wallet.buyer)
    shop.open_dialog("Payment")
    switch = shop.dialog.get_by_role("switch", name="Auto-recharge")
    tab_to(switch)
    shop.page.keyboard.press("Space")
    expect(shop.dialog.get_by_label("When I have fewer than")).to_be_focused()
    shop.page.keyboard.press("Enter")
    expect(shop.dialog.get_by_role("status")).to_have_text("Auto-recharge is on.")
    expect(switch).to_be_focused()
    shop.page.keyboard.press("Space")
    expect(switch).not_to_be_checked()
    expect(switch).to_be_focused()
