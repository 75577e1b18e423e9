"""On a phone the views in which one pays fit as well, in English and in Chinese."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.journeys.fitting import fits
from tests.journeys.shop import Shop
from tests.journeys.stripe_form import FIELDS, FIELDS_ZH, StripeForm
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually

Phone = dict[str, Any]
# Locale: what the test looks for, in that language.
WORDS = {
    "en-US": {"fields": FIELDS, "pay": "Pay $4.99", "starter": "Starter", "paid": "Paid."},
    "zh-CN": {"fields": FIELDS_ZH, "pay": "支付 ¥50.00", "starter": "体验包", "paid": "付款成功"},
}


@pytest.mark.parametrize("locale", WORDS)
def test_a_payment_never_scrolls_sideways(
    open_shop: Callable[..., Shop],
    buyer: Person,
    stripe_console: StripeConsole,
    windows: Windows,
    phone: Phone,
    locale: str,
) -> None:
    windows.expect_complaint("402")
    words: dict[str, Any] = WORDS[locale]
    shop = open_shop(buyer, locale=locale, **phone)
    shop.use_form("elements")
    shop.badge.tap()
    shop.choose(words["starter"])
    pay = shop.dialog.get_by_role("button", name=words["pay"])
    pay.tap()
    StripeForm(shop.page, words["fields"]).fill()
    fits(shop)
    stripe_console.decline_next("do_not_honor")
    pay.tap()
    expect(shop.dialog.get_by_role("alert")).to_be_visible()
    fits(shop)
    pay.tap()
    expect(shop.payment.outcome).to_contain_text(words["paid"])
    fits(shop)


@pytest.mark.parametrize("locale", WORDS)
def test_cards_auto_recharge_plans_and_payments_never_scroll_sideways(
    wallet: Wallet,
    open_shop: Callable[..., Shop],
    stripe_console: StripeConsole,
    phone: Phone,
    locale: str,
) -> None:
    wallet.save()
    wallet.save("378282246310005")  # American Express has the longest name.
    stripe_console.pay(wallet.buyer.order("yearly")["url"])
    eventually(lambda: wallet.buyer.available, lambda available: available == 12000)
    shop = open_shop(wallet.buyer, locale=locale, **phone)
    shop.badge.tap()
    tabs, groups = shop.dialog.get_by_role("tab"), shop.dialog.get_by_role("group")
    groups.get_by_role("button").nth(2).tap()
    expect(shop.dialog.get_by_role("radio")).to_have_count(1)
    fits(shop)
    tabs.nth(2).tap()
    expect(shop.dialog.get_by_role("listitem")).to_have_count(4)  # The plan brought its card.
    fits(shop)
    shop.dialog.get_by_role("switch").tap()
    expect(shop.dialog.get_by_role("textbox")).to_be_visible()
    for question in shop.dialog.get_by_role("listitem").get_by_role("button").all()[::-1]:
        question.tap()
    fits(shop)
    tabs.nth(3).tap()
    groups.get_by_role("button").nth(1).tap()
    expect(shop.dialog.get_by_role("link").first).to_be_visible()
    fits(shop)
