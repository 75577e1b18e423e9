"""The sandbox's page of webhooks: what is late, lost or sent twice, at the press of a button."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import Windows
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually


@pytest.fixture
def deliveries(windows: Windows, stripe_console: StripeConsole) -> Page:
    """The page, open; `stripe_console` puts back what its buttons have changed."""
    page = windows.open()
    page.goto(f"{stripe_console.base}/webhooks")
    return page


def test_what_is_held_back_comes_when_it_is_sent_and_credits_once_if_sent_again(
    deliveries: Page, buyer: Person, stripe_console: StripeConsole
) -> None:
    choose(deliveries, "held back")
    row = row_of(deliveries, pay(buyer, stripe_console))
    expect(row).to_contain_text("held")
    assert buyer.available == 0

    row.get_by_role("button", name="Send now").click()
    expect(row).to_contain_text("succeeded")
    assert buyer.available == 500

    row.get_by_role("button", name="Send again").click()
    expect(row.get_by_role("cell").nth(3)).to_have_text("2")
    row.get_by_role("button", name="×10").click()
    expect(row.get_by_role("cell").nth(3)).to_have_text("12")
    assert buyer.available == 500


def test_what_is_dropped_does_not_come_until_it_is_sent_again(
    deliveries: Page, buyer: Person, stripe_console: StripeConsole
) -> None:
    choose(deliveries, "dropped")
    row = row_of(deliveries, pay(buyer, stripe_console))
    expect(row).to_contain_text("dropped")
    choose(deliveries, "sent")
    expect(row).to_contain_text("dropped")
    assert buyer.available == 0

    row.get_by_role("button", name="Send now").click()
    expect(row).to_contain_text("succeeded")
    assert buyer.available == 500


def test_a_single_delivery_is_dropped_and_held_by_its_own_buttons(
    deliveries: Page, buyer: Person, stripe_console: StripeConsole
) -> None:
    choose(deliveries, "held back")
    row = row_of(deliveries, pay(buyer, stripe_console))
    row.get_by_role("button", name="Drop").click()
    expect(row).to_contain_text("dropped")
    row.get_by_role("button", name="Hold").click()
    expect(row).to_contain_text("held")
    assert buyer.available == 0


@pytest.mark.parametrize("order", ["in order", "reversed", "shuffled"])
def test_what_is_held_is_released_in_any_order(
    deliveries: Page, buyer: Person, stripe_console: StripeConsole, order: str
) -> None:
    choose(deliveries, "held back")
    row = row_of(deliveries, pay(buyer, stripe_console))
    expect(row).to_contain_text("held")
    deliveries.get_by_role("button", name=order).click()
    expect(row).to_contain_text("succeeded")
    eventually(lambda: buyer.available, lambda available: available == 500)


def test_every_webhook_is_sent_ten_times_if_so_wished(
    deliveries: Page, buyer: Person, stripe_console: StripeConsole
) -> None:
    copies = deliveries.get_by_role("group", name="Copies of each")
    copies.get_by_role("button", name="10").click()
    expect(copies.get_by_role("button", name="10", pressed=True)).to_be_visible()
    rows = row_of(deliveries, pay(buyer, stripe_console))
    expect(rows).to_have_count(10)
    expect(rows.filter(has_text="succeeded")).to_have_count(10)
    assert buyer.available == 500


def choose(page: Page, how: str) -> None:
    """New deliveries are `sent`, `held back` or `dropped`."""
    group = page.get_by_role("group", name="New deliveries are")
    group.get_by_role("button", name=how).click()
    expect(group.get_by_role("button", name=how, pressed=True)).to_be_visible()


def pay(person: Person, console: StripeConsole) -> dict[str, Any]:
    """Buys the starter package; answers Stripe's event of it."""
    order = person.order()
    console.pay(order["url"])
    events = console.api("events", type="checkout.session.completed", limit=10)["data"]
    [event] = [
        event
        for event in events
        if event["data"]["object"]["client_reference_id"] == order["payment_id"]
    ]
    return event


def row_of(page: Page, event: dict[str, Any]) -> Locator:
    """The event's deliveries, which the page shows within two seconds."""
    link = page.locator(f"a[href='/webhooks/{event['id']}']")
    return page.get_by_role("row").filter(has=link)
