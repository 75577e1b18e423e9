"""What was paid after a discount or with tax, and money that goes back: as the buyer reads it."""

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Locator, expect

from tests.backend.purchase import Purchase
from tests.backend.purchase import Shop as ShopFloor
from tests.backend.server import Server
from tests.backend.test_discounts_and_tax import order_at, other_shop
from tests.browser import Windows
from tests.journeys.payment_view import PAID
from tests.journeys.shop import Shop
from tests.journeys.stripe_page import StripePage
from tests.people import People, Person
from tests.stripe_console import StripeConsole, eventually


@pytest.fixture
def purchase(
    stripe_console: StripeConsole, database: psycopg.Connection[dict], buyer: Person
) -> Purchase:
    """500 credits for $4.99."""
    return ShopFloor(stripe_console, database).sell(buyer)


def payments(shop: Shop) -> Locator:
    """From anywhere to the rows of all payments."""
    shop.visit()
    shop.open_dialog("History")
    shop.dialog.get_by_role("button", name="Payments").click()
    return shop.dialog.get_by_role("listitem")


def movements(shop: Shop) -> Locator:
    """From anywhere to the rows of all credits that came or went, newest first."""
    shop.visit()
    shop.open_dialog("History")
    return shop.dialog.get_by_role("listitem")


def until(purchase: Purchase, status: str) -> None:
    """The webhook has told of it."""
    eventually(lambda: purchase.now["status"], lambda found: found == status)


# Less or more than the price


def test_a_code_takes_its_part_off_and_the_history_says_so(
    shop: Shop, stripe_console: StripeConsole
) -> None:
    code = stripe_console.new_code(amount_off=100, currency="usd")
    stripe = shop.start_buying()
    stripe.use_code(code)
    expect(stripe.pay_button).to_have_accessible_name("Pay $3.99")
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    expect(shop.page.get_by_role("definition")).to_have_text(["$3.99", "+500", "500"])
    for part in ("$3.99", "Discount $1.00", "Paid", "500 credits"):
        expect(payments(shop)).to_contain_text(part)


def test_a_code_for_all_of_it_needs_no_card_and_brings_all_credits(
    shop: Shop, stripe_console: StripeConsole
) -> None:
    code = stripe_console.new_code(percent_off=100)
    stripe = shop.start_buying()
    stripe.use_code(code)
    expect(stripe.pay_button).to_have_accessible_name("Complete order")
    expect(shop.page.get_by_label("Card number")).to_be_hidden()
    stripe.accept()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)
    for part in ("$0.00", "Discount $4.99", "Paid"):
        expect(payments(shop)).to_contain_text(part)


def test_a_code_that_gives_nothing_is_said_on_the_page(shop: Shop, windows: Windows) -> None:
    windows.expect_complaint("422")
    stripe = shop.start_buying()
    stripe.use_code("NOTHING")
    expect(stripe.failure).to_contain_text("This code is invalid.")
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)


def test_tax_is_asked_for_on_stripes_page_and_shown_in_the_history(
    shop: Shop, buyer: Person, sandbox: dict[str, str]
) -> None:
    order = order_at(other_shop(sandbox, AUTOMATIC_TAX="true"), buyer)
    shop.page.goto(order["url"])
    stripe = StripePage(shop.page)
    shop.page.get_by_label("Country or region").select_option("DE")
    shop.page.get_by_label("Postal code").fill("10115")
    expect(shop.page.locator(".tax")).to_contain_text("Tax")
    expect(stripe.total).not_to_have_text("$4.99")
    total = stripe.total.inner_text()
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)
    for part in (total, "Tax $"):
        expect(payments(shop)).to_contain_text(part)


def test_receipt_and_the_page_of_the_payment_open(shop: Shop, purchase: Purchase) -> None:
    row = payments(shop)
    with shop.page.expect_popup() as opened:
        row.get_by_role("link", name="Receipt").click()
    expect(opened.value.get_by_text("$4.99").first).to_be_visible()


# Back


def test_a_partial_refund_takes_its_share_of_the_credits_and_says_so(
    shop: Shop, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.refund(purchase.charge_id, amount=100)
    until(purchase, "partially_refunded")
    shop.visit()
    shop.expect_balance(400)
    for part in ("Refund", "−100", "Balance 400"):
        expect(movements(shop).first).to_contain_text(part)
    for part in ("Partly refunded", "Refunded $1.00"):
        expect(payments(shop)).to_contain_text(part)


def test_a_refund_by_the_shop_takes_the_credits_back(
    shop: Shop, purchase: Purchase, people: People
) -> None:
    answer = people.admin().post(f"/api/payments/{purchase.payment_id}/refund")
    assert answer.status_code == 200, answer.text
    shop.visit()
    shop.expect_balance(0)
    expect(movements(shop).first).to_contain_text("−500")
    for part in ("Refunded $4.99", "Refunded"):
        expect(payments(shop)).to_contain_text(part)
    shop.visit(f"/success.html?payment_id={purchase.payment_id}")
    expect(shop.title).to_have_text("This payment was refunded")


def test_a_refund_that_fails_gives_the_credits_back(
    shop: Shop, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    refund = stripe_console.refund(purchase.charge_id, status="pending")
    until(purchase, "refunded")
    stripe_console.change_refund(refund["id"], "fail")
    until(purchase, "succeeded")
    shop.visit()
    shop.expect_balance(500)
    expect(payments(shop)).to_contain_text("Paid")


@pytest.fixture
def in_debt(
    purchase: Purchase, stripe_console: StripeConsole, sandbox: dict[str, str]
) -> dict[str, str]:
    """A dispute over credits that were spent already."""
    spent = Server(sandbox).spend(purchase.buyer, quantity=30)
    assert spent.status_code == 201, spent.text
    dispute = stripe_console.dispute(purchase.charge_id)
    until(purchase, "disputed")
    return dispute


def test_a_dispute_over_spent_credits_leaves_a_debt_that_stops_spending(
    in_debt: dict[str, str],
    open_shop: Callable[..., Shop],
    purchase: Purchase,
    sandbox: dict[str, str],
) -> None:
    assert Server(sandbox).spend(purchase.buyer).status_code == 402
    shop = open_shop(purchase.buyer)
    shop.open_dialog("Balance")
    expect(shop.dialog.get_by_text("Your balance is below zero")).to_be_visible()
    expect(shop.dialog.get_by_text("nothing can be spent")).to_be_visible()
    expect(movements(shop).first).to_contain_text("Disputed payment")
    expect(payments(shop)).to_contain_text("Disputed")


def test_a_dispute_that_is_won_brings_the_credits_back(
    in_debt: dict[str, str],
    open_shop: Callable[..., Shop],
    purchase: Purchase,
    stripe_console: StripeConsole,
) -> None:
    stripe_console.change_dispute(in_debt["id"], "win")
    until(purchase, "succeeded")
    shop = open_shop(purchase.buyer)
    shop.expect_balance(purchase.buyer.available)
    assert purchase.buyer.available > 0
    expect(movements(shop).first).to_contain_text("Dispute won")
    expect(payments(shop)).to_contain_text("Paid")
