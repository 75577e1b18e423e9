"""On a phone everything fits, and data from the database is text whatever is written in it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from playwright.sync_api import expect
from psycopg.types.json import Jsonb

from tests.journeys.fitting import fits
from tests.journeys.gifts import give
from tests.journeys.shop import PAID, Shop
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually

HOSTILE = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>{price}'


def test_a_visitor_never_scrolls_sideways(
    open_shop: Callable[..., Shop], phone: dict[str, object]
) -> None:
    visitor = open_shop(**phone)
    visitor.expect_nobody()
    fits(visitor)
    visitor.open_dialog()
    expect(visitor.dialog.get_by_role("radio")).to_have_count(3)
    fits(visitor)
    visitor.pay_button.tap()
    expect(visitor.dialog.get_by_label("E-mail")).to_be_visible()
    fits(visitor)


def test_a_buyer_with_large_numbers_never_scrolls_sideways(
    open_shop: Callable[..., Shop],
    buyer: Person,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
    phone: dict[str, object],
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    give(database, buyer, 1_234_567, "W" * 120, expires_at=tomorrow)
    order = buyer.order()
    shop = open_shop(buyer, f"/cancel.html?payment_id={order['payment_id']}", **phone)
    expect(shop.title).to_have_text("You left the payment page")
    fits(shop)
    shop.open_dialog()
    expect(shop.dialog.get_by_role("button", name="Resume the payment")).to_be_visible()
    fits(shop)
    shop.dialog.get_by_role("tab", name="Balance").tap()
    expect(shop.dialog.get_by_text("When your credits expire")).to_be_visible()
    fits(shop)
    shop.dialog.get_by_role("tab", name="History").tap()
    expect(shop.dialog.get_by_role("listitem")).to_have_count(1)
    fits(shop)

    stripe_console.pay(order["url"])
    shop.visit(f"/success.html?payment_id={order['payment_id']}")
    expect(shop.title).to_have_text(PAID)
    fits(shop)


def test_credits_of_many_days_never_scroll_sideways(
    open_shop: Callable[..., Shop],
    buyer: Person,
    database: psycopg.Connection[dict],
    phone: dict[str, object],
) -> None:
    for days in range(1, 31):
        give(database, buyer, 10, expires_at=datetime.now(UTC) + timedelta(days=days))
    shop = open_shop(buyer, **phone)
    shop.open_dialog("Balance")
    expect(shop.dialog.get_by_role("listitem")).to_have_count(30)
    fits(shop)


@pytest.mark.parametrize("tab", ["Buy", "Balance", "Payment", "History"])
def test_twice_as_large_letters_never_scroll_sideways(
    open_shop: Callable[..., Shop],
    buyer: Person,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
    phone: dict[str, object],
    tab: str,
) -> None:
    """As set in the browser: https://www.w3.org/WAI/WCAG22/Understanding/resize-text"""
    give(database, buyer, 1_234_567)
    stripe_console.pay(buyer.order("monthly")["url"])
    buyer.order()
    eventually(lambda: buyer.available, lambda available: available == 1_235_567)
    shop = open_shop(buyer, **phone)
    letters = shop.page.context.new_cdp_session(shop.page)
    letters.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    shop.open_dialog(tab)
    expect(shop.dialog.get_by_role("tabpanel")).to_be_visible()
    shop.page.wait_for_load_state("networkidle")
    assert shop.dialog.evaluate("dialog => getComputedStyle(dialog).fontSize") == "32px"
    fits(shop)


def test_a_phone_in_chinese_never_scrolls_sideways(
    open_shop: Callable[..., Shop], buyer: Person, phone: dict[str, object]
) -> None:
    shop = open_shop(buyer, locale="zh-CN", **phone)
    shop.badge.tap()
    expect(shop.dialog.get_by_role("radio")).to_have_count(4)
    fits(shop)


