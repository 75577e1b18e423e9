"""Cards in the Payment tab: add one without paying, make it the default, remove it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.journeys.shop import Shop
from tests.journeys.stripe_form import Bank, StripeForm
from tests.journeys.stripe_page import ASKS_FOR_3D_SECURE, SUCCEEDS
from tests.people import Person
from tests.stripe_console import MASTERCARD, StripeConsole

VISA = "Visa ···· 4242"


def cards(shop: Shop) -> Locator:
    return shop.dialog.get_by_role("region", name="Cards").get_by_role("listitem")


def add(shop: Shop, number: str = SUCCEEDS) -> None:
    """From the list of cards to the button that saves."""
    shop.dialog.get_by_role("button", name="Add a card").click()
    StripeForm(shop.page).fill(number)
    shop.dialog.get_by_role("button", name="Save card").click()


def ask_bank(shop: Shop) -> Bank:
    """From the badge to the bank's question about a card that is added."""
    shop.open_dialog("Payment")
    add(shop, ASKS_FOR_3D_SECURE)
    bank = Bank(shop.page)
    expect(bank.window).to_be_visible()
    return bank


def close_dialog_under_the_bank(shop: Shop) -> None:
    """With the keyboard: the bank's window lies above it."""
    shop.dialog.get_by_role("button", name="Close").press("Enter")
    expect(shop.dialog).to_be_hidden()


def test_the_first_card_that_is_added_is_the_default_and_nothing_is_charged(
    shop: Shop, wallet: Wallet, stripe_console: StripeConsole
) -> None:
    shop.open_dialog("Payment")
    expect(shop.dialog.get_by_text("No card is saved.")).to_be_visible()
    add(shop)
    expect(cards(shop)).to_have_count(1)
    expect(cards(shop)).to_contain_text("Visa ending in 4242")
    expect(cards(shop)).to_contain_text("Default")
    expect(shop.dialog.get_by_role("status")).to_have_text(f"{VISA} was saved.")
    expect(shop.page.locator("iframe")).to_have_count(0)
    [added] = wallet.ids
    assert stripe_console.api(f"payment_methods/{added}")["allow_redisplay"] == "always"
    assert stripe_console.charged(wallet.buyer.email) == []


def test_a_card_that_asks_for_3d_secure_is_kept_once_it_is_confirmed(
    shop: Shop, wallet: Wallet
) -> None:
    shop.open_dialog("Payment")
    add(shop, ASKS_FOR_3D_SECURE)
    bank = Bank(shop.page)
    bank.refuse()
    said = shop.dialog.get_by_role("alert")
    expect(said).to_contain_text("Your bank could not confirm that it was you.")
    assert wallet.refresh() == []
    shop.dialog.get_by_role("button", name="Save card").click()
    bank.authenticate()
    expect(cards(shop)).to_contain_text("Visa ending in 3155")


@pytest.mark.parametrize("left", ["the dialog", "the tab"])
def test_who_leaves_while_the_bank_asks_has_no_half_card_and_can_add_it_again(
    shop: Shop, wallet: Wallet, left: str
) -> None:
    bank = ask_bank(shop)
    if left == "the tab":
        later = shop.another_tab()
        shop.page.close()
    else:
        later = shop
        close_dialog_under_the_bank(shop)
        bank.refuse()
    assert wallet.refresh() == []
    later.open_dialog("Payment")
    expect(later.dialog.get_by_text("No card is saved.")).to_be_visible()
    later.close_dialog()

    ask_bank(later).authenticate()
    expect(cards(later)).to_contain_text("Visa ending in 3155")
    assert len(wallet.refresh()) == 1


def test_the_bank_may_say_yes_to_a_card_after_the_dialog_was_closed(
    shop: Shop, wallet: Wallet
) -> None:
    bank = ask_bank(shop)
    close_dialog_under_the_bank(shop)
    bank.authenticate()
    expect(shop.dialog).to_be_hidden()
    shop.open_dialog("Payment")
    expect(cards(shop)).to_contain_text("Visa ending in 3155")
    expect(shop.dialog.get_by_role("button", name="Add a card")).to_be_visible()
    assert len(wallet.cards) == 1


def test_a_card_the_bank_will_not_have_saved_is_said_in_words(
    shop: Shop, stripe_console: StripeConsole, windows: Windows
) -> None:
    windows.expect_complaint("402")
    stripe_console.decline_next("lost_card")
    shop.open_dialog("Payment")
    add(shop)
    expect(shop.dialog.get_by_role("alert")).to_contain_text("Your card was declined.")
    shop.dialog.get_by_role("button", name="Save card").click()
    expect(cards(shop)).to_have_count(1)


