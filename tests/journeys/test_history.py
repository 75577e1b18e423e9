"""The Balance and History tabs: what there is, what expires when, and every movement."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
from playwright.sync_api import Locator, Route, expect

from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.journeys.gifts import give
from tests.journeys.shop import Shop
from tests.people import Person


def test_balance_tells_what_expires_when_and_in_which_order(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict]
) -> None:
    soon = datetime.now(UTC) + timedelta(days=30)
    give(database, buyer, 200)
    give(database, buyer, 300, expires_at=soon)
    shop.open_dialog("Balance")
    expect(shop.dialog.get_by_test_id("available")).to_have_text("500")
    lots = shop.dialog.get_by_role("listitem")
    expect(lots).to_have_count(2)
    expect(lots.nth(0)).to_contain_text("300 credits")
    expect(lots.nth(0)).to_contain_text(str(soon.year))
    expect(lots.nth(1)).to_have_text("200 creditsnever expire")
    expect(figure(shop, "Received so far")).to_have_text("500")
    expect(figure(shop, "Spent so far")).to_have_text("0")


def test_what_expires_on_one_day_is_one_line_whatever_lots_it_came_in(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict]
) -> None:
    soon = datetime.now(UTC) + timedelta(days=30)
    for _ in range(2):
        give(database, buyer, 300, expires_at=soon)
    shop.open_dialog("Balance")
    expect(shop.dialog.get_by_text("600 expire on")).to_be_visible()
    expect(shop.dialog.get_by_role("listitem")).to_have_count(1)
    expect(shop.dialog.get_by_role("listitem")).to_contain_text("600 credits")


def test_a_number_that_is_being_typed_stays_while_the_balance_changes(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict]
) -> None:
    shop.open_dialog("Balance")
    threshold(shop).fill("")
    threshold(shop).press_sequentially("25")
    give(database, buyer, 300)
    look_again(shop)
    expect(figure(shop, "Received so far")).to_have_text("300")
    expect(threshold(shop)).to_be_focused()
    shop.page.keyboard.type("0")
    expect(threshold(shop)).to_have_value("250")


def test_a_threshold_that_is_not_being_changed_follows_what_is_saved_elsewhere(
    shop: Shop, buyer: Person
) -> None:
    shop.open_dialog("Balance")
    expect(threshold(shop)).not_to_have_value("")
    buyer.request("PUT", "/api/credits/low-balance-threshold", json={"threshold": 77})
    look_again(shop)
    expect(threshold(shop)).to_have_value("77")


def test_saving_the_threshold_keeps_the_focus_and_asks_for_no_other_outlook(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 300)
    asked: list[str] = []
    shop.page.on("request", lambda request: "forecast" in request.url and asked.append(request.url))
    shop.open_dialog("Balance")
    threshold(shop).fill("250")
    save = shop.dialog.get_by_role("button", name="Save")
    with shop.page.expect_response("**/api/cart/count"):
        save.press("Enter")
    said = "We’ll tell you when you have fewer than 250 credits."
    expect(shop.dialog.get_by_role("tabpanel").get_by_role("status")).to_have_text(said)
    expect(save).to_be_enabled()
    expect(save).to_be_focused()
    expect(threshold(shop)).to_have_value("250")
    assert len(asked) == 1


def test_a_balance_below_zero_is_explained(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, -40, "Bought with somebody else's card")
    shop.open_dialog()
    expect(shop.dialog.get_by_test_id("available")).to_have_text("−40")
    for tab in ("Buy", "Balance"):
        shop.dialog.get_by_role("tab", name=tab).click()
        expect(shop.dialog.get_by_text("Your balance is below zero,")).to_be_visible()
    # Of what is not there nothing is foretold.
    expect(shop.dialog.get_by_text("Nothing you have will expire.")).to_have_count(0)
    expect(shop.dialog.get_by_text("At this pace")).to_have_count(0)


def test_the_badge_is_marked_while_credits_run_low(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict]
) -> None:
    low = "Your credits are running low."
    expect(shop.badge).to_have_accessible_name("Credits: 0 available")
    expect(shop.badge).not_to_have_accessible_description(low)  # who never had any
    give(database, buyer, 49)
    look_again(shop)
    expect(shop.badge).to_have_accessible_description(low)
    give(database, buyer, 1)
    shop.visit()
    shop.expect_balance(50)
    expect(shop.badge).not_to_have_accessible_description(low)


def test_a_purchase_that_only_fills_a_debt_says_that_nothing_can_be_spent_yet(
    wallet: Wallet, open_shop: Callable[..., Shop], database: psycopg.Connection[dict]
) -> None:
    wallet.save()
    give(database, wallet.buyer, -1800, "Bought with somebody else's card")
    shop = open_shop(wallet.buyer)
    payment = shop.start_paying_inside()
    payment.pay_button.click()
    payment.expect_paid()
    expect(shop.dialog.get_by_role("definition")).to_have_text(["$4.99", "+500", "−1,300"])
    expect(shop.dialog.get_by_text("Your balance is below zero,")).to_be_visible()


def test_a_purchase_is_the_first_thing_in_an_empty_history(shop: Shop) -> None:
    shop.open_dialog("History")
    expect(shop.dialog.get_by_text("No transactions yet")).to_be_visible()
    expect(shop.dialog.get_by_role("button", name="Download CSV")).to_be_hidden()
    shop.close_dialog()

    shop.buy()
    shop.visit()
    shop.open_dialog("History")
    expect(rows(shop)).to_have_count(1)
    for part in ["Purchase", "+500", "Balance 500"]:
        expect(rows(shop)).to_contain_text(part)


def test_a_long_history_is_shown_a_page_at_a_time_newest_first(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict]
) -> None:
    for number in range(45):
        give(database, buyer, 1, f"Gift {number:02}")
    shop.open_dialog("History")
    more = shop.dialog.get_by_role("button", name="Show more")
    expect(rows(shop)).to_have_count(20)
    expect(rows(shop).first).to_contain_text("Gift 44")

    more.click()
    expect(rows(shop)).to_have_count(40)
    expect(rows(shop).nth(20)).to_be_focused()
    more.click()
    expect(rows(shop)).to_have_count(45)
    expect(rows(shop).last).to_contain_text("Gift 00")
    expect(more).to_be_hidden()

    texts = rows(shop).all_inner_texts()
    assert len(set(texts)) == 45


def test_trying_again_twice_lists_nothing_twice(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict], windows: Windows
) -> None:
    windows.expect_complaint("ERR_INTERNET_DISCONNECTED")
    for number in range(45):
        give(database, buyer, 1, f"Gift {number:02}")
    listing = "**/api/credits/transactions?*"
    again = shop.dialog.get_by_role("button", name="Try again")
    more = shop.dialog.get_by_role("button", name="Show more")
    waiting: list[Route] = []

    shop.page.route(listing, lambda route: route.abort("internetdisconnected"))
    shop.open_dialog("History")
    expect(again).to_be_visible()
    shop.page.route(listing, lambda route: waiting.append(route))
    with shop.page.expect_request(listing):
        again.dblclick()
    expect(shop.dialog.get_by_text("Loading transactions…")).to_be_attached()
    expect(again).to_be_hidden()
    release(waiting)
    expect(rows(shop)).to_have_count(20)

    shop.page.unroute(listing)
    shop.page.route(listing, lambda route: route.abort("internetdisconnected"))
    more.click()
    expect(again).to_be_visible()
    shop.page.route(listing, lambda route: waiting.append(route))
    with shop.page.expect_request(listing):
        again.click()
    expect(again).to_be_hidden()
    more.press("Enter")
    release(waiting)
    expect(rows(shop).nth(20)).to_be_focused()
    expect(rows(shop)).to_have_count(40)


def release(waiting: list[Route]) -> None:
    """Let what is held back go on, all of it."""
    assert waiting
    for route in waiting:
        route.continue_()
    waiting.clear()


def test_the_csv_file_holds_every_movement(
    shop: Shop, buyer: Person, database: psycopg.Connection[dict]
) -> None:
    for number in range(25):
        give(database, buyer, 10, f'Gift {number}, "as promised"')
    shop.open_dialog("History")
    with shop.page.expect_download() as download:
        shop.dialog.get_by_role("button", name="Download CSV").click()
    expect(shop.dialog.get_by_role("status")).to_have_text("The file was downloaded.")

    assert download.value.suggested_filename == "credits.csv"
    with download.value.path().open(newline="", encoding="utf-8") as file:
        movements = list(csv.DictReader(file))
    assert [movement["amount"] for movement in movements] == ["10"] * 25
    assert movements[0]["description"] == 'Gift 24, "as promised"'
    assert movements[0]["balance_after"] == "250"


def rows(shop: Shop) -> Locator:
    return shop.dialog.get_by_role("listitem")


def threshold(shop: Shop) -> Locator:
    return shop.dialog.get_by_label("Tell me when credits fall below")


def look_again(shop: Shop) -> None:
    """Come back to the page after a while."""
    shop.page.clock.install()
    shop.page.clock.fast_forward(60_000)
    shop.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def figure(shop: Shop, label: str) -> Locator:
    """The number under a label."""
    return shop.dialog.locator("dl > div").filter(has_text=label).get_by_role("definition")
