"""Cards that are refused, and banks that ask first."""

import pytest
from playwright.sync_api import expect

from tests.journeys.shop import PAID, Shop
from tests.journeys.stripe_page import (
    ASKS_FOR_3D_SECURE,
    HAS_NO_FUNDS,
    IS_DECLINED,
    IS_EXPIRED,
)


@pytest.mark.parametrize(
    ("card", "why"),
    [
        (IS_DECLINED, "Your card was declined."),
        (HAS_NO_FUNDS, "Your card has insufficient funds."),
        (IS_EXPIRED, "Your card has expired."),
    ],
)
def test_after_a_refused_card_another_one_pays_on_the_same_page(
    shop: Shop, card: str, why: str
) -> None:
    stripe = shop.start_buying()
    stripe.pay_by_card(card)
    expect(stripe.failure).to_contain_text(why)
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)


def test_3d_secure_leads_to_the_credits(shop: Shop) -> None:
    stripe = shop.start_buying()
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.authenticate()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)


def test_3d_secure_refused_costs_nothing_and_can_be_tried_again(shop: Shop) -> None:
    stripe = shop.start_buying()
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.refuse_to_authenticate()
    expect(stripe.failure).to_contain_text("unable to authenticate")
    stripe.pay_by_card(ASKS_FOR_3D_SECURE)
    stripe.authenticate()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)
