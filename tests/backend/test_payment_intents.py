"""Paying inside the page with a new card, asked by the bank or not."""

import pytest

from tests import shop
from tests.backend.in_page import Connection, begin, intents_made, refusal
from tests.backend.purchase import Shop
from tests.backend.wallet import INTENTS, STARTER
from tests.people import People, Person, banned
from tests.stripe_browser import ASKS_ALWAYS, DECLINED_AFTER_ASKING, StripeBrowser
from tests.stripe_console import StripeConsole, eventually
from tests.together import all_at_once


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
        "allowed_payment_method_types": ["card"],
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
