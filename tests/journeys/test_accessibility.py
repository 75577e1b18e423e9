"""axe-core finds nothing to complain about, in light and in dark.

It checks what a machine can check of WCAG 2.2 A and AA, and its own best practices:
https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from tests.journeys.gifts import give
from tests.journeys.shop import PAID, Shop
from tests.people import Person
from tests.stripe_console import StripeConsole

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
UNKNOWN_PAYMENT = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(params=["light", "dark"])
def look(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """How a profile is opened: colours as wished, and no movement that would blur them."""
    yield {"color_scheme": request.param, "reduced_motion": "reduce"}


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
    expect(shop.dialog.get_by_text("What expires when")).to_be_visible()
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


def test_what_went_wrong_is_accessible(
    open_shop: Callable[..., Shop], look: dict[str, Any]
) -> None:
    visitor = open_shop(path=f"/success.html?payment_id={UNKNOWN_PAYMENT}", **look)
    expect(visitor.title).to_have_text("Sign in to see your payment")
    assert faults(visitor) == []
    visitor.visit("/success.html?payment_id=nothing")
    expect(visitor.title).to_have_text("We don’t know this payment")
    assert faults(visitor) == []


def faults(shop: Shop) -> list[str]:
    """What axe-core finds on the page as it is now: the rule, where, and what is wrong."""
    shop.page.evaluate(AXE.read_text())
    found = shop.page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]
