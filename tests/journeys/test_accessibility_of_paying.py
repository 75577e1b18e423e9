"""axe-core finds nothing to complain about where buyers pay, keep cards and look after plans."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.backend.jobs import Jobs
from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.journeys.axe import faults
from tests.journeys.shop import Shop
from tests.journeys.stripe_form import StripeForm
from tests.journeys.stripe_page import ASKS_FOR_3D_SECURE
from tests.people import Person
from tests.stripe_browser import ASKS_ALWAYS
from tests.stripe_console import MASTERCARD, StripeConsole, eventually

Look = dict[str, Any]


def test_a_payment_is_accessible_from_the_form_to_the_end_of_it(
    open_shop: Callable[..., Shop],
    buyer: Person,
    stripe_console: StripeConsole,
    windows: Windows,
    look: Look,
) -> None:
    windows.expect_complaint("402")
    shop = open_shop(buyer, **look)
    payment = shop.start_paying_inside()
    payment.form.fill()
    assert faults(shop) == []
    stripe_console.decline_next("insufficient_funds")
    payment.pay_button.click()
    expect(payment.said).to_be_visible()
    assert faults(shop) == []
    payment.pay(ASKS_FOR_3D_SECURE)
    expect(payment.bank.window).to_be_visible()
    assert faults(shop) == []
    payment.bank.authenticate()
    payment.expect_paid()
    assert faults(shop) == []


def test_saved_cards_and_open_payments_are_accessible(
    wallet: Wallet, open_shop: Callable[..., Shop], jobs: Jobs, look: Look
) -> None:
    wallet.save(ASKS_ALWAYS)
    shop = open_shop(wallet.buyer, **look)
    shop.open_dialog("Payment")
    switch = shop.dialog.get_by_role("switch")
    switch.click()
    expect(shop.dialog.get_by_role("button", name="Agree and switch on")).to_be_visible()
    assert faults(shop) == []
    shop.dialog.get_by_role("button", name="Agree and switch on").click()
    expect(shop.dialog.get_by_role("button", name="Change")).to_be_visible()
    assert faults(shop) == []
    assert jobs.recharge()["requires_action"] == 1
    shop.visit()
    expect(shop.badge).to_contain_text("0")
    assert faults(shop) == []
    shop.badge.click()
    expect(shop.payment.pay_button).to_be_visible()
    assert faults(shop) == []
    shop.dialog.get_by_role("button", name="Back").click()
    expect(shop.dialog.get_by_text("1 payment to finish")).to_be_visible()
    assert faults(shop) == []
    shop.dialog.get_by_role("tab", name="Balance").click()
    expect(shop.dialog.get_by_text("A purchase waits for you")).to_be_visible()
    assert faults(shop) == []


def test_the_payment_tab_is_accessible(
    wallet: Wallet, open_shop: Callable[..., Shop], stripe_console: StripeConsole, look: Look
) -> None:
    wallet.save()
    wallet.save(MASTERCARD)
    stripe_console.pay(wallet.buyer.order("monthly")["url"])
    eventually(lambda: wallet.buyer.available, lambda available: available == 1000)
    shop = open_shop(wallet.buyer, **look)
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Monthly").click()
    expect(shop.dialog.get_by_role("button", name="You have this plan.")).to_be_visible()
    assert faults(shop) == []
    shop.dialog.get_by_role("tab", name="Payment").click()
    expect(shop.dialog.get_by_text("Renews on")).to_be_visible()
    assert faults(shop) == []
    shop.dialog.get_by_role("button", name="Remove Visa").first.click()
    shop.dialog.get_by_role("button", name="Cancel subscription").click()
    shop.dialog.get_by_role("button", name="Add a card").click()
    StripeForm(shop.page).fill()
    assert faults(shop) == []
    shop.dialog.get_by_role("tab", name="History").click()
    shop.dialog.get_by_role("button", name="Payments").click()
    expect(shop.dialog.get_by_role("link", name="Invoice")).to_be_visible()
    assert faults(shop) == []
