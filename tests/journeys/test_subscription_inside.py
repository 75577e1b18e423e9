"""A plan bought inside the dialog: whichever form a site wishes for, it is Stripe's checkout there."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.backend.subscriber import Subscriber
from tests.journeys.shop import ADDRESS, OPEN_PAYMENTS, PAID, Shop
from tests.journeys.stripe_page import ASKS_FOR_3D_SECURE, IS_DECLINED, StripePage
from tests.journeys.test_subscription_journey import ACTIVE, choose_monthly
from tests.stripe_console import StripeConsole


@pytest.fixture(params=["embedded", "elements"])
def shop(
    subscriber: Subscriber, open_shop: Callable[..., Shop], request: pytest.FixtureRequest
) -> Shop:
    """The start page of a site that lets its buyers pay inside the dialog."""
    shop = open_shop(subscriber.buyer)
    shop.use_form(request.param)
    return shop


def start_subscribing(shop: Shop) -> StripePage:
    """From the badge to Stripe's page in the dialog."""
    choose_monthly(shop).click()
    return shop.stripe_inside


def expect_subscribed_once(shop: Shop, subscriber: Subscriber, console: StripeConsole) -> None:
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1000)
    assert subscriber.listed["status"] == ACTIVE
    assert subscriber.grants == [1000]
    assert len(console.charged(subscriber.buyer.email)) == 1


def test_a_monthly_plan_is_bought_without_leaving_the_dialog(
    shop: Shop, subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe = start_subscribing(shop)
    expect(stripe.total).to_have_text("$8.99")
    stripe.pay_by_card()
    expect_subscribed_once(shop, subscriber, stripe_console)


def test_a_declined_card_and_3d_secure_stay_inside_the_dialog(
    shop: Shop, subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe = start_subscribing(shop)
    stripe.pay_by_card(IS_DECLINED)
    expect(stripe.failure).to_contain_text("Your card was declined.")
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.refuse_to_authenticate()
    expect(stripe.failure).to_contain_text("unable to authenticate")
    assert subscriber.subscriptions == []
    assert stripe_console.charged(subscriber.buyer.email) == []
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.authenticate()
    expect_subscribed_once(shop, subscriber, stripe_console)


@pytest.mark.parametrize(
    ("shop", "way"), [("embedded", OPEN_PAYMENTS), ("elements", ADDRESS)], indirect=["shop"]
)
def test_a_tab_closed_while_the_bank_asks_is_one_subscription_in_the_end(
    shop: Shop, subscriber: Subscriber, stripe_console: StripeConsole, way: str
) -> None:
    stripe = start_subscribing(shop)
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    expect(stripe.bank_question).to_be_visible()
    [payment] = subscriber.payments
    tab = shop.resume_in_another_tab(payment, way)
    tab.stripe_inside.pay_by_card(ASKS_FOR_3D_SECURE)
    tab.stripe_inside.authenticate()
    expect_subscribed_once(tab, subscriber, stripe_console)
    [paid] = subscriber.payments
    assert (paid["payment_id"], paid["status"]) == (payment["payment_id"], "succeeded")
