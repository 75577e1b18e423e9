"""Leaving Stripe's page without paying, and coming back to it."""

from playwright.sync_api import expect

from backend.config import STRIPE_RETRIES_MAX
from tests.browser import Windows
from tests.journeys.shop import PAID, Shop
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually

LEFT = "You left the payment page"
TO_FINISH = "1 payment to finish"
TRIES = 1 + STRIPE_RETRIES_MAX


def test_leaving_costs_nothing_and_the_payment_can_be_resumed_at_once(
    shop: Shop, buyer: Person
) -> None:
    shop.start_buying().go_back()
    expect(shop.title).to_have_text(LEFT)
    expect(shop.page.get_by_text("Nothing was charged.")).to_be_visible()
    expect(shop.page.get_by_role("definition")).to_have_text(["500", "$4.99"])
    expect(shop.badge).to_have_accessible_name(f"Credits: 0 available, {TO_FINISH}")

    shop.page.get_by_role("button", name="Resume payment").click()
    shop.at_stripe().pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)
    assert len(buyer.get("/api/payments").json()["payments"]) == 1


def test_an_open_payment_is_resumed_from_the_dialog(shop: Shop, buyer: Person) -> None:
    shop.start_buying("Creator")
    shop.visit()
    shop.open_dialog()
    expect(shop.dialog.get_by_text(TO_FINISH)).to_be_visible()
    expect(shop.dialog.get_by_text("1,500 credits for $14.99")).to_be_visible()
    expect(shop.pay_button).to_have_accessible_description("Professional · 3,500 credits")

    shop.dialog.get_by_role("button", name="Resume the payment of $14.99").click()
    shop.at_stripe().pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1500)
    assert len(buyer.get("/api/payments").json()["payments"]) == 1


def test_who_pays_for_the_same_again_goes_on_with_what_was_left(shop: Shop, buyer: Person) -> None:
    """Another package, or another price, is another payment."""
    for _ in range(2):
        shop.start_buying("Creator")
        shop.visit()
        expect(shop.badge).to_have_accessible_name(f"Credits: 0 available, {TO_FINISH}")
    shop.start_buying("Starter").pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.visit()
    shop.start_buying("Creator").pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(2000)
    assert len(buyer.get("/api/payments").json()["payments"]) == 2


def test_what_was_left_and_ended_meanwhile_is_bought_anew(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    shop.visit()
    expect(shop.badge).to_have_accessible_name(f"Credits: 0 available, {TO_FINISH}")
    stripe_console.pay(order["url"])
    eventually(lambda: buyer.available, lambda available: available == 500)
    shop.start_buying().pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1000)


def test_the_cancel_page_of_what_was_paid_after_all_is_its_receipt(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    stripe_console.pay(order["url"])
    shop.visit(f"/cancel.html?payment_id={order['payment_id']}")
    expect(shop.title).to_have_text(PAID)
    expect(shop.page.get_by_role("definition")).to_have_text(["$4.99", "+500", "500"])
    shop.expect_balance(500)


def test_an_order_whose_answer_was_lost_is_resumed_from_the_dialog(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    stripe_console.fault(
        method="POST", path="/v1/checkout/sessions", kind="drop", when="after", times=TRIES
    )
    lost = buyer.post("/api/stripe/create-checkout-session", {"package_id": "creator"})
    assert lost.status_code == 503
    stripe_console.put_back()
    shop.visit()
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Resume the payment of $14.99").click()
    shop.at_stripe().pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1500)


def test_a_payment_canceled_on_the_cancel_page_can_no_longer_be_paid(shop: Shop) -> None:
    shop.start_buying()
    stripe_address = shop.page.url
    shop.at_stripe().go_back()
    shop.page.get_by_role("button", name="Cancel payment").click()
    expect(shop.title).to_have_text("The payment was canceled")
    shop.expect_balance(0)

    shop.page.goto(stripe_address)
    expect(shop.title).to_have_text("This checkout session has expired")


def test_a_payment_canceled_in_the_dialog_is_gone_from_badge_and_list(shop: Shop) -> None:
    shop.start_buying()
    shop.visit()
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Cancel the payment of $4.99").click()
    expect(shop.dialog.get_by_role("status")).to_have_text(
        "The payment was canceled. Nothing was charged."
    )
    expect(shop.dialog.get_by_text(TO_FINISH)).to_be_hidden()
    shop.expect_balance(0)


def test_who_cancels_what_was_paid_in_another_tab_is_shown_that_it_was_paid(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, windows: Windows
) -> None:
    windows.expect_complaint("409")
    order = buyer.order()
    shop.visit()
    shop.open_dialog()
    cancel = shop.dialog.get_by_role("button", name="Cancel the payment of $4.99")
    expect(cancel).to_be_visible()
    stripe_console.pay(order["url"])
    cancel.click()
    shop.payment.expect_paid()
    expect(shop.payment.outcome).to_be_focused()
    shop.expect_balance(500)


def test_two_tabs_on_one_payment_charge_once(shop: Shop, buyer: Person) -> None:
    first = shop.start_buying()
    tab = shop.another_tab()
    tab.open_dialog()
    tab.dialog.get_by_role("button", name="Resume the payment").click()
    second = tab.at_stripe()

    first.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    second.pay_by_card()
    expect(tab.title).to_have_text(PAID)
    tab.expect_balance(500)
    assert buyer.available == 500