def test_a_card_is_saved_once_though_the_list_could_not_be_had_at_first(
    shop: Shop, wallet: Wallet, windows: Windows
) -> None:
    windows.expect_complaint("ERR_INTERNET_DISCONNECTED")
    listing = "**/api/payment-methods/refresh"
    shop.page.route(listing, lambda route: route.abort("internetdisconnected"), times=1)
    shop.open_dialog("Payment")
    add(shop)
    expect(shop.dialog.get_by_role("alert")).to_contain_text("No connection.")
    shop.dialog.get_by_role("button", name="Save card").click()
    expect(shop.dialog.get_by_role("status")).to_have_text(f"{VISA} was saved.")
    expect(cards(shop)).to_have_count(1)
    assert len(wallet.refresh()) == 1


def test_who_thinks_better_of_it_saves_nothing(shop: Shop, wallet: Wallet) -> None:
    shop.open_dialog("Payment")
    shop.dialog.get_by_role("button", name="Add a card").click()
    StripeForm(shop.page).fill()
    shop.dialog.get_by_role("button", name="Cancel").click()
    expect(shop.page.locator("iframe")).to_have_count(0)
    expect(shop.dialog.get_by_role("button", name="Add a card")).to_be_focused()
    assert wallet.refresh() == []


def test_another_card_is_made_the_default_and_moves_to_the_front(
    wallet: Wallet, open_shop: Callable[..., Shop]
) -> None:
    wallet.save()
    second = wallet.save(MASTERCARD)
    shop = open_shop(wallet.buyer)
    shop.open_dialog("Payment")
    expect(cards(shop).first).to_contain_text("4242")
    shop.dialog.get_by_role("button", name="Make default: Mastercard ···· 4444").click()
    expect(cards(shop).first).to_contain_text("Mastercard ending in 4444")
    expect(cards(shop).first).to_contain_text("Default")
    assert [card["id"] for card in wallet.cards if card["is_default"]] == [second]


def test_a_card_is_removed_after_asking_whether_that_is_meant(
    wallet: Wallet, open_shop: Callable[..., Shop], stripe_console: StripeConsole
) -> None:
    card = wallet.save()
    shop = open_shop(wallet.buyer)
    shop.open_dialog("Payment")
    remove = shop.dialog.get_by_role("button", name=f"Remove {VISA}")
    remove.click()
    expect(shop.dialog.get_by_text(f"Remove {VISA}?")).to_be_visible()
    expect(shop.dialog.get_by_role("button", name="Keep")).to_be_focused()
    shop.dialog.get_by_role("button", name="Keep").click()
    expect(cards(shop)).to_have_count(1)

    remove.click()
    shop.dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(shop.dialog.get_by_text("No card is saved.")).to_be_visible()
    assert wallet.refresh() == []
    assert stripe_console.api(f"payment_methods/{card}")["customer"] is None


def test_nobody_sees_a_card_of_somebody_else(
    wallet: Wallet, open_shop: Callable[..., Shop], stranger: Person
) -> None:
    wallet.save()
    shop = open_shop(stranger)
    shop.open_dialog("Payment")
    expect(shop.dialog.get_by_text("No card is saved.")).to_be_visible()
    shop.close_dialog()
    expect(shop.start_paying_inside().form.number).to_be_visible()
    expect(shop.dialog.get_by_role("radio", name="Visa")).to_have_count(0)


def test_the_cards_of_whoever_signs_out_are_not_shown_to_who_comes_next(
    wallet: Wallet, open_shop: Callable[..., Shop], stranger: Person
) -> None:
    wallet.save()
    shop = open_shop(wallet.buyer)
    shop.open_dialog("Payment")
    expect(cards(shop)).to_have_count(1)
    shop.close_dialog()
    shop.sign_out()
    shop.page.locator("topup-account").get_by_role("button", name="Sign in").click()
    shop.sign_in(stranger)
    shop.dialog.get_by_role("tab", name="Payment").click()
    expect(shop.dialog.get_by_text("No card is saved.")).to_be_visible()


def test_a_card_that_the_bank_renews_shows_its_new_digits(
    wallet: Wallet, open_shop: Callable[..., Shop], stripe_console: StripeConsole
) -> None:
    card = wallet.save()
    stripe_console.renew(card, last4="0001", exp_month=7, exp_year=2040)
    shop = open_shop(wallet.buyer)
    shop.open_dialog("Payment")
    expect(cards(shop)).to_contain_text("Visa ending in 0001")
    expect(cards(shop)).to_contain_text("expires 07/40")
