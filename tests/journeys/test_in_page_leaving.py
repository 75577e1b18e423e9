"""A payment inside the dialog that is left half way waits, and is taken up again from anywhere."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import Windows
from tests.journeys.payment_view import PAID
from tests.journeys.shop import Shop
from tests.journeys.stripe_page import ASKS_FOR_3D_SECURE
from tests.people import Person
from tests.stripe_console import StripeConsole

TO_FINISH = "1 payment to finish"


def leave_after_a_decline(shop: Shop, console: StripeConsole, windows: Windows) -> None:
    """The payment stands at Stripe, unpaid; its buyer closes the dialog."""
    windows.expect_complaint("402")
    console.decline_next("insufficient_funds")
    payment = shop.start_paying_inside()
    payment.pay()
    payment.expect_said("There isn’t enough money on this card.")
    shop.close_dialog()
    expect(shop.badge).to_have_accessible_name(f"Credits: 0 available, {TO_FINISH}")


def only_payment(buyer: Person) -> str:
    [payment] = buyer.get("/api/payments").json()["payments"]
    return payment["payment_id"]


def test_closing_the_dialog_before_paying_orders_nothing_and_leaves_no_frame(
    shop: Shop, buyer: Person
) -> None:
    payment = shop.start_paying_inside()
    payment.form.fill()
    shop.close_dialog()
    expect(shop.page.locator("iframe")).to_have_count(0)
    shop.expect_balance(0)
    assert buyer.get("/api/payments").json()["payments"] == []


def test_closed_after_a_decline_it_is_finished_from_the_open_payments(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, windows: Windows
) -> None:
    leave_after_a_decline(shop, stripe_console, windows)
    payment_id = only_payment(buyer)
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Resume the payment of $4.99").click()
    payment = shop.payment
    payment.pay()
    payment.expect_paid()
    shop.expect_balance(500)
    assert only_payment(buyer) == payment_id
    assert len(stripe_console.charged(buyer.email)) == 1


def test_who_goes_back_after_a_decline_and_pays_again_has_one_payment(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, windows: Windows
) -> None:
    leave_after_a_decline(shop, stripe_console, windows)
    payment_id = only_payment(buyer)
    payment = shop.start_paying_inside()
    payment.pay()
    payment.expect_paid()
    assert only_payment(buyer) == payment_id
    assert len(stripe_console.charged(buyer.email)) == 1


def test_the_address_of_a_payment_opens_it_in_another_browser(
    shop: Shop,
    open_shop: Callable[..., Shop],
    buyer: Person,
    stripe_console: StripeConsole,
    windows: Windows,
) -> None:
    leave_after_a_decline(shop, stripe_console, windows)
    address = buyer.payment(only_payment(buyer))["payment_url"]
    elsewhere = open_shop(buyer, address.removeprefix(shop.env["FRONTEND_URL"]))
    payment = elsewhere.payment
    payment.pay(ASKS_FOR_3D_SECURE)
    payment.bank.authenticate()
    payment.expect_paid()
    elsewhere.expect_balance(500)
    assert elsewhere.page.url == f"{shop.env['BACKEND_URL']}/"  # A reload does not ask again.
    assert len(stripe_console.charged(buyer.email)) == 1


def test_at_the_address_of_a_payment_a_visitor_signs_in_first(
    shop: Shop,
    visitor: Shop,
    buyer: Person,
    stripe_console: StripeConsole,
    windows: Windows,
) -> None:
    leave_after_a_decline(shop, stripe_console, windows)
    visitor.visit(f"/?payment={only_payment(buyer)}")
    visitor.sign_in(buyer)
    payment = visitor.payment
    payment.pay()
    payment.expect_paid()
    visitor.expect_balance(500)


def test_the_address_of_somebody_elses_payment_shows_nothing(
    shop: Shop,
    open_shop: Callable[..., Shop],
    buyer: Person,
    stranger: Person,
    stripe_console: StripeConsole,
    windows: Windows,
) -> None:
    windows.expect_complaint("404")
    leave_after_a_decline(shop, stripe_console, windows)
    curious = open_shop(stranger, f"/?payment={only_payment(buyer)}")
    expect(curious.payment.said).to_contain_text("We couldn’t find that.")
    expect(curious.page.locator("iframe")).to_have_count(0)
    expect(curious.dialog.get_by_text("$4.99")).to_be_hidden()


def test_a_tab_closed_while_the_bank_asks_loses_nothing(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    payment = shop.start_paying_inside()
    payment.pay(ASKS_FOR_3D_SECURE)
    expect(payment.bank.window).to_be_visible()
    tab = shop.another_tab()
    shop.page.close()
    tab.open_dialog()
    tab.dialog.get_by_role("button", name="Resume the payment of $4.99").click()
    resumed = tab.payment
    expect(tab.dialog.get_by_text("Your bank wants you to confirm this payment.")).to_be_visible()
    resumed.pay(ASKS_FOR_3D_SECURE)
    resumed.bank.authenticate()
    resumed.expect_paid()
    tab.expect_balance(500)
    assert len(stripe_console.charged(buyer.email)) == 1


def test_the_bank_may_be_answered_after_the_dialog_was_closed(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    payment = shop.start_paying_inside()
    payment.pay(ASKS_FOR_3D_SECURE)
    expect(payment.bank.window).to_be_visible()
    shop.page.locator("credits-dialog").evaluate(
        "(host) => host.shadowRoot.querySelector('dialog').close()"
    )
    payment.bank.authenticate()
    expect(shop.dialog).to_be_hidden()
    shop.visit()
    shop.expect_balance(500)
    assert len(stripe_console.charged(buyer.email)) == 1


def test_an_open_payment_is_canceled_in_the_dialog_and_cannot_be_paid_any_more(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, windows: Windows
) -> None:
    leave_after_a_decline(shop, stripe_console, windows)
    payment_id = only_payment(buyer)
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Cancel the payment of $4.99").click()
    shop.expect_balance(0)
    shop.visit(f"/?payment={payment_id}")
    expect(shop.payment.outcome).to_have_text("The payment was canceled")
    shop.dialog.get_by_role("button", name="Choose a package").click()
    expect(shop.pay_button).to_be_visible()


def test_two_tabs_on_one_payment_charge_once(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, windows: Windows
) -> None:
    leave_after_a_decline(shop, stripe_console, windows)
    windows.expect_complaint("400")  # Stripe, to the tab that comes second
    tab = shop.another_tab(f"/?payment={only_payment(buyer)}")
    tab.payment.form.fill()
    shop.visit(f"/?payment={only_payment(buyer)}")
    shop.payment.pay()
    shop.payment.expect_paid()
    tab.payment.pay_button.click()
    tab.payment.expect_paid()
    tab.expect_balance(500)
    assert len(stripe_console.charged(buyer.email)) == 1


def test_two_tabs_with_two_purchases_are_two_payments(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    tab = shop.another_tab()
    first, second = shop.start_paying_inside(), tab.start_paying_inside("Creator")
    first.form.fill()
    second.pay()
    second.expect_paid()
    first.pay_button.click()
    first.expect_paid()
    shop.expect_balance(2000)
    assert len(stripe_console.charged(buyer.email)) == 2


def test_the_payment_page_shows_what_was_paid_inside_the_dialog(shop: Shop, buyer: Person) -> None:
    shop.start_paying_inside().pay()
    shop.payment.expect_paid()
    shop.visit(f"/success.html?payment_id={only_payment(buyer)}")
    expect(shop.title).to_have_text(PAID)
