"""Whoever asks twice inside the page pays once, and an event may come first."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.backend.in_page import Connection, begin, intents_made, orders_of, refusal
from tests.backend.purchase import Shop
from tests.backend.wallet import INTENTS, STARTER, Wallet
from tests.backend.webhook import Webhook, event
from tests.people import Person
from tests.stripe_browser import CAN_ONLY_BE_SAVED, StripeBrowser
from tests.stripe_console import StripeConsole, eventually
from tests.together import at_once


def test_the_same_key_gives_the_same_intent(
    buyer: Person, database: Connection, stripe_console: StripeConsole
) -> None:
    first, again = (buyer.post(INTENTS, STARTER, key="one wish") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert orders_of(database, buyer) == len(intents_made(stripe_console)) == 1


@pytest.mark.parametrize(
    "other", [{"package_id": "creator"}, {"currency": "eur"}, {"save_payment_method": True}]
)
def test_the_same_key_with_another_wish_is_a_conflict(buyer: Person, other: dict) -> None:
    buyer.post(INTENTS, STARTER, key="k")
    answer = buyer.post(INTENTS, STARTER | other, key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


def test_one_key_charges_a_saved_card_once_however_often_and_fast_it_comes(
    wallet: Wallet, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    wish = STARTER | {"payment_method_id": wallet.save()}
    answers = at_once(8, lambda: wallet.buyer.post(INTENTS, wish, key="one wish"))
    answers.append(wallet.buyer.post(INTENTS, wish, key="one wish"))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["payment_id"] for answer in answers}) == 1
    assert answers[-1].json()["status"] == "succeeded"
    assert len(stripe_console.charged(wallet.buyer.email)) == 1
    assert shop_floor.ledger(wallet.buyer) == [("purchase", 500)]


def test_a_retry_is_answered_although_the_webhook_was_faster(
    wallet: Wallet, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    wish = STARTER | {"payment_method_id": wallet.save()}
    confirm = "/v1/payment_intents/*/confirm"
    stripe_console.fault(method="POST", path=confirm, status=500, when="after", times=3)
    assert wallet.buyer.post(INTENTS, wish, key="k").status_code == 503
    eventually(lambda: wallet.buyer.available, lambda credits: credits == 500)
    answer = wallet.buyer.post(INTENTS, wish, key="k")
    assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")
    assert shop_floor.ledger(wallet.buyer) == [("purchase", 500)]


def test_a_declined_card_may_be_tried_again_with_the_same_key(
    wallet: Wallet, database: Connection, stripe_console: StripeConsole
) -> None:
    wish = STARTER | {"payment_method_id": wallet.save()}
    stripe_console.decline_next("insufficient_funds")
    assert wallet.buyer.post(INTENTS, wish, key="k").status_code == 402
    answer = wallet.buyer.post(INTENTS, wish, key="k")
    assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")
    assert orders_of(database, wallet.buyer) == 1
    assert len(stripe_console.charged(wallet.buyer.email)) == 1


def test_two_tabs_are_two_purchases_and_the_buyer_sees_both(
    buyer: Person, stripe_js: StripeBrowser, shop_floor: Shop
) -> None:
    orders = at_once(2, lambda: begin(buyer))
    assert buyer.get("/api/cart/count").json()["count"] == 2
    for order in orders:
        stripe_js.confirm(order["client_secret"])
        buyer.refresh(order["payment_id"])
    assert shop_floor.ledger(buyer) == [("purchase", 500)] * 2


# Events


def test_an_event_may_overtake_the_answer_to_the_request(
    wallet: Wallet, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    card, confirm = wallet.save(), "/v1/payment_intents/*/confirm"
    stripe_console.fault(method="POST", path=confirm, kind="delay", when="after", seconds=5)
    with ThreadPoolExecutor() as pool:
        request = pool.submit(begin, wallet.buyer, payment_method_id=card)
        eventually(lambda: wallet.buyer.available, lambda credits: credits == 500)
        assert not request.done()
        stripe_console.end_faults()
    assert request.result()["status"] == "succeeded"
    assert shop_floor.ledger(wallet.buyer) == [("purchase", 500)]


def test_an_event_about_an_intent_that_we_never_heard_of_finds_its_order(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    """Our process died before Stripe's answer came; somebody pays all the same."""
    path = "/v1/payment_intents"
    stripe_console.fault(method="POST", path=path, status=500, when="after", times=3)
    assert refusal(buyer) == (503, "stripe_unavailable")
    [customer] = stripe_console.customers(buyer.email)
    [intent] = stripe_console.api("payment_intents", customer=customer)["data"]
    stripe_js.confirm(intent["client_secret"])
    eventually(lambda: buyer.available, lambda credits: credits == 500)
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert payment["status"] == "succeeded"


