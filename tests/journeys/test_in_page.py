"""Paying in the dialog with our own form: `ui-mode="elements"`."""

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.browser import Windows
from tests.journeys.payment_view import PAID
from tests.journeys.shop import Shop
from tests.journeys.stripe_form import FIELDS_ZH, StripeForm
from tests.journeys.stripe_page import ASKS_FOR_3D_SECURE
from tests.people import Person
from tests.stripe_console import StripeConsole

DECLINED = "Your card was declined. Please try another card, or ask your bank."
# What could warn a thief reads like any other decline.
SENTENCES = {
    "generic_decline": DECLINED,
    "stolen_card": DECLINED,
    "fraudulent": DECLINED,
    "insufficient_funds": "There isn’t enough money on this card.",
    "expired_card": "This card has expired.",
    "incorrect_cvc": "The security code isn’t right.",
    "do_not_honor": "Your bank declined this payment without saying why.",
    "card_velocity_exceeded": "This card has reached its limit.",
}


def test_a_new_card_is_charged_without_leaving_the_page(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    payment = shop.start_paying_inside()
    payment.pay()
    payment.expect_paid()
    assert shop.page.url == f"{shop.env['BACKEND_URL']}/"
    shop.expect_balance(500)
    expect(shop.dialog.get_by_role("definition")).to_have_text(["$4.99", "+500", "500"])
    assert len(stripe_console.charged(buyer.email)) == 1

    with shop.page.expect_popup() as opened:
        shop.dialog.get_by_role("link", name="Receipt").click()
    expect(opened.value.get_by_text("$4.99").first).to_be_visible()
    shop.dialog.get_by_role("button", name="Done").click()
    expect(shop.dialog).to_be_hidden()
    expect(shop.badge).to_be_focused()


def test_the_page_offers_the_form_and_remembers_the_choice(shop: Shop) -> None:
    shop.page.get_by_label("Where to pay").select_option("Pay in the dialog")
    shop.visit()
    shop.open_dialog()
    shop.choose("Starter")
    shop.pay_button.click()
    expect(shop.payment.form.number).to_be_visible()


def test_each_decline_is_said_in_words_and_another_card_pays_the_same_payment(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, windows: Windows
) -> None:
    windows.expect_complaint("402")
    payment = shop.start_paying_inside()
    payment.form.fill()
    for decline_code, sentence in SENTENCES.items():
        stripe_console.decline_next(decline_code)
        payment.pay_button.click()
        payment.expect_said(sentence)
        expect(payment.pay_button).to_have_text("Pay $4.99")
    payment.pay()
    payment.expect_paid()
    shop.expect_balance(500)
    assert len(buyer.get("/api/payments").json()["payments"]) == 1
    assert len(stripe_console.charged(buyer.email)) == 1


def test_what_is_missing_is_said_in_the_form_and_nothing_is_ordered(
    shop: Shop, buyer: Person
) -> None:
    payment = shop.start_paying_inside()
    payment.form.number.fill("4242")
    payment.pay_button.click()
    expect(shop.dialog.get_by_role("status")).to_have_text("Please complete the card details.")
    expect(payment.form.number).to_be_focused()
    assert buyer.get("/api/payments").json()["payments"] == []


def test_3d_secure_is_asked_over_the_dialog_and_leads_to_the_credits(shop: Shop) -> None:
    payment = shop.start_paying_inside()
    payment.pay(ASKS_FOR_3D_SECURE)
    expect(payment.bank.window).to_be_visible()
    payment.bank.authenticate()
    payment.expect_paid()
    shop.expect_balance(500)


def test_3d_secure_refused_costs_nothing_and_can_be_tried_again(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    payment = shop.start_paying_inside()
    payment.pay(ASKS_FOR_3D_SECURE)
    payment.bank.refuse()
    payment.expect_said("Your bank could not confirm that it was you.")
    assert stripe_console.charged(buyer.email) == []
    payment.pay_button.click()
    payment.bank.authenticate()
    payment.expect_paid()
    shop.expect_balance(500)
    assert len(buyer.get("/api/payments").json()["payments"]) == 1


def test_a_double_click_pays_once(shop: Shop, buyer: Person, stripe_console: StripeConsole) -> None:
    payment = shop.start_paying_inside()
    payment.form.fill()
    payment.pay_button.dblclick()
    payment.expect_paid()
    shop.expect_balance(500)
    assert len(stripe_console.charged(buyer.email)) == 1
    assert len(buyer.get("/api/payments").json()["payments"]) == 1


def test_without_stripe_js_the_payment_goes_on_on_stripes_own_page(
    shop: Shop, buyer: Person, windows: Windows
) -> None:
    windows.expect_complaint("ERR_FAILED")

    def block(route: Route) -> None:
        route.abort()

    shop.page.route(shop.env["STRIPE_JS_URL"], block)
    shop.start_paying_inside()
    shop.at_stripe().pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)
    assert len(buyer.get("/api/payments").json()["payments"]) == 1


def test_a_visitor_signs_in_on_the_way_to_the_form(visitor: Shop, buyer: Person) -> None:
    visitor.start_paying_inside()
    visitor.sign_in(buyer)
    payment = visitor.payment
    payment.pay()
    payment.expect_paid()
    visitor.expect_balance(500)


def test_a_chinese_browser_pays_in_chinese_and_in_yuan(
    open_shop: Callable[..., Shop], buyer: Person, stripe_console: StripeConsole, windows: Windows
) -> None:
    windows.expect_complaint("402")
    shop = open_shop(buyer, locale="zh-CN")
    shop.use_form("elements")
    shop.badge.click()
    shop.choose("体验包")
    pay = shop.dialog.get_by_role("button", name="支付 ¥50.00")
    pay.click()
    StripeForm(shop.page, FIELDS_ZH).fill()
    stripe_console.decline_next("insufficient_funds")
    pay.click()
    expect(shop.dialog.get_by_role("alert")).to_contain_text("余额不足")
    pay.click()
    expect(shop.dialog.get_by_role("heading", level=3)).to_have_text("付款成功，积分已到账")
    expect(shop.badge).to_have_accessible_name("积分：可用 500")
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert (payment["amount"], payment["currency"]) == (5000, "cny")
