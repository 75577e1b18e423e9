"""Paying inside the page: with a new card or a saved one, asked by the bank or not, once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests import shop
from tests.backend.purchase import Shop
from tests.backend.wallet import CARDS, INTENTS, STARTER, Wallet
from tests.backend.webhook import Webhook, event
from tests.people import People, Person, banned
from tests.stripe_browser import (
    ASKS_ALWAYS,
    CAN_ONLY_BE_SAVED,
    DECLINED_AFTER_ASKING,
    StripeBrowser,
)
from tests.stripe_console import StripeConsole, eventually
from tests.together import all_at_once, at_once

Connection = psycopg.Connection[dict]
UNKNOWN_CARD = "pm_1UnknownToEverybody"


def begin(buyer: Person, **fields: Any) -> dict[str, Any]:
    """Order in the page; answers what the backend answers."""
    answer = buyer.post(INTENTS, STARTER | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refusal(buyer: Person, **fields: Any) -> tuple[int, str]:
    answer = buyer.post(INTENTS, STARTER | fields)
    return answer.status_code, answer.json()["code"]


def intents_made(stripe_console: StripeConsole) -> set[str]:
    requests = stripe_console.requests(method="POST", path="/v1/payment_intents")
    created = [r for r in requests if r["path"] == "/v1/payment_intents" and r["status"] == 200]
    return {request["response"]["id"] for request in created}


def orders_of(database: Connection, buyer: Person) -> int:
    query = "select count(*) as n from payment_orders where user_id = %s"
    return database.execute(query, [buyer.id]).fetchone()["n"]  # type: ignore[index]


# With a new card


def test_an_intent_answers_all_that_the_contract_names(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    order = begin(buyer)
    assert order.keys() == {
        "payment_id", "payment_intent_id", "client_secret", "status", "requires_action", "amount",
        "currency", "credits",
    }  # fmt: skip
    assert order["client_secret"].startswith(order["payment_intent_id"] + "_secret_")
    told = [order[name] for name in ("status", "requires_action", "amount", "currency", "credits")]
    assert told == ["pending", False, 499, "usd", 500]


def test_stripe_hears_the_catalogs_price_and_whose_it_is(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    order = begin(buyer)
    [request] = stripe_console.requests(method="POST", path="/v1/payment_intents")
    [customer] = stripe_console.customers(buyer.email)
    assert request["params"] == {
        "amount": "499",
        "currency": "usd",
        "customer": customer,
        "description": "Starter",
        "automatic_payment_methods": {"enabled": "true", "allow_redirects": "never"},
        "metadata": {"payment_id": order["payment_id"], "user_id": buyer.id},
    }
    assert order["payment_id"] in request["idempotency_key"]


def test_a_card_typed_into_the_page_pays_and_credits(
    buyer: Person, stripe_js: StripeBrowser, shop_floor: Shop
) -> None:
    order = begin(buyer)
    assert stripe_js.confirm(order["client_secret"])["status"] == "succeeded"
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], payment["amount_paid"], payment["error"]) == ("succeeded", 499, None)
    assert payment["receipt_url"].startswith("http")
    assert not {"client_secret", "requires_action"} & payment.keys() - {"requires_action"}
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_the_credits_come_although_the_tab_was_closed_at_once(
    buyer: Person, stripe_js: StripeBrowser
) -> None:
    """Nobody asks for a refresh: the webhook alone is enough."""
    order = begin(buyer)
    stripe_js.confirm(order["client_secret"])
    eventually(lambda: buyer.available, lambda credits: credits == 500)


@pytest.mark.parametrize(
    "decline_code",
    [
        "insufficient_funds", "generic_decline", "do_not_honor", "lost_card", "fraudulent",
        "expired_card", "incorrect_cvc", "processing_error", "authentication_required",
    ],
)  # fmt: skip
def test_a_decline_says_why_and_another_card_pays_the_same_intent(
    buyer: Person,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    shop_floor: Shop,
    decline_code: str,
) -> None:
    order = begin(buyer)
    stripe_console.decline_next(decline_code)
    assert "error" in stripe_js.confirm(order["client_secret"])

    payment = buyer.refresh(order["payment_id"])
    assert payment["status"] == "pending"
    assert payment["client_secret"] == order["client_secret"]
    error = payment["error"]
    assert decline_code in (error["code"], error["decline_code"])
    assert error["message"]
    assert buyer.available == 0

    stripe_js.confirm(payment["client_secret"])
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], payment["error"]) == ("succeeded", None)
    assert shop_floor.ledger(buyer) == [("purchase", 500)]
    assert len(intents_made(stripe_console)) == 1


def test_3d_secure_that_is_passed_pays(buyer: Person, stripe_js: StripeBrowser) -> None:
    order = begin(buyer)
    assert stripe_js.confirm(order["client_secret"], ASKS_ALWAYS)["status"] == "requires_action"
    waiting = buyer.refresh(order["payment_id"])
    assert (waiting["status"], waiting["requires_action"]) == ("pending", True)
    assert buyer.available == 0
    stripe_js.authenticate(order["client_secret"])
    assert buyer.refresh(order["payment_id"])["status"] == "succeeded"
    assert buyer.available == 500


def test_3d_secure_that_is_refused_leaves_the_payment_open(
    buyer: Person, stripe_js: StripeBrowser, shop_floor: Shop
) -> None:
    order = begin(buyer)
    stripe_js.confirm(order["client_secret"], ASKS_ALWAYS)
    stripe_js.authenticate(order["client_secret"], succeeds=False)
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], payment["requires_action"]) == ("pending", False)
    assert payment["error"]["code"] == "payment_intent_authentication_failure"
    stripe_js.confirm(order["client_secret"])
    assert buyer.refresh(order["payment_id"])["status"] == "succeeded"
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_3d_secure_that_is_passed_may_still_end_in_a_decline(
    buyer: Person, stripe_js: StripeBrowser
) -> None:
    order = begin(buyer)
    stripe_js.confirm(order["client_secret"], DECLINED_AFTER_ASKING)
    stripe_js.authenticate(order["client_secret"])
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], payment["error"]["code"]) == ("pending", "card_declined")
    assert buyer.available == 0


def test_two_cards_confirmed_at_once_charge_one(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    order = begin(buyer)
    cards = [stripe_js.card() for _ in range(4)]
    confirm = [lambda card=card: stripe_js.confirm(order["client_secret"], card) for card in cards]
    all_at_once(*confirm)
    assert buyer.refresh(order["payment_id"])["status"] == "succeeded"
    assert len(stripe_console.charged(buyer.email)) == 1
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


# With a saved card


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


# What is asked for


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"package_id": "gone"}, 404, "not_found"),
        ({"package_id": "monthly"}, 422, "validation_error"),
        ({"currency": "chf"}, 422, "validation_error"),
        ({"currency": "us"}, 422, "validation_error"),
        ({"amount": 1}, 422, "validation_error"),
        ({"expected_amount": 0}, 422, "validation_error"),
        ({"payment_method_id": "4242424242424242"}, 422, "validation_error"),
        ({"payment_method_id": "pm_1' or '1'='1"}, 422, "validation_error"),
        ({"payment_method_id": 1}, 422, "validation_error"),
        ({"save_payment_method": "yes"}, 422, "validation_error"),
    ],
)
def test_what_is_not_on_sale_or_makes_no_sense_is_refused(
    buyer: Person, stripe_console: StripeConsole, fields: dict, status: int, code: str
) -> None:
    assert refusal(buyer, **fields) == (status, code)
    assert stripe_console.requests() == []


@pytest.mark.parametrize(
    ("currency", "amount"), [("jpy", 780), ("kwd", 1550), ("eur", None), ("KWD", 1550)]
)
def test_every_currency_is_paid_in_its_own_minor_units(
    buyer: Person,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    currency: str,
    amount: int | None,
) -> None:
    packages = buyer.get(f"/api/packages?currency={currency}").json()["packages"]
    [listed] = [package["amount"] for package in packages if package["id"] == "starter"]
    assert amount in (None, listed)
    order = begin(buyer, currency=currency)
    assert (order["amount"], order["currency"]) == (listed, currency.lower())
    intent = stripe_console.api(f"payment_intents/{order['payment_intent_id']}")
    assert (intent["amount"], intent["currency"]) == (listed, currency.lower())
    stripe_js.confirm(order["client_secret"])
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], payment["amount_paid"]) == ("succeeded", listed)
    assert buyer.available == 500


def test_who_may_not_buy_may_not_buy_in_the_page_either(
    people: People, buyer: Person, database: Connection
) -> None:
    assert refusal(people.guest()) == (403, "forbidden")
    with banned(database, buyer):
        assert refusal(buyer) == (403, "forbidden")
    buyer.token = "nobody"
    assert refusal(buyer) == (401, "unauthorized")


def test_while_stripes_page_computes_taxes_nothing_is_paid_elsewhere(buyer: Person) -> None:
    client = shop.client(buyer.env, AUTOMATIC_TAX="true")
    answer = client.post(INTENTS, json=STARTER, headers=shop.bearer(buyer.token))
    assert (answer.status_code, answer.json["code"]) == (409, "invalid_state")
    features = client.get("/api/config").json["features"]
    assert (features["payment_element"], features["automatic_tax"]) == (False, True)
    assert buyer.get("/api/config").json()["features"]["payment_element"] is True


def test_a_shop_that_is_closed_takes_no_intents(buyer: Person) -> None:
    client = shop.client(buyer.env, PAYMENTS_ENABLED="false")
    answer = client.post(INTENTS, json=STARTER, headers=shop.bearer(buyer.token))
    assert (answer.status_code, answer.json["code"]) == (503, "payments_disabled")


# Once


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


# Closing the tab half way


def test_an_open_payment_is_offered_again_and_goes_on_where_it_was(
    buyer: Person, stripe_js: StripeBrowser
) -> None:
    order = begin(buyer)
    [item] = buyer.get("/api/cart/count").json()["items"]
    assert (item["payment_id"], item["ui_mode"]) == (order["payment_id"], "elements")
    assert item["payment_url"] == f"{buyer.env['FRONTEND_URL']}/?payment={order['payment_id']}"
    resumed = buyer.refresh(order["payment_id"])
    assert resumed["client_secret"] == order["client_secret"]
    stripe_js.confirm(resumed["client_secret"])
    assert buyer.refresh(order["payment_id"])["status"] == "succeeded"
    assert buyer.get("/api/cart/count").json()["count"] == 0


def test_3d_secure_can_be_finished_in_another_tab(wallet: Wallet, stripe_js: StripeBrowser) -> None:
    order = begin(wallet.buyer, payment_method_id=wallet.save(ASKS_ALWAYS))
    resumed = wallet.buyer.refresh(order["payment_id"])
    assert resumed["requires_action"] is True
    stripe_js.authenticate(resumed["client_secret"])
    assert wallet.buyer.refresh(order["payment_id"])["status"] == "succeeded"


def test_the_secret_is_told_to_the_buyer_alone_and_only_when_he_asks_for_it(
    buyer: Person, stranger: Person
) -> None:
    order = begin(buyer)
    for path in ("/api/payments", f"/api/payments/{order['payment_id']}", "/api/cart/count"):
        answer = buyer.get(path)
        assert answer.status_code == 200
        assert "_secret_" not in answer.text
    answer = stranger.post(f"/api/payments/{order['payment_id']}/refresh")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_intent_whose_answer_was_lost_is_found_by_refresh(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    path = "/v1/payment_intents"
    stripe_console.fault(method="POST", path=path, kind="drop", when="after", times=3)
    assert refusal(buyer) == (503, "stripe_unavailable")
    [lost] = buyer.get("/api/payments").json()["payments"]
    resumed = buyer.refresh(lost["payment_id"])
    stripe_js.confirm(resumed["client_secret"])
    assert buyer.refresh(lost["payment_id"])["status"] == "succeeded"
    assert len(intents_made(stripe_console)) == 1
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


# The way out


def test_a_cancelled_intent_cannot_be_paid_any_more(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    order = begin(buyer)
    path = f"/api/payments/{order['payment_id']}/cancel"
    for _ in range(2):
        answer = buyer.post(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    intent = stripe_console.api(f"payment_intents/{order['payment_intent_id']}")
    assert (intent["status"], intent["cancellation_reason"]) == (
        "canceled",
        "requested_by_customer",
    )
    assert "error" in stripe_js.confirm(order["client_secret"])
    payment = buyer.refresh(order["payment_id"])
    assert payment["status"] == "canceled"
    assert "client_secret" not in payment


def test_what_waits_for_3d_secure_can_be_cancelled(buyer: Person, stripe_js: StripeBrowser) -> None:
    order = begin(buyer)
    stripe_js.confirm(order["client_secret"], ASKS_ALWAYS)
    answer = buyer.post(f"/api/payments/{order['payment_id']}/cancel")
    assert answer.json()["status"] == "canceled"


def test_what_is_paid_in_the_page_cannot_be_cancelled(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    """Even if nobody has told us of the money yet."""
    order = begin(buyer)
    stripe_console.deliver("drop")
    stripe_js.confirm(order["client_secret"])
    answer = buyer.post(f"/api/payments/{order['payment_id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert buyer.payment(order["payment_id"])["status"] == "succeeded"
    assert buyer.available == 500


def test_paying_and_cancelling_at_once_end_in_one_of_both(
    buyer: Person, stripe_js: StripeBrowser
) -> None:
    order = begin(buyer)
    card = stripe_js.card()
    all_at_once(
        lambda: stripe_js.confirm(order["client_secret"], card),
        lambda: buyer.post(f"/api/payments/{order['payment_id']}/cancel"),
    )
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], buyer.available) in (("succeeded", 500), ("canceled", 0))


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
