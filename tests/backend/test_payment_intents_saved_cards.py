"""Paying inside the page with a saved card, asked by the bank or not."""

import pytest

from tests.backend.in_page import UNKNOWN_CARD, Connection, begin, orders_of, refusal
from tests.backend.purchase import Shop
from tests.backend.wallet import CARDS, INTENTS, STARTER, Wallet
from tests.people import Person
from tests.stripe_browser import ASKS_ALWAYS, StripeBrowser
from tests.stripe_console import StripeConsole


def test_a_saved_card_pays_at_once(
    wallet: Wallet, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    order = begin(wallet.buyer, payment_method_id=wallet.save())
    assert (order["status"], order["requires_action"]) == ("succeeded", False)
    assert wallet.buyer.payment(order["payment_id"])["amount_paid"] == 499
    assert shop_floor.ledger(wallet.buyer) == [("purchase", 500)]
    assert len(stripe_console.charged(wallet.buyer.email)) == 1


@pytest.mark.parametrize(("passes", "status"), [(True, "succeeded"), (False, "pending")])
def test_a_saved_card_whose_bank_asks_waits_for_its_owner(
    wallet: Wallet, stripe_js: StripeBrowser, passes: bool, status: str
) -> None:
    order = begin(wallet.buyer, payment_method_id=wallet.save(ASKS_ALWAYS))
    assert (order["status"], order["requires_action"]) == ("pending", True)
    assert wallet.buyer.available == 0
    stripe_js.authenticate(order["client_secret"], succeeds=passes)
    payment = wallet.buyer.refresh(order["payment_id"])
    assert payment["status"] == status
    assert wallet.buyer.available == (500 if passes else 0)
    assert bool(payment["error"]) is not passes


@pytest.mark.parametrize(
    "decline_code", ["insufficient_funds", "stolen_card", "expired_card", "do_not_honor"]
)
def test_a_saved_card_that_is_declined_leaves_the_payment_open_for_another(
    wallet: Wallet,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    shop_floor: Shop,
    decline_code: str,
) -> None:
    card = wallet.save()
    stripe_console.decline_next(decline_code)
    answer = wallet.buyer.post(INTENTS, STARTER | {"payment_method_id": card})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (402, "card_declined")
    assert problem["decline_code"] == decline_code

    payment = wallet.buyer.refresh(problem["payment_id"])
    assert payment["status"] == "pending"
    stripe_js.confirm(payment["client_secret"])
    assert wallet.buyer.refresh(problem["payment_id"])["status"] == "succeeded"
    assert shop_floor.ledger(wallet.buyer) == [("purchase", 500)]
    assert len(stripe_console.charged(wallet.buyer.email)) == 1


def test_who_was_shown_another_price_is_charged_nothing(
    wallet: Wallet, stripe_console: StripeConsole, database: Connection
) -> None:
    shown = {"payment_method_id": wallet.save(), "expected_amount": 399}
    answer = wallet.buyer.post(INTENTS, STARTER | shown)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["errors"] == [
        {"field": "expected_amount", "message": "The price is 499 now."}
    ]
    assert stripe_console.charged(wallet.buyer.email) == []
    assert orders_of(database, wallet.buyer) == 0
    assert begin(wallet.buyer, **shown | {"expected_amount": 499})["status"] == "succeeded"


@pytest.mark.usefixtures("changing_catalog")
def test_who_was_shown_a_price_is_not_charged_as_many_of_another_currency(
    wallet: Wallet, stripe_console: StripeConsole, database: Connection
) -> None:
    """A price without a currency is in the shop's own, or it is not the one that was shown."""
    starter = "where package_id = 'starter' and currency ="
    database.execute(f"update credit_package_prices set active = false {starter} 'usd'")
    database.execute(f"update credit_package_prices set amount = 499 {starter} 'eur'")
    shown = {"payment_method_id": wallet.save(), "expected_amount": 499}
    assert refusal(wallet.buyer, **shown) == (422, "validation_error")
    assert stripe_console.charged(wallet.buyer.email) == []
    assert begin(wallet.buyer, **shown, currency="eur")["status"] == "succeeded"


def test_somebody_elses_card_does_not_exist(
    wallet: Wallet, stranger: Person, database: Connection, stripe_console: StripeConsole
) -> None:
    card = wallet.save()
    stripe_console.forget_requests()
    for name in (card, UNKNOWN_CARD):
        assert refusal(stranger, payment_method_id=name) == (404, "not_found")
    assert orders_of(database, stranger) == 0
    assert stripe_console.requests(method="POST") == []


def test_a_removed_card_pays_nothing_any_more(
    wallet: Wallet, database: Connection, stripe_console: StripeConsole
) -> None:
    card = wallet.save()
    wallet.buyer.request("DELETE", f"{CARDS}/{card}")
    assert refusal(wallet.buyer, payment_method_id=card) == (404, "not_found")
    assert orders_of(database, wallet.buyer) == 0
    assert stripe_console.charged(wallet.buyer.email) == []


def test_a_card_that_only_stripe_knows_is_gone_charges_nobody(
    wallet: Wallet, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    """Detached in the Dashboard, and nobody told us: the payment is open for another card."""
    card = wallet.save()
    stripe_console.deliver("drop")
    stripe_console.change(f"payment_methods/{card}/detach")
    answer = wallet.buyer.post(INTENTS, STARTER | {"payment_method_id": card})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert wallet.cards == [], "it is not offered again"
    assert wallet.buyer.available == 0
