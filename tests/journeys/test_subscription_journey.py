"""A subscription from the first payment to the end of it, renewals and a failed one in between.

Its buyer has a time of his own at Stripe, which the tests move.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.backend.subscriber import Subscriber
from tests.journeys.payment_view import PAID
from tests.journeys.shop import Shop
from tests.journeys.stripe_page import ASKS_FOR_3D_SECURE, IS_DECLINED, StripePage
from tests.people import Person
from tests.stripe_browser import ASKS_ALWAYS, CAN_ONLY_BE_SAVED
from tests.stripe_console import StripeConsole, eventually

SUBSCRIBE = "Subscribe for $8.99 per month"
HAS_PLAN = "You have this plan. Manage it"
ACTIVE = "active"
PLANS = "**/api/stripe/subscriptions"


@pytest.fixture
def subscribed(subscriber: Subscriber) -> Subscriber:
    """Monthly, and paid; everybody has heard of it."""
    subscriber.subscribe("monthly")
    eventually(lambda: subscriber.subscriptions, lambda found: bool(found))
    eventually(lambda: subscriber.buyer.available, lambda available: available == 1000)
    return subscriber


def choose_monthly(shop: Shop) -> Locator:
    """From the badge to the button that subscribes."""
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Monthly").click()
    return shop.dialog.get_by_role("button", name=SUBSCRIBE)


def start_subscribing(shop: Shop) -> StripePage:
    """From the badge to Stripe's page."""
    choose_monthly(shop).click()
    return shop.at_stripe()


def plan(shop: Shop) -> Locator:
    """The only one in the Payment tab."""
    return shop.dialog.get_by_role("region", name="Subscriptions").get_by_role("listitem")


def day(seconds: int) -> str:
    """As it is written on the page."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%B} {moment.day}, {moment.year}"


def at_invoice(page: Page, env: dict[str, str]) -> StripePage:
    page.wait_for_url(f"{env['STRIPE_API_BASE']}/i/**")
    return StripePage(page)


# Buying


def test_a_monthly_plan_is_bought_on_stripes_page_and_listed_with_its_renewal(
    subscriber: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(subscriber.buyer)
    stripe = start_subscribing(shop)
    expect(stripe.total).to_have_text("$8.99")
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1000)

    shop.open_dialog("Payment")
    for part in ("Monthly", "Active", "1,000 credits for $8.99 per month"):
        expect(plan(shop)).to_contain_text(part)
    expect(plan(shop)).to_contain_text(f"Renews on {day(subscriber.period_end)}")
    assert subscriber.listed["status"] == ACTIVE


def test_a_declined_card_and_3d_secure_stay_on_stripes_page(
    subscriber: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(subscriber.buyer)
    stripe = start_subscribing(shop)
    stripe.pay_by_card(IS_DECLINED)
    expect(stripe.failure).to_contain_text("Your card was declined.")
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.refuse_to_authenticate()
    expect(stripe.failure).to_contain_text("unable to authenticate")
    assert subscriber.buyer.available == 0
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.authenticate()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1000)
    assert subscriber.grants == [1000]


def test_a_code_for_the_whole_first_month_brings_the_credits_for_nothing(
    subscriber: Subscriber, open_shop: Callable[..., Shop], stripe_console: StripeConsole
) -> None:
    code = stripe_console.new_code(percent_off=100)
    shop = open_shop(subscriber.buyer)
    stripe = start_subscribing(shop)
    stripe.use_code(code)
    expect(stripe.total).to_have_text("$0.00")
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1000)
    assert stripe_console.charged(subscriber.buyer.email) == []


def test_left_half_way_it_is_resumed_and_is_one_subscription(
    subscriber: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(subscriber.buyer)
    start_subscribing(shop).go_back()
    expect(shop.title).to_have_text("You left the payment page")
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Resume the payment of $8.99").click()
    shop.at_stripe().pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1000)
    assert subscriber.listed["status"] == ACTIVE


def test_who_has_the_plan_is_led_to_it_and_cannot_buy_it_twice(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(subscribed.buyer)
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Monthly").click()
    shop.dialog.get_by_role("button", name=HAS_PLAN).click()
    expect(plan(shop)).to_contain_text("Active")


def test_who_has_another_plan_is_told_that_this_one_comes_on_top(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(subscribed.buyer)
    shop.open_dialog()
    sentence = "You have Monthly. This plan comes on top of it."
    told = shop.dialog.get_by_text(sentence)
    shop.dialog.get_by_role("button", name="Yearly").click()
    expect(told).to_be_visible()
    subscribe = shop.dialog.get_by_role("button", name="Subscribe for")
    expect(subscribe).to_have_accessible_description(sentence)
    for rhythm in ("Monthly", "Once"):
        shop.dialog.get_by_role("button", name=rhythm, exact=True).click()
        expect(told).to_be_hidden()
    shop.dialog.get_by_role("button", name="Yearly").click()
    manage = shop.dialog.get_by_role("button", name="Manage Monthly")
    manage.focus()
    shop.look_again()
    expect(manage).to_be_focused()
    manage.click()
    expect(plan(shop)).to_contain_text("Active")


def test_a_second_plan_is_offered_in_the_currency_of_the_first(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    """Stripe bills all of a customer's plans in one."""
    shop = open_shop(subscribed.buyer)
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Yearly").click()
    shop.dialog.get_by_label("Currency").select_option("EUR")
    sentence = "You pay for Monthly in USD. A second plan needs the same currency."
    subscribe = shop.dialog.get_by_role("button", name="Subscribe for €")
    expect(subscribe).to_have_accessible_description(sentence)
    shop.dialog.get_by_role("button", name="Choose USD").click()
    subscribe = shop.dialog.get_by_role("button", name="Subscribe for $")
    expect(subscribe).to_be_focused()
    expect(subscribe).to_have_accessible_description(re.compile("on top of it"))


