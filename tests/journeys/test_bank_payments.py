"""Payments that a bank decides later: credits come with the money and not before."""

import psycopg
from playwright.sync_api import expect

from tests.journeys.shop import PAID, Shop
from tests.people import Person
from tests.stripe_console import StripeConsole

WAITING = "Your bank is confirming the payment"


def test_credits_appear_by_themselves_when_the_bank_says_yes(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, database: psycopg.Connection[dict]
) -> None:
    shop.start_buying().pay_by_bank()
    expect(shop.title).to_have_text(WAITING)
    shop.expect_balance(0)

    stripe_console.settle_bank_payment(intent_of(buyer, database), succeeded=True)
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(500)


def test_a_refused_bank_payment_is_said_in_words_and_brings_nothing(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, database: psycopg.Connection[dict]
) -> None:
    shop.start_buying().pay_by_bank()
    expect(shop.title).to_have_text(WAITING)

    stripe_console.settle_bank_payment(intent_of(buyer, database), succeeded=False)
    expect(shop.title).to_have_text("The payment did not go through")
    expect(shop.page.get_by_text("Nothing was charged.")).to_be_visible()
    shop.expect_balance(0)

    shop.page.get_by_role("button", name="Choose a package").click()
    expect(shop.dialog.get_by_role("radio", name="Starter")).to_be_visible()


def test_a_bank_payment_that_ends_after_the_page_was_closed_is_credited(
    shop: Shop, buyer: Person, stripe_console: StripeConsole, database: psycopg.Connection[dict]
) -> None:
    shop.start_buying().pay_by_bank()
    expect(shop.title).to_have_text(WAITING)
    shop.page.goto("about:blank")
    stripe_console.settle_bank_payment(intent_of(buyer, database), succeeded=True)
    shop.visit()
    shop.expect_balance(500)


def intent_of(person: Person, database: psycopg.Connection[dict]) -> str:
    """Stripe's name for this person's only payment."""
    row = database.execute(
        "select stripe_payment_intent_id as intent from public.payment_orders where user_id = %s",
        [person.id],
    ).fetchone()
    assert row is not None
    return row["intent"]
