"""A customer that Stripe knows no more is made anew by whatever needs one next."""

import pytest

from tests.backend.in_page import begin
from tests.backend.wallet import CARDS, INTENTS, STARTER, Wallet
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import StripeConsole, eventually


def test_after_a_customer_was_deleted_the_next_purchase_makes_a_new_one(
    wallet: Wallet, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    wallet.save()
    [former] = stripe_console.customers(wallet.buyer.email)
    stripe_console.delete(f"customers/{former}")
    eventually(lambda: wallet.ids, lambda ids: ids == [])
    order = begin(wallet.buyer)
    stripe_js.confirm(order["client_secret"])
    assert wallet.buyer.refresh(order["payment_id"])["status"] == "succeeded"
    [customer] = stripe_console.customers(wallet.buyer.email)
    assert customer != former
    wallet.save()
    assert stripe_console.customers(wallet.buyer.email) == [customer]


@pytest.mark.parametrize("ask", ["order", "intent", "set-up", "refresh", "portal"])
def test_nobody_need_have_told_us_that_a_customer_is_gone(
    wallet: Wallet, stripe_console: StripeConsole, ask: str
) -> None:
    wallet.save()
    [former] = stripe_console.customers(wallet.buyer.email)
    stripe_console.deliver("drop")
    stripe_console.delete(f"customers/{former}")
    answer = {
        "order": lambda: wallet.buyer.post("/api/stripe/create-checkout-session", STARTER),
        "intent": lambda: wallet.buyer.post(INTENTS, STARTER),
        "set-up": lambda: wallet.buyer.post(f"{CARDS}/setup-intent"),
        "refresh": lambda: wallet.buyer.post(f"{CARDS}/refresh"),
        "portal": lambda: wallet.buyer.post("/api/stripe/portal-session"),
    }[ask]()
    assert answer.status_code in (200, 201), answer.text
    assert wallet.cards == []


def test_deleted_twice_is_replaced_twice(wallet: Wallet, stripe_console: StripeConsole) -> None:
    seen = set()
    for _ in range(3):
        begin(wallet.buyer)
        [customer] = stripe_console.customers(wallet.buyer.email)
        seen.add(customer)
        stripe_console.deliver("drop")
        stripe_console.delete(f"customers/{customer}")
    assert len(seen) == 3