def test_who_has_the_plan_is_led_to_it_though_he_is_faster_than_the_list_of_his_plans(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(subscribed.buyer)
    asked: list[Route] = []
    shop.page.route(PLANS, lambda route: asked.append(route))
    subscribe = choose_monthly(shop)
    with shop.page.expect_request(PLANS):
        subscribe.click()
    asked.pop().continue_()
    expect(plan(shop)).to_contain_text("Active")


def test_a_visitor_who_has_the_plan_signs_in_and_is_led_to_it(
    subscribed: Subscriber, visitor: Shop
) -> None:
    visitor.open_dialog()
    visitor.dialog.get_by_role("button", name="Monthly").click()
    visitor.dialog.get_by_role("button", name="Sign in and subscribe").click()
    visitor.sign_in(subscribed.buyer)
    expect(plan(visitor)).to_contain_text("Active")


def test_the_question_whether_to_cancel_stays_while_the_balance_is_asked_for(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(subscribed.buyer)
    shop.open_dialog("Payment")
    shop.dialog.get_by_role("button", name="Cancel subscription").click()
    keep = shop.dialog.get_by_role("button", name="Keep")
    expect(keep).to_be_focused()
    shop.look_again()
    expect(keep).to_be_focused()
    keep.click()
    cancel = shop.dialog.get_by_role("button", name="Cancel subscription")
    expect(cancel).to_be_focused()
    shop.look_again()
    expect(cancel).to_be_focused()


# Going on, or not


def test_a_canceled_plan_ends_with_its_period_unless_it_is_kept(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    end = day(subscribed.period_end)
    shop = open_shop(subscribed.buyer)
    shop.open_dialog("Payment")
    shop.dialog.get_by_role("button", name="Cancel subscription").click()
    expect(plan(shop)).to_contain_text(f"It goes on until {end}, and is not charged again.")
    shop.dialog.get_by_role("button", name="Cancel subscription").click()
    expect(plan(shop)).to_contain_text(f"Ends on {end}")
    assert subscribed.subscription["cancel_at_period_end"] is True

    shop.dialog.get_by_role("button", name="Keep subscription").click()
    expect(plan(shop)).to_contain_text(f"Renews on {end}")
    assert subscribed.subscription["cancel_at_period_end"] is False


def test_a_renewal_brings_credits_and_stands_in_the_history(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    subscribed.renew()
    eventually(lambda: subscribed.grants, lambda grants: grants == [1000, 1000])
    shop = open_shop(subscribed.buyer)
    shop.open_dialog("History")
    rows = shop.dialog.get_by_role("listitem").filter(has_text="+1,000")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Subscription")
    shop.dialog.get_by_role("button", name="Payments").click()
    expect(shop.dialog.get_by_role("listitem")).to_have_count(2)
    expect(shop.dialog.get_by_role("listitem").first).to_contain_text("$8.99")
    with shop.page.expect_popup() as opened:
        shop.dialog.get_by_role("link", name="Invoice").first.click()
    expect(opened.value.get_by_text("Paid on")).to_be_visible()


def test_a_failed_renewal_is_told_and_paid_on_stripes_invoice(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    subscribed.change_card(CAN_ONLY_BE_SAVED)
    subscribed.renew()
    eventually(lambda: subscribed.listed["status"], lambda status: status == "past_due")
    shop = open_shop(subscribed.buyer)
    shop.open_dialog()
    expect(shop.dialog.get_by_text("The renewal could not be charged.")).to_be_visible()
    shop.dialog.get_by_role("tab", name="Balance").click()
    expect(shop.dialog.get_by_text("A subscription could not be renewed")).to_be_visible()
    shop.dialog.get_by_role("button", name="Look into it").click()
    expect(plan(shop)).to_contain_text("Payment due")
    shop.dialog.get_by_role("button", name="Pay now").click()

    invoice = at_invoice(shop.page, shop.env)
    shop.page.get_by_label("Card", exact=True).check()
    invoice.pay_invoice()
    expect(shop.page.get_by_text("Paid on")).to_be_visible()
    eventually(lambda: subscribed.grants, lambda grants: grants == [1000, 1000])
    shop.visit()
    shop.open_dialog("Payment")
    expect(plan(shop)).to_contain_text("Active")
    expect(shop.dialog.get_by_text("could not be")).to_be_hidden()


def test_a_renewal_the_bank_asks_about_is_confirmed_on_stripes_invoice(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    subscribed.change_card(ASKS_ALWAYS)
    subscribed.renew()
    eventually(
        lambda: subscribed.buyer.get("/api/cart/count").json()["items"],
        lambda items: [item["requires_action"] for item in items] == [True],
    )
    shop = open_shop(subscribed.buyer)
    expect(shop.badge).to_have_accessible_name(
        "Credits: 1,000 available, finish payment: it waits for you"
    )
    shop.badge.click()
    shop.dialog.get_by_role("button", name="Resume the payment of $8.99").click()
    invoice = at_invoice(shop.page, shop.env)
    invoice.pay_button.click()
    invoice.authenticate()
    expect(shop.page.get_by_text("Paid on")).to_be_visible()
    eventually(lambda: subscribed.grants, lambda grants: grants == [1000, 1000])
    shop.visit()
    shop.expect_balance(2000)


def test_a_plan_that_has_ended_says_when_and_can_be_bought_again(
    subscribed: Subscriber, open_shop: Callable[..., Shop], stripe_console: StripeConsole
) -> None:
    stripe_console.delete(f"subscriptions/{subscribed.subscription['id']}")
    eventually(lambda: subscribed.listed["status"], lambda status: status == "canceled")
    shop = open_shop(subscribed.buyer)
    shop.open_dialog("Payment")
    expect(plan(shop)).to_contain_text("Ended on")
    shop.close_dialog()
    expect(choose_monthly(shop)).to_be_visible()


def test_stripes_portal_opens_and_leads_back_and_its_changes_are_shown(
    subscribed: Subscriber, open_shop: Callable[..., Shop]
) -> None:
    """Without what the address of an app may carry, which is no business of Stripe's."""
    shop = open_shop(subscribed.buyer)
    shop.page.goto(f"{shop.env['BACKEND_URL']}/?code=secret")
    shop.open_dialog("Payment")
    shop.dialog.get_by_role("button", name="Manage billing").click()
    shop.page.wait_for_url(f"{shop.env['STRIPE_API_BASE']}/p/session/**")
    shop.page.get_by_role("button", name="Cancel plan").click()
    expect(shop.page.get_by_text("Ends on")).to_be_visible()
    eventually(lambda: subscribed.listed["cancel_at_period_end"], bool)
    shop.page.get_by_role("link", name="Return to the shop").click()
    shop.page.wait_for_url(f"{shop.env['BACKEND_URL']}/")
    shop.open_dialog("Payment")
    expect(plan(shop)).to_contain_text("Ends on")


def test_nobody_sees_a_subscription_of_somebody_else(
    subscribed: Subscriber, open_shop: Callable[..., Shop], stranger: Person
) -> None:
    shop = open_shop(stranger)
    shop.open_dialog("Payment")
    expect(shop.dialog.get_by_text("You have no subscription.")).to_be_visible()
    expect(shop.dialog.get_by_role("button", name="Manage billing")).to_be_hidden()
