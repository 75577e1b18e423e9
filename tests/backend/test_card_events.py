"""What Stripe tells about cards ends the same, in whatever order and however often it is told."""

import itertools
from typing import Any

import pytest

from tests.backend.in_page import begin
from tests.backend.purchase import Shop
from tests.backend.wallet import CARDS, Wallet
from tests.backend.webhook import Webhook, event, retold
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import MASTERCARD, StripeConsole, eventually


def told_about(stripe_console: StripeConsole, object_id: str) -> list[dict[str, Any]]:
    """Stripe's events about an object that concern cards, oldest first."""
    concerning = ("payment_method.", "customer.updated", "customer.deleted")
    events = stripe_console.events(object_id)
    return [each for each in events if each["type"].startswith(concerning)]


def test_a_renewed_card_shows_its_new_digits(wallet: Wallet, stripe_console: StripeConsole) -> None:
    card = wallet.save()
    stripe_console.renew(card, exp_year=2041, last4="1881")

    def shown() -> tuple[str, int]:
        [listed] = wallet.cards
        return listed["last4"], listed["exp_year"]

    eventually(shown, lambda digits: digits == ("1881", 2041))


def test_events_of_a_card_say_the_same_again_and_again(
    wallet: Wallet, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    card = wallet.save()
    before = wallet.cards
    for told in told_about(stripe_console, card):
        webhook.outcome(told)
        assert webhook.outcome(told) == "duplicate"
        assert webhook.outcome(retold(told)) == "processed"
    assert wallet.cards == before


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_removed_card_stays_removed_in_whatever_order_it_is_told(
    wallet: Wallet,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    webhook: Webhook,
    order: tuple[int, ...],
) -> None:
    """Attached, renewed, detached; none of it known before."""
    stripe_console.deliver("drop")
    secret = wallet.buyer.post(f"{CARDS}/setup-intent").json()["client_secret"]
    card = stripe_js.confirm(secret)["payment_method"]
    stripe_console.renew(card, exp_year=2041)
    stripe_console.change(f"payment_methods/{card}/detach")
    events = told_about(stripe_console, card)
    assert len(events) == 3
    for nth in order:
        webhook.outcome(events[nth])
    assert wallet.cards == []


def test_what_a_card_says_last_stays_in_whatever_order_it_is_told(
    wallet: Wallet, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    card = wallet.save()
    stripe_console.deliver("drop")
    stripe_console.renew(card, exp_year=2041)
    stripe_console.renew(card, exp_year=2045)
    for told in reversed(told_about(stripe_console, card)):
        webhook.outcome(told)
    assert wallet.cards[0]["exp_year"] == 2045


def test_the_default_that_was_chosen_last_stays_in_whatever_order_it_is_told(
    wallet: Wallet, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    first, second = wallet.save(), wallet.save(MASTERCARD)
    [customer] = stripe_console.customers(wallet.buyer.email)
    stripe_console.deliver("drop")
    for card in (second, first, second):
        choice = {"invoice_settings[default_payment_method]": card}
        stripe_console.change(f"customers/{customer}", **choice)
    for told in reversed(told_about(stripe_console, customer)):
        webhook.outcome(told)
    assert wallet.defaults == [second]


def test_a_default_may_be_told_before_its_card(
    wallet: Wallet, stripe_js: StripeBrowser, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    wallet.save()
    stripe_console.deliver("drop")
    secret = wallet.buyer.post(f"{CARDS}/setup-intent").json()["client_secret"]
    second = stripe_js.confirm(secret, MASTERCARD)["payment_method"]
    [customer] = stripe_console.customers(wallet.buyer.email)
    choice = {"invoice_settings[default_payment_method]": second}
    stripe_console.change(f"customers/{customer}", **choice)
    for about in (customer, second):
        for told in told_about(stripe_console, about):
            webhook.outcome(told)
    assert wallet.defaults == [second]


def test_a_card_of_another_shop_of_the_account_is_ignored(
    wallet: Wallet, stripe_console: StripeConsole, webhook: Webhook, shop_floor: Shop
) -> None:
    theirs = stripe_console.change("customers", email=f"theirs-{wallet.buyer.email}")
    card = stripe_console.use_card(theirs["id"], MASTERCARD)
    told = event("payment_method.updated", card)
    assert webhook.outcome(told) == "ignored"
    assert shop_floor.event_row(told["id"])["error"] == "unknown_customer"
    assert wallet.cards == []


def test_a_late_event_of_a_former_customer_changes_nothing(
    wallet: Wallet, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    wallet.save()
    [former] = stripe_console.customers(wallet.buyer.email)
    stripe_console.deliver("drop")
    stripe_console.delete(f"customers/{former}")
    begin(wallet.buyer)
    card = wallet.save(MASTERCARD)
    for told in told_about(stripe_console, former):
        webhook.outcome(told)
    assert wallet.ids == wallet.defaults == [card]
