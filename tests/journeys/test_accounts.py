"""Whose numbers a browser shows: those of whoever is signed in, and of nobody else."""

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser import Windows
from tests.journeys.gifts import give
from tests.journeys.shop import PAID, SESSION, Shop
from tests.people import Person
from tests.stripe_console import StripeConsole

SIGN_IN_FIRST = "Sign in to see your payment"
UNKNOWN = "We don’t know this payment"


def test_signing_out_leaves_nothing_behind_not_even_by_going_back(
    shop: Shop, buyer: Person
) -> None:
    shop.buy()
    shop.page.get_by_role("link", name="Back to the start page").click()
    shop.expect_balance(500)

    shop.sign_out()
    assert stored_session(shop) is None
    expect(shop.page.get_by_text(buyer.email)).to_be_hidden()

    shop.page.go_back()
    expect(shop.title).to_have_text(SIGN_IN_FIRST)
    expect(shop.page.get_by_text(buyer.email)).to_be_hidden()
    shop.expect_nobody()
    assert stored_session(shop) is None


def test_signing_out_in_one_tab_signs_out_the_other(shop: Shop) -> None:
    tab = shop.another_tab()
    tab.expect_balance(0)
    shop.expect_balance(0)
    shop.sign_out()
    tab.expect_nobody()


def test_signing_out_in_the_dialog_leads_back_to_the_shop(shop: Shop) -> None:
    shop.open_dialog("History")
    shop.dialog.get_by_role("button", name="Sign out").click()
    expect(shop.dialog.get_by_role("status")).to_have_text("You are signed out.")
    expect(shop.dialog.get_by_role("tab")).to_have_count(0)
    expect(shop.pay_button).to_have_text("Sign in and pay $29.99")


def test_two_people_at_one_browser_never_see_each_others_numbers(
    visitor: Shop, buyer: Person, stranger: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 1234, "For the first")
    give(database, stranger, 77, "For the second")
    for person, available, own, foreign in [
        (buyer, 1234, "For the first", "For the second"),
        (stranger, 77, "For the second", "For the first"),
    ]:
        visitor.page.locator("topup-account").get_by_role("button", name="Sign in").click()
        visitor.sign_in(person)
        visitor.expect_balance(available)
        visitor.dialog.get_by_role("tab", name="History").click()
        expect(visitor.dialog.get_by_text(own)).to_be_visible()
        expect(visitor.dialog.get_by_text(foreign)).to_be_hidden()
        visitor.close_dialog()
        visitor.sign_out()


def test_a_wrong_password_is_said_and_the_right_one_still_works(
    visitor: Shop, buyer: Person, windows: Windows
) -> None:
    windows.expect_complaint("400")
    visitor.open_dialog()
    visitor.dialog.get_by_role("button", name="Sign in", exact=True).click()
    visitor.dialog.get_by_label("E-mail").fill(buyer.email)
    visitor.dialog.get_by_label("Password").fill("not-my-password")
    visitor.dialog.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.dialog.get_by_role("alert")).to_have_text("The e-mail or the password is wrong.")
    visitor.sign_in(buyer)
    visitor.expect_balance(0)


def test_who_comes_from_stripe_signed_out_signs_in_and_goes_on(
    open_shop: Callable[..., Shop], buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    stripe_console.pay(order["url"])
    shop = open_shop(path=f"/success.html?payment_id={order['payment_id']}")
    expect(shop.title).to_have_text(SIGN_IN_FIRST)
    shop.sign_in(buyer)
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)


@pytest.mark.parametrize("page", ["success", "cancel"])
def test_a_strangers_payment_is_not_shown(
    open_shop: Callable[..., Shop],
    buyer: Person,
    stranger: Person,
    windows: Windows,
    page: str,
) -> None:
    windows.expect_complaint("404")
    order = stranger.order()
    shop = open_shop(buyer, f"/{page}.html?payment_id={order['payment_id']}")
    expect(shop.title).to_have_text(UNKNOWN)
    expect(shop.page.get_by_text("$4.99")).to_be_hidden()
    assert stranger.payment(order["payment_id"])["status"] == "pending"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?payment_id=",
        "?payment_id=1%27%20or%201=1",
        "?payment_id=%3Cimg%20src=x%20onerror=alert(1)%3E",
        "?payment_id=../../api/config",
    ],
)
def test_an_address_that_names_no_payment_is_said_to_be_incomplete(
    open_shop: Callable[..., Shop], buyer: Person, query: str
) -> None:
    shop = open_shop(buyer, f"/success.html{query}")
    expect(shop.title).to_have_text(UNKNOWN)
    expect(shop.page.get_by_role("link", name="Back to the start page")).to_be_visible()


def stored_session(shop: Shop) -> str | None:
    return shop.page.evaluate("(key) => localStorage.getItem(key)", SESSION)
