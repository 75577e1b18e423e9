"""Currencies without a minor unit and with three digits of it: the same amount at every step."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.backend.wallet import Wallet
from tests.journeys.held import caught
from tests.journeys.payment_view import PAID
from tests.journeys.shop import Shop
from tests.people import Person

# What the buyer reads, and what Stripe is asked for in minor units.
PRICES = {"JPY": ("¥780", 780), "KWD": ("KWD 1.550", 1550)}
# A limit as it is typed, and as it is agreed to.
LIMITS = {
    "JPY": ("2500", "charge Visa ···· 4242 ¥780 for 500 credits, at most ¥2,500 a month"),
    "KWD": ("4.650", "charge Visa ···· 4242 KWD 1.550 for 500 credits, at most KWD 4.650 a month"),
}


@pytest.fixture(params=PRICES)
def currency(request: pytest.FixtureRequest, shop: Shop) -> str:
    """The dialog is open, and shows prices in it; the starter package is chosen."""
    shop.use_form("elements")
    shop.open_dialog()
    shop.dialog.get_by_label("Currency").select_option(request.param)
    shop.choose("Starter")
    return request.param


def expect_paid(shop: Shop, buyer: Person, currency: str) -> None:
    """By the buyer's history, and by the backend."""
    price, amount = PRICES[currency]
    shop.visit()
    shop.open_dialog("History")
    shop.dialog.get_by_role("button", name="Payments").click()
    row = shop.dialog.get_by_role("listitem")
    expect(row).to_contain_text(price)
    with shop.page.expect_popup() as opened:
        row.get_by_role("link", name="Receipt").click()
    expect(opened.value.locator(".total")).to_have_text(price)
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert (payment["amount"], payment["amount_paid"]) == (amount, amount)
    assert payment["currency"] == currency.lower()


def test_the_price_on_the_button_is_charged_inside_the_dialog(
    shop: Shop, buyer: Person, currency: str
) -> None:
    price, _ = PRICES[currency]
    expect(shop.pay_button).to_have_text(f"Pay {price}")
    shop.pay_button.click()
    shop.payment.pay()
    shop.payment.expect_paid()
    expect(shop.dialog.get_by_role("definition").first).to_have_text(price)
    expect_paid(shop, buyer, currency)


def test_the_price_on_the_button_is_the_one_on_stripes_page(
    shop: Shop, buyer: Person, currency: str
) -> None:
    price, _ = PRICES[currency]
    shop.use_form("hosted")
    stripe = shop.pay()
    expect(stripe.total).to_have_text(price)
    expect(stripe.pay_button).to_have_accessible_name(f"Pay {price}")
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    expect_paid(shop, buyer, currency)


def test_the_chosen_currency_is_shown_while_its_prices_are_on_their_way(shop: Shop) -> None:
    shop.open_dialog()
    shop.choose("Starter")
    waiting: list[Route] = []
    shop.page.route("**/api/packages?*", lambda route: waiting.append(route))
    chosen = shop.dialog.get_by_label("Currency")
    chosen.select_option("JPY")
    expect(shop.dialog.get_by_text("Loading packages…")).to_be_attached()
    expect(chosen).to_have_value("jpy")
    expect(shop.pay_button).to_be_hidden()
    for route in caught(shop.page, waiting):
        route.continue_()
    expect(shop.pay_button).to_have_text("Pay ¥780")


@pytest.mark.parametrize("code", LIMITS)
def test_a_limit_for_auto_recharge_is_typed_in_the_currency_too(
    wallet: Wallet, open_shop: Callable[..., Shop], code: str
) -> None:
    typed, consent = LIMITS[code]
    wallet.save()
    shop = open_shop(wallet.buyer)
    shop.open_dialog()
    shop.dialog.get_by_label("Currency").select_option(code)
    shop.dialog.get_by_role("tab", name="Payment").click()
    shop.dialog.get_by_role("switch", name="Auto-recharge").click()
    shop.dialog.get_by_label("At most, each month").fill(typed)
    expect(shop.dialog.get_by_text(consent)).to_be_visible()
    shop.dialog.get_by_role("button", name="Agree and switch on").click()
    expect(shop.dialog.get_by_role("switch", name="Auto-recharge")).to_be_checked()
