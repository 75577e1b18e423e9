"""axe-core finds nothing to complain about, in light and in dark."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from playwright.sync_api import expect

from tests.backend.wallet import Wallet
from tests.journeys.axe import faults
from tests.journeys.gifts import give
from tests.journeys.shop import PAID, Shop
from tests.people import Person
from tests.stripe_console import StripeConsole

UNKNOWN_PAYMENT = "00000000-0000-0000-0000-000000000000"


def test_a_visitor_finds_start_page_packages_and_sign_in_accessible(
    open_shop: Callable[..., Shop], look: dict[str, Any]
) -> None:
    visitor = open_shop(**look)
    visitor.expect_nobody()
    assert faults(visitor) == []
    visitor.open_dialog()
    expect(visitor.dialog.get_by_role("radio")).to_have_count(3)
    assert faults(visitor) == []
    visitor.pay_button.click()
    expect(visitor.dialog.get_by_label("E-mail")).to_be_visible()
    assert faults(visitor) == []


def test_a_buyer_finds_every_tab_accessible(
    open_shop: Callable[..., Shop],
    buyer: Person,
    database: psycopg.Connection[dict],
    look: dict[str, Any],
) -> None:
    give(database, buyer, 300, expires_at=datetime.now(UTC) + timedelta(days=30))
    give(database, buyer, 200)
    buyer.order()
    shop = open_shop(buyer, **look)
    expect(shop.title).to_be_visible()
    assert faults(shop) == []
    shop.open_dialog()
    expect(shop.dialog.get_by_text("1 payment to finish")).to_be_visible()
    assert faults(shop) == []
    shop.dialog.get_by_role("tab", name="Balance").click()
    expect(shop.dialog.get_by_text("When your credits expire")).to_be_visible()
    assert faults(shop) == []
    shop.dialog.get_by_role("tab", name="History").click()
    expect(shop.dialog.get_by_role("button", name="Download CSV")).to_be_visible()
    assert faults(shop) == []


def test_the_way_back_from_stripe_is_accessible(
    open_shop: Callable[..., Shop],
    buyer: Person,
    stripe_console: StripeConsole,
    look: dict[str, Any],
) -> None:
    order = buyer.order()
    shop = open_shop(buyer, f"/cancel.html?payment_id={order['payment_id']}", **look)
    expect(shop.title).to_have_text("You left the payment page")
    assert faults(shop) == []
    stripe_console.pay(order["url"])
    shop.visit(f"/success.html?payment_id={order['payment_id']}")
    expect(shop.title).to_have_text(PAID)
    assert faults(shop) == []


def test_in_the_readers_own_colours_what_is_chosen_looks_different(
    open_shop: Callable[..., Shop], wallet: Wallet, look: dict[str, Any]
) -> None:
    wallet.save()
    shop = open_shop(wallet.buyer, forced_colors="active", **look)
    shop.open_dialog()
    expect(shop.dialog.get_by_role("radio")).to_have_count(3)
    rhythm, tab = ".segments > button", ".tabs > button"
    ground, line = "background-color", "border-bottom-color"
    assert style(shop, f"{rhythm}:first-child", ground) != style(
        shop, f"{rhythm}:last-child", ground
    )
    assert style(shop, f"{tab}:first-child", line) != style(shop, f"{tab}:last-child", line)
    assert style(shop, ".pay-bar", "background-image") != "none"
    assert style(shop, "dialog", "outline-style") == "solid"
    assert faults(shop) == []
    shop.dialog.get_by_role("tab", name="Payment").click()
    expect(shop.dialog.get_by_role("switch")).to_be_enabled()
    assert style(shop, ".switch > span", ground) != style(shop, ".switch", ground)


def style(shop: Shop, part: str, name: str) -> str:
    """As it is drawn."""
    drawn = "(element, name) => getComputedStyle(element).getPropertyValue(name)"
    return shop.page.locator(f"credits-dialog {part}").evaluate(drawn, name)


def test_what_went_wrong_is_accessible(
    open_shop: Callable[..., Shop], look: dict[str, Any]
) -> None:
    visitor = open_shop(path=f"/success.html?payment_id={UNKNOWN_PAYMENT}", **look)
    expect(visitor.title).to_have_text("Sign in to see your payment")
    assert faults(visitor) == []
    visitor.visit("/success.html?payment_id=nothing")
    expect(visitor.title).to_have_text("We don’t know this payment")
    assert faults(visitor) == []
