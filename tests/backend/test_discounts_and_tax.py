"""Codes, tax and papers: what is paid is not the price, and the credits are the package's."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import shop
from tests.backend.checkout_page import CheckoutPage
from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.webhook import Webhook, event
from tests.http import HTTP
from tests.people import People, Person
from tests.stripe_console import IS_DECLINED, StripeConsole, eventually

CHECKOUT = "/api/stripe/create-checkout-session"
INTENTS = "/api/stripe/create-payment-intent"
STARTER = {"package_id": "starter"}
HOME = {"country": "US", "postal_code": "94107"}


def other_shop(sandbox: dict[str, str], **settings: str) -> FlaskClient:
    """The same shop with other settings, in this process."""
    return shop.client(sandbox, **settings)


def order_at(client: FlaskClient, buyer: Person, **fields: Any) -> dict[str, Any]:
    answer = client.post(CHECKOUT, json=STARTER | fields, headers=shop.bearer(buyer.token))
    assert answer.status_code == 201, answer.text
    return answer.json


def pay_with_code(
    stripe_console: StripeConsole, order: dict[str, Any], code: str
) -> dict[str, Any]:
    """Its session at Stripe, paid (or accepted, if nothing is left to pay)."""
    page = CheckoutPage(stripe_console, order)
    assert page.use_code(code).status_code == 303
    session = session_of(stripe_console, order)
    page.pay() if session["amount_total"] else page.accept()
    paid = session_of(stripe_console, order)
    assert paid["status"] == "complete"
    return paid


def session_of(stripe_console: StripeConsole, order: dict[str, Any]) -> dict[str, Any]:
    return stripe_console.api(f"checkout/sessions/{order['session_id']}")


def charge_of(stripe_console: StripeConsole, intent_id: str) -> str:
    return stripe_console.api(f"payment_intents/{intent_id}")["latest_charge"]


# Codes

COUPONS: dict[str, tuple[dict[str, Any], int]] = {
    "a fifth": ({"percent_off": 20}, 399),
    "a dollar": ({"amount_off": 100, "currency": "usd"}, 399),
    "a third": ({"percent_off": 33.3}, 333),
    "all but a cent": ({"amount_off": 498, "currency": "usd"}, 1),
}


@pytest.mark.parametrize("ui_mode", ["hosted", "embedded"])
@pytest.mark.parametrize(("coupon", "paid"), COUPONS.values(), ids=COUPONS)
def test_with_a_code_less_is_paid_and_the_credits_are_the_same(
    buyer: Person, stripe_console: StripeConsole, coupon: dict[str, Any], paid: int, ui_mode: str
) -> None:
    stripe_console.deliver("hold")
    order = buyer.order(ui_mode=ui_mode)
    pay_with_code(stripe_console, order, stripe_console.new_code(**coupon))
    stripe_console.release()
    payment = buyer.payment(order["payment_id"])
    assert payment["status"] == "succeeded"
    assert (payment["amount"], payment["amount_paid"], payment["amount_discount"]) == (
        499, paid, 499 - paid,
    )  # fmt: skip
    assert buyer.available == 500


@pytest.mark.parametrize("order_of_arrival", ["reverse", "shuffle"])
def test_in_any_order_the_end_is_the_same(
    buyer: Person, stripe_console: StripeConsole, order_of_arrival: str
) -> None:
    stripe_console.deliver("hold", copies=2)
    order = buyer.order()
    pay_with_code(stripe_console, order, stripe_console.new_code(percent_off=20))
    stripe_console.release(order_of_arrival)
    payment = buyer.payment(order["payment_id"])
    assert (payment["status"], payment["amount_paid"]) == ("succeeded", 399)
    assert buyer.available == 500


@pytest.fixture
def discounted(buyer: Person, stripe_console: StripeConsole) -> dict[str, Any]:
    """Paid with 100 cents off, and nobody was told: the order, and its intent."""
    stripe_console.deliver("drop")
    order = buyer.order()
    code = stripe_console.new_code(amount_off=100, currency="usd")
    paid = pay_with_code(stripe_console, order, code)
    return order | {"intent_id": paid["payment_intent"]}


def paid_event(stripe_console: StripeConsole, order: dict[str, Any]) -> dict[str, Any]:
    """Stripe's event that the intent has been paid."""
    told = stripe_console.events(order["intent_id"])
    return next(each for each in told if each["type"] == "payment_intent.succeeded")


