"""Auto-recharge as its buyer sees it: off, agreed to, charged, asked about by the bank, off again."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Locator, expect

from tests.backend.jobs import Jobs
from tests.backend.recharging import let_pass
from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.journeys.shop import Shop
from tests.journeys.test_cards_journey import add
from tests.people import Person
from tests.stripe_browser import ASKS_ALWAYS, CAN_ONLY_BE_SAVED
from tests.stripe_console import MASTERCARD, StripeConsole, eventually

Connection = psycopg.Connection[dict]
CONSENT = (
    "When I have fewer than 100 credits, charge Visa ···· 4242 $4.99 for 500 credits, "
    "at most $15.00 a month, until I switch it off."
)
CONSENT_IN_YEN = (
    "When I have fewer than 100 credits, charge Visa ···· 4242 ¥780 for 500 credits, "
    "at most ¥2,400 a month, until I switch it off."
)
FINISH = "finish payment: it waits for you"


@pytest.fixture(autouse=True)
def _nobody_elses_recharge_is_due(database: Connection) -> Iterator[None]:
    """The job charges whoever is due, of whichever test."""
    yield
    database.execute("update auto_recharges set enabled = false")


@pytest.fixture
def enter(wallet: Wallet, open_shop: Callable[..., Shop]) -> Callable[[str], Shop]:
    """Opens the Payment tab as somebody who has saved this card."""

    def enter_with(number: str) -> Shop:
        wallet.save(number)
        shop = open_shop(wallet.buyer)
        shop.open_dialog("Payment")
        return shop

    return enter_with


@pytest.fixture
def waiting(enter: Callable[[str], Shop], jobs: Jobs) -> Shop:
    """The start page of somebody whose recharge waits for his bank, and it for him."""
    shop = enter(ASKS_ALWAYS)
    agree(shop)
    assert jobs.recharge() == {"requires_action": 1}
    shop.visit()
    expect_urgent(shop)
    return shop


def switch(shop: Shop) -> Locator:
    return shop.dialog.get_by_role("switch", name="Auto-recharge")


def agree(shop: Shop) -> None:
    """To the terms that are offered."""
    switch(shop).click()
    shop.dialog.get_by_role("button", name="Agree and switch on").click()
    expect(shop.dialog.get_by_role("status")).to_have_text("Auto-recharge is on.")


def shop_in(shop: Shop, currency: str) -> None:
    """Choose it in the Buy tab and come back."""
    shop.dialog.get_by_role("tab", name="Buy").click()
    shop.dialog.get_by_label("Currency").select_option(currency)
    expect(shop.dialog.get_by_role("radio").first).to_be_visible()
    shop.dialog.get_by_role("tab", name="Payment").click()


def expect_urgent(shop: Shop) -> None:
    """The badge says that a payment waits for its buyer, and leads to it."""
    expect(shop.badge).to_have_accessible_name(f"Credits: 0 available, {FINISH}")


def finish(shop: Shop) -> None:
    """From the badge to the credits of the recharge that waits."""
    expect_urgent(shop)
    shop.badge.click()
    expect(shop.dialog.get_by_text("Your bank wants you to confirm this payment.")).to_be_visible()
    confirm(shop)


def confirm(shop: Shop) -> None:
    """From the pay button to the credits."""
    shop.payment.pay_button.click()
    shop.payment.bank.authenticate()
    shop.payment.expect_paid()
    shop.expect_balance(500)


def urgencies(buyer: Person) -> list[bool]:
    """Whether each open payment waits for its buyer, as the badge reads it."""
    items = buyer.get("/api/cart/count").json()["items"]
    return [item["requires_action"] for item in items]


def refuse(shop: Shop) -> None:
    """From the badge to what is said to whom the bank could not confirm."""
    shop.badge.click()
    shop.payment.pay_button.click()
    shop.payment.bank.refuse()
    shop.payment.expect_said("Your bank could not confirm that it was you.")


def test_without_a_card_there_is_nothing_to_switch_on(shop: Shop) -> None:
    shop.open_dialog("Payment")
    expect(switch(shop)).to_be_disabled()
    expect(shop.dialog.get_by_text("Save a card first.")).to_be_visible()


def test_where_no_card_is_the_default_one_has_to_be_made_it(
    enter: Callable[[str], Shop], wallet: Wallet
) -> None:
    wallet.save()
    shop = enter(MASTERCARD)
    shop.dialog.get_by_role("button", name="Remove Visa").click()
    shop.dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(shop.dialog.get_by_text("Make a card your default first.")).to_be_visible()
    expect(switch(shop)).to_be_disabled()
    shop.dialog.get_by_role("button", name="Make default: Mastercard").click()
    expect(switch(shop)).to_be_enabled()


def test_it_is_off_until_its_buyer_agrees_to_what_one_sentence_says(
    enter: Callable[[str], Shop], wallet: Wallet, jobs: Jobs
) -> None:
    shop = enter("4242424242424242")
    expect(switch(shop)).not_to_be_checked()
    switch(shop).click()
    expect(shop.dialog.get_by_text(CONSENT)).to_be_visible()
    expect(switch(shop)).not_to_be_checked()
    assert jobs.recharge() == {}

    shop.dialog.get_by_label("At most, each month").fill("4")
    expect(shop.dialog.get_by_text("One purchase costs $4.99")).to_be_visible()
    shop.dialog.get_by_label("At most, each month").fill("10")
    shop.dialog.get_by_label("When I have fewer than").fill("250")
    expect(shop.dialog.get_by_text("fewer than 250 credits")).to_be_visible()
    shop.dialog.get_by_role("button", name="Agree and switch on").click()
    expect(switch(shop)).to_be_checked()
    expect(
        shop.dialog.get_by_text("Below 250 credits, buy 500 credits for $4.99 with Visa ···· 4242.")
    ).to_be_visible()
    expect(shop.dialog.get_by_text("$0.00 of $10.00 spent this month")).to_be_visible()


@pytest.mark.parametrize("before", ["on", "off"])
def test_terms_are_asked_for_in_the_currency_of_the_shop_whatever_was_agreed_to_before(
    enter: Callable[[str], Shop], wallet: Wallet, before: str
) -> None:
    shop = enter("4242424242424242")
    agree(shop)
    if before == "off":
        switch(shop).click()
        expect(switch(shop)).not_to_be_checked()
    shop_in(shop, "JPY")
    if before == "off":
        switch(shop).click()
    else:
        shop.dialog.get_by_role("button", name="Change").click()
    expect(shop.dialog.get_by_text(CONSENT_IN_YEN)).to_be_visible()
    shop.dialog.get_by_role("button", name="Agree").click()
    expect(shop.dialog.get_by_text("¥0 of ¥2,400 spent this month")).to_be_visible()
    agreed = wallet.buyer.get("/api/credits/auto-recharge").json()
    assert (agreed["currency"], agreed["amount"], agreed["monthly_limit"]) == ("jpy", 780, 2400)


@pytest.fixture
def _starter_is_not_sold_in_yen(database: Connection, changing_catalog: None) -> None:
    database.execute(
        "update credit_package_prices set active = false "
        "where package_id = 'starter' and currency = 'jpy'"
    )


@pytest.mark.usefixtures("_starter_is_not_sold_in_yen")
def test_what_is_charged_is_said_of_a_package_that_is_not_in_the_shop_too(
    enter: Callable[[str], Shop],
) -> None:
    shop = enter("4242424242424242")
    agree(shop)
    shop_in(shop, "JPY")
    said = shop.dialog.get_by_text(
        "Below 100 credits, buy a package for $4.99 with Visa ···· 4242."
    )
    expect(said).to_be_visible()


def test_the_consent_names_the_card_that_was_made_the_default_meanwhile(
    enter: Callable[[str], Shop], wallet: Wallet
) -> None:
    wallet.save()
    shop = enter(MASTERCARD)
    switch(shop).click()
    shop.dialog.get_by_label("When I have fewer than").fill("250")
    expect(shop.dialog.get_by_text("charge Visa ···· 4242 $4.99")).to_be_visible()
    shop.dialog.get_by_role("button", name="Make default: Mastercard").click()
    expect(shop.dialog.get_by_text("charge Mastercard ···· 4444 $4.99")).to_be_visible()
    expect(shop.dialog.get_by_text("fewer than 250 credits")).to_be_visible()


def test_who_removes_the_only_card_while_reading_the_terms_can_begin_again_with_another(
    enter: Callable[[str], Shop],
) -> None:
    shop = enter("4242424242424242")
    switch(shop).click()
    shop.dialog.get_by_role("button", name="Remove Visa").click()
    shop.dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(shop.dialog.get_by_text("Save a card first.")).to_be_visible()
    expect(switch(shop)).to_be_disabled()
    add(shop)
    expect(switch(shop)).to_be_enabled()


def test_when_credits_run_low_the_card_is_charged_and_the_badge_follows(
    enter: Callable[[str], Shop], wallet: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    shop = enter("4242424242424242")
    agree(shop)
    shop.close_dialog()
    assert jobs.recharge() == {"succeeded": 1}
    assert jobs.recharge() == {}
    shop.visit()
    shop.expect_balance(500)
    shop.open_dialog("Payment")
    expect(shop.dialog.get_by_text("$4.99 of $15.00 spent this month")).to_be_visible()
    shop.dialog.get_by_role("tab", name="History").click()
    shop.dialog.get_by_role("button", name="Payments").click()
    expect(shop.dialog.get_by_role("listitem")).to_contain_text("Auto-recharge")
    assert len(stripe_console.charged(wallet.buyer.email)) == 1


def test_switched_off_it_charges_nothing(
    enter: Callable[[str], Shop], wallet: Wallet, jobs: Jobs
) -> None:
    shop = enter("4242424242424242")
    agree(shop)
    switch(shop).click()
    expect(shop.dialog.get_by_role("status")).to_have_text("Auto-recharge is off.")
    expect(switch(shop)).not_to_be_checked()
    assert jobs.recharge() == {}


def test_it_is_switched_off_even_where_no_package_can_be_shown(
    enter: Callable[[str], Shop], jobs: Jobs, windows: Windows
) -> None:
    windows.expect_complaint("ERR_INTERNET_DISCONNECTED")
    shop = enter("4242424242424242")
    agree(shop)
    shop.page.route("**/api/packages*", lambda route: route.abort("internetdisconnected"))
    shop.visit()
    shop.open_dialog("Payment")
    expect(shop.dialog.get_by_text("Below 100 credits, buy a package for $4.99")).to_be_visible()
    expect(shop.dialog.get_by_role("button", name="Change")).to_be_hidden()
    switch(shop).click()
    expect(shop.dialog.get_by_role("status")).to_have_text("Auto-recharge is off.")
    assert jobs.recharge() == {}


def test_a_recharge_the_bank_asks_about_is_finished_in_the_dialog(
    waiting: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    finish(waiting)
    assert len(stripe_console.charged(buyer.email)) == 1


def test_a_recharge_refused_at_the_bank_costs_nothing_and_can_be_paid_at_once(
    waiting: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    refuse(waiting)
    assert stripe_console.charged(buyer.email) == []
    confirm(waiting)
    assert len(stripe_console.charged(buyer.email)) == 1


def test_a_recharge_refused_at_the_bank_waits_and_no_other_is_begun(
    waiting: Shop,
    buyer: Person,
    jobs: Jobs,
    stripe_console: StripeConsole,
    database: Connection,
) -> None:
    refuse(waiting)
    eventually(lambda: urgencies(buyer), lambda found: found == [False])  # The webhook has come.
    let_pass(database, buyer, "2 days")
    assert jobs.recharge() == {}
    waiting.visit()
    expect(waiting.badge).to_have_accessible_name("Credits: 0 available, 1 payment to finish")
    waiting.open_dialog()
    waiting.dialog.get_by_role("button", name="Resume the payment of $4.99").click()
    confirm(waiting)
    assert len(stripe_console.charged(buyer.email)) == 1


def test_a_tab_closed_while_the_bank_asks_about_a_recharge_loses_nothing(
    waiting: Shop, buyer: Person, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    waiting.badge.click()
    waiting.payment.pay_button.click()
    expect(waiting.payment.bank.window).to_be_visible()
    tab = waiting.another_tab()
    waiting.page.close()
    assert jobs.recharge() == {}
    finish(tab)
    assert len(stripe_console.charged(buyer.email)) == 1


def test_a_recharge_the_bank_asks_about_is_told_in_the_balance(waiting: Shop) -> None:
    waiting.badge.click()
    waiting.dialog.get_by_role("button", name="Back").click()
    expect(waiting.dialog.get_by_text("500 credits for $4.99")).to_be_visible()
    expect(waiting.dialog.get_by_text("Your bank wants you to confirm it.")).to_be_visible()
    waiting.dialog.get_by_role("tab", name="Balance").click()
    expect(waiting.dialog.get_by_text("A purchase waits for you")).to_be_visible()
    waiting.dialog.get_by_role("button", name="Got it").click()
    expect(waiting.dialog.get_by_text("A purchase waits for you")).to_be_hidden()


def test_after_three_failures_it_is_off_and_says_why(
    enter: Callable[[str], Shop], wallet: Wallet, jobs: Jobs, database: Connection
) -> None:
    shop = enter(CAN_ONLY_BE_SAVED)
    agree(shop)
    for _ in range(3):
        assert jobs.recharge() == {"failed": 1}
        let_pass(database, wallet.buyer, "25 hours")
    shop.visit()
    shop.open_dialog()
    expect(shop.dialog.get_by_text("Auto-recharge was switched off.")).to_be_visible()
    shop.dialog.get_by_role("button", name="Look into it").click()
    expect(switch(shop)).not_to_be_checked()
    expect(shop.dialog.get_by_text("Switched off: three payments in a row failed.")).to_be_visible()


def test_removing_the_card_switches_it_off(
    enter: Callable[[str], Shop], wallet: Wallet, jobs: Jobs
) -> None:
    shop = enter("4242424242424242")
    agree(shop)
    shop.dialog.get_by_role("button", name="Remove Visa").click()
    shop.dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(shop.dialog.get_by_text("No card is saved.")).to_be_visible()
    expect(switch(shop)).not_to_be_checked()
    expect(shop.dialog.get_by_text("Switched off: there was no card to charge.")).to_be_visible()
    assert jobs.recharge() == {}
