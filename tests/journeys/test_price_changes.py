"""A page that was opened before a price changed: nobody pays, or agrees to, what he has not read."""

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Locator, expect

from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.journeys.shop import Shop
from tests.stripe_console import StripeConsole

CHANGED = "The price has changed since this page showed it. Please look at it again."


@pytest.fixture
def raise_price(
    database: psycopg.Connection[dict], changing_catalog: None
) -> Iterator[Callable[[], None]]:
    """Makes the starter package cost 5.99 USD; put back afterwards."""
    yield lambda: database.execute(
        "update credit_package_prices set amount = 599 "
        "where package_id = 'starter' and currency = 'usd'"
    )
    database.execute("update auto_recharges set enabled = false")  # the job charges whoever is due


@pytest.fixture(autouse=True)
def _a_refusal_is_expected(windows: Windows) -> None:
    windows.expect_complaint("422")


def focused(shop: Shop) -> Locator:
    return shop.dialog.locator("*:focus")


def test_a_saved_card_is_not_charged_more_than_was_read(
    wallet: Wallet,
    open_shop: Callable[..., Shop],
    raise_price: Callable[[], None],
    stripe_console: StripeConsole,
) -> None:
    wallet.save()
    shop = open_shop(wallet.buyer)
    payment = shop.start_paying_inside()
    raise_price()
    payment.pay_button.click()
    payment.expect_said(CHANGED)
    expect(payment.pay_button).to_have_text("Pay $5.99")
    expect(focused(shop)).to_have_accessible_name(re.compile("^Visa ending in 4242"))
    assert stripe_console.charged(wallet.buyer.email) == []

    payment.pay_button.click()
    payment.expect_paid()
    [charged] = stripe_console.charged(wallet.buyer.email)
    assert charged["amount"] == 599


def test_a_new_card_is_asked_for_again_with_the_price_of_now(
    shop: Shop, raise_price: Callable[[], None], stripe_console: StripeConsole
) -> None:
    payment = shop.start_paying_inside()
    raise_price()
    payment.pay()
    payment.expect_said(CHANGED)
    expect(payment.pay_button).to_have_text("Pay $5.99")
    payment.pay()
    payment.expect_paid()
    shop.expect_balance(500)


def test_auto_recharge_is_agreed_to_at_the_price_that_was_read(
    wallet: Wallet, open_shop: Callable[..., Shop], raise_price: Callable[[], None]
) -> None:
    wallet.save()
    shop = open_shop(wallet.buyer)
    shop.open_dialog("Payment")
    shop.dialog.get_by_role("switch", name="Auto-recharge").click()
    shop.dialog.get_by_label("When I have fewer than").fill("250")
    raise_price()
    agree = shop.dialog.get_by_role("button", name="Agree and switch on")
    agree.click()
    expect(shop.dialog.get_by_role("alert")).to_contain_text(CHANGED)
    expect(
        shop.dialog.get_by_text("fewer than 250 credits, charge Visa ···· 4242 $5.99")
    ).to_be_visible()
    assert wallet.buyer.get("/api/credits/auto-recharge").json()["enabled"] is False

    agree.click()
    expect(shop.dialog.get_by_role("status")).to_have_text("Auto-recharge is on.")
    assert wallet.buyer.get("/api/credits/auto-recharge").json()["amount"] == 599