@pytest.mark.parametrize("changed", [{"amount": 100}, {"amount": 49_900}, {"currency": "eur"}])
def test_money_other_than_ordered_is_flagged_and_not_credited(
    buyer: Person,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    shop_floor: Shop,
    changed: dict,
) -> None:
    """Somebody with a key of the account changed the intent before it was paid."""
    order = begin(buyer)
    stripe_console.change(f"payment_intents/{order['payment_intent_id']}", **changed)
    stripe_js.confirm(order["client_secret"])
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], payment["error"]["code"]) == ("failed", "amount_mismatch")
    assert shop_floor.ledger(buyer) == []

    told = [
        e
        for e in stripe_console.events(order["payment_intent_id"])
        if e["type"].endswith("succeeded")
    ]
    known = eventually(
        lambda: shop_floor.event_row(told[0]["id"]), lambda row: row["status"] != "received"
    )
    assert (known["status"], known["error"]) == ("failed", "amount_mismatch")
    assert known["payload"]["data"]["object"]["id"] == order["payment_intent_id"]


def test_quarantined_money_can_be_given_back_in_the_dashboard(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    order = begin(buyer)
    stripe_console.change(f"payment_intents/{order['payment_intent_id']}", amount=100)
    intent = stripe_js.confirm(order["client_secret"])
    assert buyer.refresh(order["payment_id"])["status"] == "failed"
    charge = stripe_console.api(f"payment_intents/{intent['id']}")["latest_charge"]
    stripe_console.deliver("drop")
    refund = stripe_console.refund(charge)
    for told in stripe_console.events(refund["id"]):
        webhook.outcome(told)
    assert buyer.refresh(order["payment_id"])["status"] == "failed"
    assert buyer.available == 0


def test_an_event_about_another_intent_pays_no_order_that_has_one(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    """Whoever has a key can write our id into any metadata."""
    order = begin(buyer)
    intent = stripe_console.api(f"payment_intents/{order['payment_intent_id']}")
    other = intent | {"id": "pi_another", "status": "succeeded", "amount_received": 499}
    assert webhook.outcome(event("payment_intent.succeeded", other)) == "failed"
    assert buyer.payment(order["payment_id"])["status"] == "pending"
    assert buyer.available == 0


def test_a_second_intent_for_a_customer_who_was_deleted_meanwhile_cannot_be_paid(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    card = {"payment_method_id": wallet.save(CAN_ONLY_BE_SAVED)}
    buyer = wallet.buyer
    assert buyer.post(INTENTS, STARTER | card, key="one wish").status_code == 402
    [customer] = stripe_console.customers(buyer.email)
    stripe_console.delete(f"customers/{customer}")
    eventually(lambda: wallet.cards, lambda cards: not cards)
    stripe_console.forget_requests()
    again = buyer.post(INTENTS, STARTER | card, key="one wish")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    [second] = intents_made(stripe_console)
    assert stripe_console.api(f"payment_intents/{second}")["status"] == "canceled"