def test_the_intent_alone_cannot_say_why_it_is_less_so_the_session_is_asked(
    discounted: dict[str, Any], buyer: Person, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    assert webhook.outcome(paid_event(stripe_console, discounted)) == "processed"
    payment = buyer.payment(discounted["payment_id"])
    assert (payment["status"], payment["amount_discount"]) == ("succeeded", 100)
    assert buyer.available == 500


def test_while_the_session_cannot_be_asked_the_intents_event_is_sent_again(
    discounted: dict[str, Any], buyer: Person, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    told = paid_event(stripe_console, discounted)
    stripe_console.fault(path="/v1/checkout/sessions/*", status=500, times=3)
    answer = webhook.send(told)
    assert (answer.status_code, answer.json()["code"]) == (503, "stripe_unavailable")
    assert buyer.payment(discounted["payment_id"])["error"] is None
    assert webhook.outcome(told) == "processed"
    assert buyer.available == 500


@pytest.mark.parametrize("alone", ["refresh", "reconcile", "the session's event"])
def test_an_intent_that_overtook_its_session_is_put_right_by_the_session(
    buyer: Person,
    stripe_console: StripeConsole,
    jobs: Jobs,
    webhook: Webhook,
    alone: str,
) -> None:
    """The session was not complete yet when it was asked what the intent's amount means."""
    stripe_console.deliver("drop")
    order = buyer.order()
    page = CheckoutPage(stripe_console, order)
    page.use_code(stripe_console.new_code(amount_off=100, currency="usd"))
    page.pay(IS_DECLINED)
    intent_id = session_of(stripe_console, order)["payment_intent"]
    intent = stripe_console.api(f"payment_intents/{intent_id}")
    early = intent | {"status": "succeeded", "amount_received": 399}
    told = event("payment_intent.succeeded", early)
    assert webhook.send(told).json()["code"] == "stripe_unavailable", "so that it comes again"
    page.pay()
    assert buyer.available == 0
    if alone == "refresh":
        buyer.refresh(order["payment_id"])
    elif alone == "reconcile":
        jobs.reconcile()
    else:
        [completed] = stripe_console.events(order["session_id"])
        assert webhook.outcome(completed) == "processed"
    assert buyer.payment(order["payment_id"])["status"] == "succeeded"
    assert webhook.outcome(told) == "processed"
    assert buyer.available == 500


def test_reconcile_learns_of_the_discount_by_itself(
    discounted: dict[str, Any], buyer: Person, jobs: Jobs
) -> None:
    assert jobs.reconcile()["repaired"] >= 1
    assert buyer.payment(discounted["payment_id"])["amount_paid"] == 399
    assert buyer.available == 500


def test_what_is_paid_goes_back_in_proportion_and_all_of_it_takes_all_credits(
    discounted: dict[str, Any], buyer: Person, stripe_console: StripeConsole
) -> None:
    buyer.refresh(discounted["payment_id"])
    charge = charge_of(stripe_console, discounted["intent_id"])
    for amount, left in ((133, 500 - 133 * 500 // 399), (133, 500 - 266 * 500 // 399), (133, 0)):
        stripe_console.refund(charge, amount=amount)
        assert buyer.refresh(discounted["payment_id"])["amount_refunded"] % 133 == 0
        assert buyer.available == left
    assert buyer.payment(discounted["payment_id"])["status"] == "refunded"


def test_no_more_than_was_paid_can_be_refunded(
    discounted: dict[str, Any], buyer: Person, people: People
) -> None:
    buyer.refresh(discounted["payment_id"])
    path = f"/api/payments/{discounted['payment_id']}/refund"
    refused = people.admin().post(path, {"amount": 400})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_error")
    done = people.admin().post(path)
    assert (done.json()["amount"], done.json()["credits_refunded"]) == (399, 500)


@pytest.fixture
def gift(buyer: Person, stripe_console: StripeConsole) -> dict[str, Any]:
    """Bought for nothing, and everything was delivered."""
    stripe_console.deliver("hold")
    order = buyer.order()
    paid = pay_with_code(stripe_console, order, stripe_console.new_code(percent_off=100))
    assert (paid["payment_status"], paid["payment_intent"]) == ("no_payment_required", None)
    stripe_console.release()
    return order


def test_for_nothing_is_paid_and_brings_the_credits(
    gift: dict[str, Any], buyer: Person, shop_floor: Shop
) -> None:
    payment = buyer.payment(gift["payment_id"])
    assert (payment["status"], payment["amount_paid"], payment["amount_discount"]) == (
        "succeeded", 0, 499,
    )  # fmt: skip
    assert payment["paid_at"]
    assert buyer.refresh(gift["payment_id"]) == payment
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_of_nothing_nothing_is_refunded(gift: dict[str, Any], people: People) -> None:
    answer = people.admin().post(f"/api/payments/{gift['payment_id']}/refund")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")


@pytest.mark.parametrize("alone", ["refresh", "reconcile"])
def test_for_nothing_is_learnt_without_webhooks(
    buyer: Person, stripe_console: StripeConsole, jobs: Jobs, alone: str
) -> None:
    stripe_console.deliver("drop")
    order = buyer.order()
    pay_with_code(stripe_console, order, stripe_console.new_code(percent_off=100))
    if alone == "refresh":
        buyer.refresh(order["payment_id"])
    else:
        jobs.reconcile()
    assert buyer.payment(order["payment_id"])["status"] == "succeeded"
    assert buyer.available == 500


def test_a_shop_without_codes_offers_no_box(
    sandbox: dict[str, str], buyer: Person, stripe_console: StripeConsole
) -> None:
    client = other_shop(sandbox, PROMOTION_CODES="false")
    order = order_at(client, buyer)
    [asked] = stripe_console.requests(method="POST", path="/v1/checkout/sessions")
    assert "allow_promotion_codes" not in asked["params"]
    code = stripe_console.new_code(percent_off=100)
    assert CheckoutPage(stripe_console, order).use_code(code).status_code == 422
    assert client.get("/api/config").json["features"]["promotion_codes"] is False


# Sessions that say something else than was ordered

TAMPERED: dict[str, dict[str, Any]] = {
    "another price": {"amount_subtotal": 1, "amount_total": 1},
    "another price, the right total": {"amount_subtotal": 599},
    "more off than is said": {"amount_total": 100},
    "less than nothing off": {"amount_total": 700},
    "tax that nobody asked for": {
        "amount_total": 99,
        "total_details": {"amount_discount": 0, "amount_tax": 100, "amount_shipping": 0},
    },
    "another currency": {"currency": "jpy"},
}


@pytest.mark.parametrize("changed", TAMPERED.values(), ids=TAMPERED)
def test_a_session_that_was_tampered_with_is_stored_flagged_and_not_credited(
    buyer: Person,
    stripe_console: StripeConsole,
    webhook: Webhook,
    shop_floor: Shop,
    changed: dict[str, Any],
) -> None:
    stripe_console.deliver("drop")
    order = buyer.order()
    CheckoutPage(stripe_console, order).pay()
    told = event("checkout.session.completed", session_of(stripe_console, order) | changed)
    assert webhook.outcome(told) == "failed"
    row = shop_floor.event_row(told["id"])
    assert (row["error"], str(row["payment_id"])) == ("amount_mismatch", order["payment_id"])
    payment = buyer.payment(order["payment_id"])
    assert (payment["status"], payment["error"]["code"]) == ("failed", "amount_mismatch")
    assert buyer.available == 0


# Tax


@pytest.mark.parametrize("ui_mode", ["hosted", "embedded"])
def test_tax_comes_on_top_and_brings_no_credits(
    sandbox: dict[str, str], buyer: Person, stripe_console: StripeConsole, ui_mode: str
) -> None:
    stripe_console.deliver("hold")
    order = order_at(other_shop(sandbox, AUTOMATIC_TAX="true"), buyer, ui_mode=ui_mode)
    CheckoutPage(stripe_console, order).pay(**HOME)
    stripe_console.release("shuffle")
    payment = buyer.payment(order["payment_id"])
    assert payment["status"] == "succeeded"
    assert (payment["amount"], payment["amount_tax"], payment["amount_paid"]) == (499, 50, 549)
    assert buyer.available == 500


def test_tax_and_discount_together(
    sandbox: dict[str, str], buyer: Person, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    order = order_at(other_shop(sandbox, AUTOMATIC_TAX="true"), buyer)
    page = CheckoutPage(stripe_console, order)
    page.use_code(stripe_console.new_code(amount_off=99, currency="usd"))
    page.pay(**HOME)
    stripe_console.release("reverse")
    payment = buyer.payment(order["payment_id"])
    assert (payment["amount_discount"], payment["amount_tax"], payment["amount_paid"]) == (
        99, 40, 440,
    )  # fmt: skip
    intent = session_of(stripe_console, order)["payment_intent"]
    stripe_console.refund(charge_of(stripe_console, intent), amount=220)
    stripe_console.release()
    assert buyer.available == 250


def test_a_taxed_subscription_is_taxed_at_each_renewal(
    sandbox: dict[str, str], subscriber: Any, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    client = other_shop(sandbox, AUTOMATIC_TAX="true")
    order = order_at(client, subscriber.buyer, package_id="monthly")
    CheckoutPage(stripe_console, order).pay(**HOME)
    subscriber.renew()
    stripe_console.release("shuffle")
    assert [payment["amount_paid"] for payment in subscriber.payments] == [989, 989]
    assert [payment["amount_tax"] for payment in subscriber.payments] == [90, 90]
    assert subscriber.grants == [1000, 1000]


def test_with_tax_payment_inside_the_page_is_closed(
    sandbox: dict[str, str], buyer: Person, stripe_console: StripeConsole
) -> None:
    client = other_shop(sandbox, AUTOMATIC_TAX="true")
    answer = client.post(INTENTS, json=STARTER, headers=shop.bearer(buyer.token))
    assert (answer.status_code, answer.json["code"]) == (409, "invalid_state")
    assert stripe_console.requests(method="POST", path="/v1/payment_intents") == []
    features = client.get("/api/config").json["features"]
    assert (features["automatic_tax"], features["payment_element"]) == (True, False)
    assert features["auto_recharge"] is False


# Papers


def test_a_payment_has_its_receipt(buyer: Person, stripe_console: StripeConsole) -> None:
    order = buyer.order()
    stripe_console.pay(order["url"])
    payment = eventually(lambda: buyer.payment(order["payment_id"]), lambda now: now["receipt_url"])
    assert HTTP.get(payment["receipt_url"]).status_code == 200
    assert payment["invoice_url"] is None


@pytest.mark.parametrize("alone", ["webhooks", "refresh", "reconcile"])
def test_a_shop_that_writes_invoices_links_to_them(
    sandbox: dict[str, str], jobs: Jobs, buyer: Person, stripe_console: StripeConsole, alone: str
) -> None:
    stripe_console.deliver("hold" if alone == "webhooks" else "drop")
    order = order_at(other_shop(sandbox, INVOICES="true"), buyer)
    CheckoutPage(stripe_console, order).pay()
    stripe_console.release("shuffle")
    if alone == "refresh":
        buyer.refresh(order["payment_id"])
    elif alone == "reconcile":
        jobs.reconcile()
    payment = buyer.payment(order["payment_id"])
    assert payment["status"] == "succeeded"
    page = HTTP.get(payment["invoice_url"])
    assert page.status_code == 200
    assert "$4.99" in page.text
    assert buyer.available == 500


def test_an_invoice_over_nothing_is_one_too(
    sandbox: dict[str, str], buyer: Person, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    order = order_at(other_shop(sandbox, INVOICES="true"), buyer)
    pay_with_code(stripe_console, order, stripe_console.new_code(percent_off=100))
    stripe_console.release("reverse")
    payment = buyer.payment(order["payment_id"])
    assert (payment["status"], payment["amount_paid"]) == ("succeeded", 0)
    assert HTTP.get(payment["invoice_url"]).status_code == 200
    assert buyer.available == 500
