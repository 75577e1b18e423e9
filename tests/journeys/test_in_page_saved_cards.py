"""A card is saved while paying, only if its owner wishes, and pays the next time."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.journeys.shop import WAYS_BACK, Shop
from tests.journeys.test_trouble import refuse
from tests.people import Person
from tests.stripe_browser import ASKS_ALWAYS, CAN_ONLY_BE_SAVED
from tests.stripe_console import StripeConsole

MASTERCARD = "5555 5555 5555 4444"


def test_a_card_is_kept_only_if_its_owner_says_so(shop: Shop, wallet: Wallet) -> None:
    payment = shop.start_paying_inside()
    expect(payment.save).not_to_be_checked()
    payment.pay()
    payment.expect_paid()
    assert wallet.refresh() == []


def test_a_saved_card_pays_the_next_time_without_being_typed(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    payment = shop.start_paying_inside()
    payment.save_card()
    expect(payment.form.terms).to_be_visible()
    payment.pay()
    payment.expect_paid()
    shop.dialog.get_by_role("button", name="Done").click()

    [customer] = stripe_console.customers(buyer.email)
    [kept] = stripe_console.api(f"customers/{customer}/payment_methods")["data"]
    assert kept["allow_redisplay"] == "always"  # Stripe's own page offers it, too

    again = shop.start_paying_inside("Creator")
    expect(shop.dialog.get_by_role("radio", name="Visa ending in 4242")).to_be_checked()
    expect(shop.page.locator("iframe")).to_have_count(0)
    again.pay_button.click()
    again.expect_paid()
    shop.expect_balance(2000)
    assert len(stripe_console.charged(buyer.email)) == 2


def test_a_saved_card_that_asks_for_3d_secure_is_confirmed_over_the_dialog(
    wallet: Wallet, open_shop: Callable[..., Shop], stripe_console: StripeConsole
) -> None:
    wallet.save(ASKS_ALWAYS)
    shop = open_shop(wallet.buyer)
    payment = shop.start_paying_inside()
    payment.pay_button.click()
    payment.bank.refuse()
    payment.expect_said("Your bank could not confirm that it was you.")
    payment.pay_button.click()
    payment.bank.authenticate()
    payment.expect_paid()
    shop.expect_balance(500)
    assert len(stripe_console.charged(wallet.buyer.email)) == 1
    assert len(wallet.buyer.get("/api/payments").json()["payments"]) == 1


@pytest.mark.parametrize("way", WAYS_BACK)
def test_a_tab_closed_while_the_bank_asks_about_a_saved_card_loses_nothing(
    wallet: Wallet, open_shop: Callable[..., Shop], stripe_console: StripeConsole, way: str
) -> None:
    wallet.save(ASKS_ALWAYS)
    shop = open_shop(wallet.buyer)
    payment = shop.start_paying_inside()
    payment.pay_button.click()
    expect(payment.bank.window).to_be_visible()
    [begun] = wallet.buyer.get("/api/payments").json()["payments"]

    tab = shop.resume_in_another_tab(begun, way)
    expect(tab.dialog.get_by_text("Your bank wants you to confirm this payment.")).to_be_visible()
    expect(tab.dialog.get_by_role("radio", name="Visa ending in 3184")).to_be_checked()
    assert stripe_console.charged(wallet.buyer.email) == []
    tab.payment.pay_button.click()
    tab.payment.bank.authenticate()
    tab.payment.expect_paid()
    tab.expect_balance(500)
    assert len(stripe_console.charged(wallet.buyer.email)) == 1
    assert len(wallet.buyer.get("/api/payments").json()["payments"]) == 1


@pytest.fixture
def with_a_bad_card(wallet: Wallet, open_shop: Callable[..., Shop], windows: Windows) -> Shop:
    """The shop of a buyer whose only saved card will be declined."""
    windows.expect_complaint("402")
    wallet.save(CAN_ONLY_BE_SAVED)
    return open_shop(wallet.buyer)


def test_a_saved_card_that_is_declined_gives_way_to_a_new_one_on_the_same_payment(
    with_a_bad_card: Shop, wallet: Wallet, stripe_console: StripeConsole
) -> None:
    payment = with_a_bad_card.start_paying_inside()
    payment.pay_button.click()
    payment.expect_said("Your card was declined.")
    payment.choose("New card")
    payment.pay(MASTERCARD)
    payment.expect_paid()
    with_a_bad_card.expect_balance(500)
    assert len(stripe_console.charged(wallet.buyer.email)) == 1
    assert len(wallet.buyer.get("/api/payments").json()["payments"]) == 1


def test_a_saved_card_that_was_removed_elsewhere_is_offered_no_longer(
    wallet: Wallet,
    open_shop: Callable[..., Shop],
    stripe_console: StripeConsole,
    windows: Windows,
) -> None:
    windows.expect_complaint("404")
    visa = wallet.save()
    wallet.save(MASTERCARD.replace(" ", ""))
    shop = open_shop(wallet.buyer)
    payment = shop.start_paying_inside()
    payment.choose("Visa ending in 4242")
    wallet.buyer.request("DELETE", f"/api/payment-methods/{visa}")
    payment.pay_button.click()
    payment.expect_said("This card is no longer saved.")
    mastercard = shop.dialog.get_by_role("radio", name="Mastercard ending in 4444")
    expect(mastercard).to_be_checked()
    expect(mastercard).to_be_focused()
    expect(shop.dialog.get_by_role("radio", name="Visa")).to_have_count(0)
    payment.pay_button.click()
    payment.expect_paid()
    assert len(stripe_console.charged(wallet.buyer.email)) == 1


def test_who_thought_of_saving_and_paid_with_a_saved_card_is_not_told_that_a_card_is_saved(
    with_a_bad_card: Shop, wallet: Wallet, stripe_console: StripeConsole
) -> None:
    payment = with_a_bad_card.start_paying_inside()
    payment.choose("New card")
    payment.save_card()
    expect(payment.form.terms).to_be_visible()
    payment.choose("Visa ending in 0341")
    payment.pay_button.click()
    payment.expect_said("Your card was declined.")
    payment.choose("New card")
    expect(payment.save).to_be_hidden()
    expect(payment.form.terms).to_be_hidden()
    payment.pay(MASTERCARD)
    payment.expect_paid()
    assert len(stripe_console.charged(wallet.buyer.email)) == 1
    assert [card["last4"] for card in wallet.refresh()] == ["0341"]


def test_what_was_ordered_with_a_card_to_be_saved_says_so_until_it_is_paid(
    wallet: Wallet,
    open_shop: Callable[..., Shop],
    stripe_console: StripeConsole,
    windows: Windows,
) -> None:
    windows.expect_complaint("402")
    wallet.save()
    shop = open_shop(wallet.buyer)
    payment = shop.start_paying_inside()
    payment.choose("New card")
    payment.save_card()
    stripe_console.decline_next("do_not_honor")
    payment.pay(MASTERCARD)
    payment.expect_said("Your bank declined this payment")
    payment.choose("Visa ending in 4242")
    payment.choose("New card")
    expect(payment.save).to_be_checked()
    expect(payment.save).to_be_disabled()
    payment.pay(MASTERCARD)
    payment.expect_paid()
    assert len(wallet.refresh()) == 2


def test_an_order_whose_answer_is_lost_still_saves_the_card(
    shop: Shop, wallet: Wallet, windows: Windows
) -> None:
    windows.expect_complaint("ERR_CONNECTION_RESET")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    shop.page.route("**/api/stripe/create-payment-intent", lose_the_answer, times=1)
    payment = shop.start_paying_inside()
    payment.save_card()
    payment.pay()
    payment.expect_said("No connection.")
    expect(payment.save).to_be_checked()
    expect(payment.save).to_be_disabled()
    payment.pay_button.click()
    payment.expect_paid()
    assert len(wallet.refresh()) == 1


def test_an_order_that_was_refused_may_be_made_otherwise(
    wallet: Wallet, open_shop: Callable[..., Shop], windows: Windows
) -> None:
    windows.expect_complaint("503")
    wallet.save()
    shop = open_shop(wallet.buyer)
    shop.page.route(
        "**/api/stripe/create-payment-intent",
        lambda route: refuse(route, 503, "payments_disabled"),
        times=1,
    )
    payment = shop.start_paying_inside()
    payment.pay_button.click()
    payment.expect_said("Buying is closed for the moment.")
    payment.choose("New card")
    expect(payment.save).to_be_enabled()
    payment.save_card()
    payment.pay(MASTERCARD)
    payment.expect_paid()
    assert len(wallet.refresh()) == 2


def test_of_two_saved_cards_the_chosen_one_is_charged(
    wallet: Wallet, open_shop: Callable[..., Shop], stripe_console: StripeConsole
) -> None:
    wallet.save()
    second = wallet.save(MASTERCARD.replace(" ", ""))
    shop = open_shop(wallet.buyer)
    payment = shop.start_paying_inside()
    payment.choose("Mastercard ending in 4444")
    payment.pay_button.click()
    payment.expect_paid()
    [charged] = stripe_console.charged(wallet.buyer.email)
    assert charged["payment_method"] == second


def test_a_double_click_on_a_saved_card_pays_once(
    wallet: Wallet, open_shop: Callable[..., Shop], stripe_console: StripeConsole
) -> None:
    wallet.save()
    shop = open_shop(wallet.buyer)
    payment = shop.start_paying_inside()
    payment.pay_button.dblclick()
    payment.expect_paid()
    shop.expect_balance(500)
    assert len(stripe_console.charged(wallet.buyer.email)) == 1