def test_a_phone_of_a_buyer_with_another_plan_never_scrolls_sideways(
    open_shop: Callable[..., Shop],
    buyer: Person,
    stripe_console: StripeConsole,
    phone: dict[str, object],
) -> None:
    stripe_console.pay(buyer.order("monthly")["url"])
    eventually(lambda: buyer.available, lambda available: available == 1000)
    shop = open_shop(buyer, **phone)
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Yearly").tap()
    expect(shop.dialog.get_by_role("button", name="Manage Monthly")).to_be_visible()
    fits(shop)


@pytest.mark.parametrize(("height", "orders"), [(720, 0), (800, 1), (860, 1), (900, 1), (937, 1)])
def test_on_a_small_laptop_the_chosen_package_is_seen_beside_the_pay_button(
    shop: Shop, buyer: Person, height: int, orders: int
) -> None:
    for _ in range(orders):
        buyer.order()
    shop.page.set_viewport_size({"width": 1280, "height": height})
    shop.page.emulate_media(reduced_motion="reduce")  # else the dialog rises between the two looks
    shop.visit()
    shop.open_dialog()
    expect(shop.dialog.get_by_test_id("available")).to_have_text("0")
    expect(shop.dialog.get_by_role("button", name="Resume")).to_have_count(orders)
    chosen = shop.dialog.locator(".package:has(:checked)").bounding_box()
    bar = shop.dialog.locator(".pay-bar").bounding_box()
    assert chosen and bar
    assert chosen["y"] + chosen["height"] <= bar["y"]


def test_the_pay_button_is_in_reach_on_a_small_phone(shop: Shop) -> None:
    shop.page.set_viewport_size({"width": 320, "height": 568})
    shop.open_dialog()
    expect(shop.pay_button).to_be_in_viewport(ratio=1)


def test_the_tabs_stay_under_the_thumb_on_a_phone(shop: Shop) -> None:
    shop.page.set_viewport_size({"width": 390, "height": 844})
    shop.page.emulate_media(reduced_motion="reduce")
    shop.open_dialog()
    tabs = shop.dialog.get_by_role("tab")
    heights = set()
    for tab in ("Buy", "Balance", "Payment", "History"):
        shop.dialog.get_by_role("tab", name=tab, exact=True).click()
        expect(shop.dialog.get_by_role("tabpanel")).to_be_visible()
        box = tabs.first.bounding_box()
        assert box
        heights.add(box["y"])
    assert len(heights) == 1


def test_the_corner_that_a_host_app_sets_shapes_the_small_parts_too(
    shop: Shop, buyer: Person
) -> None:
    buyer.order()
    shop.visit()
    shop.open_dialog()
    parts = (".open-payments", ".segments", ".package", ".select > select", ".button.primary")
    for corner, small in [("20px", "13px"), ("0px", "0px")]:
        shop.page.evaluate(
            "(corner) => document.body.style.setProperty('--topup-radius', corner)", corner
        )
        expect(shop.dialog).to_have_css("border-radius", corner)
        for part in parts:
            expect(shop.dialog.locator(part).first).to_have_css("border-radius", small)


@pytest.fixture
def hostile_package(database: psycopg.Connection[dict], changing_catalog: None) -> None:
    """The starter package bears markup for a name."""
    rename = "update public.credit_packages set name = %s where id = 'starter'"
    database.execute(rename, [Jsonb({"en": HOSTILE})])


def test_a_package_name_with_markup_is_text_everywhere_and_runs_nothing(
    hostile_package: None, shop: Shop
) -> None:
    shop.open_dialog()
    expect(shop.dialog.get_by_text(HOSTILE)).to_be_visible()
    shop.choose(HOSTILE)
    expect(shop.pay_button).to_have_text("Pay $4.99")
    unharmed(shop)
    stripe = shop.pay()
    expect(shop.page.get_by_text(HOSTILE).first).to_be_visible()
    unharmed(shop)
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.open_dialog("History")
    expect(shop.dialog.get_by_role("listitem")).to_have_count(1)
    unharmed(shop)


def unharmed(shop: Shop) -> None:
    assert shop.page.evaluate("window.hacked") is None
    expect(shop.page.locator("img[src=x]")).to_have_count(0)
