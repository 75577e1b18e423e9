"""A button that goes away with what it stands in leaves the focus near, for whoever uses the keyboard."""

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser import Windows
from tests.journeys.shop import Shop
from tests.journeys.test_in_page_silence import CONFIRM, outlast_the_asking, pay_into_silence
from tests.journeys.test_trouble import BUYING, refuse
from tests.people import Person

CANCELED = "The payment was canceled"
EVENT = """
  insert into account_events (user_id, type, data)
  values (%s, 'subscription_ended', '{"subscription_id": "sub_ended"}')
"""


def panel(shop: Shop) -> Locator:
    return shop.dialog.locator("#panel")


@pytest.mark.parametrize("tab", ["Buy", "Balance"])
def test_a_notice_keeps_the_focus_until_it_is_put_away(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict], tab: str
) -> None:
    database.execute(EVENT, [buyer.id])
    shop.open_dialog(tab)
    got_it = shop.dialog.get_by_role("button", name="Got it")
    got_it.focus()
    shop.look_again()
    expect(got_it).to_be_focused()
    got_it.press("Enter")
    expect(got_it).to_be_hidden()
    expect(panel(shop)).to_be_focused()


def test_trying_again_to_load_the_packages(shop: Shop, windows: Windows) -> None:
    windows.expect_complaint("ERR_INTERNET_DISCONNECTED")
    shop.page.route("**/api/packages*", lambda route: route.abort("internetdisconnected"), times=1)
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Try again").press("Enter")
    expect(shop.dialog.get_by_role("radio")).to_have_count(3)
    expect(panel(shop)).to_be_focused()


def test_trying_again_to_pay(shop: Shop, windows: Windows) -> None:
    windows.expect_complaint("503")
    shop.page.route(BUYING, lambda route: refuse(route, 503, "stripe_unavailable"))
    shop.open_dialog()
    shop.choose("Starter")
    shop.pay_button.click()
    with shop.page.expect_response(BUYING):
        shop.dialog.get_by_role("button", name="Try again").press("Enter")
    expect(shop.dialog.get_by_role("alert")).to_be_visible()
    expect(shop.pay_button).to_be_focused()


def test_checking_again_what_became_of_a_payment_inside_the_dialog(
    shop: Shop, windows: Windows
) -> None:
    windows.expect_complaint("ERR_FAILED")
    held: list[Route] = []
    payment = pay_into_silence(shop, CONFIRM, held)
    again = outlast_the_asking(shop)
    held.pop().abort()
    again.press("Enter")
    expect(payment.pay_button).to_be_visible()
    expect(panel(shop)).to_be_focused()


def test_canceling_and_checking_on_the_pages_that_buyers_come_back_to(
    open_shop: Callable[..., Shop], buyer: Person
) -> None:
    order = buyer.order()
    shop = open_shop(buyer, f"/cancel.html?payment_id={order['payment_id']}")
    shop.page.get_by_role("button", name="Cancel payment").press("Enter")
    expect(shop.title).to_have_text(CANCELED)
    expect(shop.title).to_be_focused()


def test_checking_again_on_the_success_page(
    open_shop: Callable[..., Shop], buyer: Person, windows: Windows
) -> None:
    windows.expect_complaint("503")
    order = buyer.order()
    shop = open_shop(path=f"/success.html?payment_id={order['payment_id']}")
    shop.page.route(
        "**/api/payments/**", lambda route: refuse(route, 503, "database_unavailable"), times=1
    )
    shop.sign_in(buyer)
    shop.page.get_by_role("button", name="Check again").press("Enter")
    expect(shop.title).to_have_text("Not paid yet")
    expect(shop.title).to_be_focused()


def test_signing_out_in_the_pages_head_is_said_and_leads_to_signing_in(shop: Shop) -> None:
    head = shop.page.locator("topup-account")
    head.get_by_role("button", name="Sign out").press("Enter")
    expect(head.get_by_role("button", name="Sign in")).to_be_focused()
    expect(head.get_by_role("status")).to_have_text("You are signed out.")
