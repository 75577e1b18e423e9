"""Refunds that the shop makes: as much as is left, and the credits follow the money."""

from typing import Any

import pytest
import responses
from responses.matchers import header_matcher

from backend.config import STRIPE_RETRIES_MAX
from tests import shop
from tests.backend.purchase import Purchase, Shop
from tests.backend.refunding import BULK, REFUNDS, UNKNOWN, given_back, path_of, refund, refusal
from tests.people import People, Person
from tests.stripe_console import StripeConsole, eventually


def test_a_full_refund_gives_the_money_back_and_takes_the_credits(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    answer = refund(admin, purchase)
    assert answer.keys() == {"refund_id", "amount", "credits_refunded", "status"}
    assert answer.pop("refund_id").startswith("re_")
    assert answer == {"amount": 499, "credits_refunded": 500, "status": "succeeded"}
    payment = purchase.now
    assert (payment["status"], payment["amount_refunded"]) == ("refunded", 499)
    assert shop_floor.ledger(purchase.buyer) == [("purchase", 500), ("refund", -500)]
    assert given_back(stripe_console, purchase) == [499]


@pytest.mark.parametrize(
    ("reason", "told", "note"),
    [
        (None, "requested_by_customer", ""),
        ("duplicate", "duplicate", "duplicate"),
        ("fraudulent", "fraudulent", "fraudulent"),
        ("He bought the wrong one 🙈", "requested_by_customer", "He bought the wrong one 🙈"),
    ],
)
def test_stripe_is_told_why_and_by_whom(
    admin: Person,
    purchase: Purchase,
    stripe_console: StripeConsole,
    reason: str | None,
    told: str,
    note: str,
) -> None:
    made = refund(admin, purchase, **({"reason": reason} if reason else {}))
    at_stripe = stripe_console.api(f"refunds/{made['refund_id']}")
    assert at_stripe["reason"] == told
    kept = {"payment_id": purchase.payment_id, "actor": admin.id, "note": note}
    assert {name: at_stripe["metadata"].get(name, "") for name in kept} == kept


def test_partial_refunds_take_their_share_and_the_last_takes_the_rest(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    shares = [refund(admin, purchase, amount=amount)["credits_refunded"] for amount in (166, 166)]
    assert shares == [166 * 500 // 499, 332 * 500 // 499 - 166 * 500 // 499]
    assert purchase.now["status"] == "partially_refunded"
    last = refund(admin, purchase)
    assert (last["amount"], last["credits_refunded"]) == (167, 500 - sum(shares))
    assert purchase.now["status"] == "refunded"
    assert given_back(stripe_console, purchase) == [167, 166, 166]


def test_two_equal_refunds_one_after_the_other_are_two(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    first, second = (refund(admin, purchase, amount=100) for _ in range(2))
    assert first["refund_id"] != second["refund_id"]
    assert given_back(stripe_console, purchase) == [100, 100]


@pytest.mark.parametrize("amount", [0, -1, 500, 10**13, "5.00", 1.5, True, [100]])
def test_an_amount_that_cannot_be_is_refused_before_stripe_hears_of_it(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole, amount: Any
) -> None:
    stripe_console.forget_requests()
    answer = admin.post(path_of(purchase), {"amount": amount})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["errors"][0]["field"] == "amount"
    assert stripe_console.requests() == []
    assert purchase.now["amount_refunded"] == 0


def test_no_more_than_is_left_can_be_refunded(admin: Person, purchase: Purchase) -> None:
    refund(admin, purchase, amount=300)
    assert refusal(admin, purchase, amount=200) == (422, "validation_error")
    assert purchase.now["amount_refunded"] == 300


def test_what_is_refunded_is_refunded(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    refund(admin, purchase)
    assert refusal(admin, purchase) == (409, "invalid_state")
    assert given_back(stripe_console, purchase) == [499]


def test_what_was_never_paid_cannot_be_refunded(admin: Person, buyer: Person) -> None:
    order = buyer.order()
    answer = admin.post(f"/api/payments/{order['payment_id']}/refund")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")


@pytest.mark.parametrize("payment_id", [UNKNOWN, "1", "%00", "me"])
def test_an_unknown_payment_is_not_found(admin: Person, payment_id: str) -> None:
    for answer in (
        admin.post(f"/api/payments/{payment_id}/refund"),
        admin.get(f"/api/payments/{payment_id}/refund"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_what_the_bank_has_taken_back_is_not_paid_twice(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.dispute(purchase.charge_id)
    eventually(lambda: purchase.now["status"], lambda status: status == "disputed")
    stripe_console.forget_requests()
    assert refusal(admin, purchase) == (409, "invalid_state")
    assert refusal(admin, purchase, amount=1) == (409, "invalid_state")
    assert admin.get(path_of(purchase)).status_code == 409
    assert stripe_console.requests(path=REFUNDS) == []


def test_a_dispute_that_nobody_told_us_of_is_stripes_to_refuse(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    stripe_console.dispute(purchase.charge_id)
    assert refusal(admin, purchase) == (409, "invalid_state")
    assert purchase.now["amount_refunded"] == 0


def yesterday(
    sandbox: dict[str, str], bought: Purchase, amount: int, headers: dict[str, str]
) -> responses.RequestsMock:
    """Stripe said no to this refund, as the balance was too low, and takes any other key's."""
    url = sandbox["STRIPE_API_BASE"] + REFUNDS
    key = {"Idempotency-Key": f"refund-{bought.payment_id}-499-0-{amount}"}
    error = {"type": "invalid_request_error", "code": "balance_insufficient", "message": "Low"}
    mocked = responses.RequestsMock()
    mocked.post(
        url, status=400, json={"error": error}, headers=headers, match=[header_matcher(key)]
    )
    mocked.add_passthru(url)
    return mocked


def test_a_refusal_that_stripe_only_repeats_is_asked_for_anew_and_once(
    admin: Person,
    purchase: Purchase,
    sandbox: dict[str, str],
    stripe_console: StripeConsole,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also if the answer to that is lost, and no webhook comes."""
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)
    stripe_console.deliver("drop")
    tries = 1 + STRIPE_RETRIES_MAX
    stripe_console.fault(method="POST", path=REFUNDS, kind="drop", when="after", times=tries)
    repeated = {"Idempotent-Replayed": "true", "Original-Request": "req_yesterday"}
    client, wish = shop.client(sandbox), {"amount": 100}
    with yesterday(sandbox, purchase, 100, repeated):
        statuses = [
            client.post(path_of(purchase), json=wish, headers=shop.bearer(admin.token)).status_code
            for _ in range(2)
        ]
    assert statuses == [503, 200]
    assert given_back(stripe_console, purchase) == [100]


def test_a_refusal_that_stripe_has_just_said_is_believed(
    admin: Person, purchase: Purchase, sandbox: dict[str, str], stripe_console: StripeConsole
) -> None:
    first = {"Original-Request": "req_now"}
    with yesterday(sandbox, purchase, 499, first):
        answer = shop.client(sandbox).post(path_of(purchase), headers=shop.bearer(admin.token))
    assert (answer.status_code, answer.json["code"]) == (409, "invalid_state")
    assert given_back(stripe_console, purchase) == []


def test_an_inquiry_may_be_answered_with_a_refund(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    dispute = stripe_console.dispute(purchase.charge_id, is_inquiry=True)
    eventually(lambda: shop_floor.dispute_status(dispute["id"]), bool)
    assert refund(admin, purchase)["status"] == "succeeded"


def test_a_won_dispute_can_be_refunded(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    dispute = stripe_console.dispute(purchase.charge_id)
    stripe_console.change_dispute(dispute["id"], "win")
    eventually(lambda: purchase.now["status"], lambda status: status == "succeeded")
    answer = admin.post(path_of(purchase))
    assert answer.status_code in (200, 409)  # Stripe decides; the books follow either way
    assert purchase.now["amount_refunded"] == sum(given_back(stripe_console, purchase))


def test_dinars_are_refunded_in_steps_of_ten_and_yen_in_ones(
    admin: Person, buyer: Person, shop_floor: Shop
) -> None:
    dinars = shop_floor.sell(buyer, currency="kwd")
    assert refusal(admin, dinars, amount=775) == (422, "validation_error")
    assert refund(admin, dinars, amount=770)["credits_refunded"] == 770 * 500 // 1550
    assert refund(admin, dinars)["amount"] == 780
    yen = shop_floor.sell(buyer, currency="jpy")
    assert refund(admin, yen, amount=1)["amount"] == 1
    assert buyer.available == 500 - 500 // yen.order["amount"]


# Who may


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/payments/{payment_id}/refund"),
        ("GET", "/api/payments/{payment_id}/refund"),
        ("POST", BULK),
    ],
)
def test_only_an_admin_refunds(
    purchase: Purchase, stranger: Person, people: People, method: str, path: str
) -> None:
    path = path.format(payment_id=purchase.payment_id)
    env = stranger.env
    for token in (
        purchase.buyer.token,
        stranger.token,
        people.guest().token,
        env["SERVICE_API_KEYS"].split(",")[0],
        env["CRON_SECRET"],
    ):
        stranger.token = token
        answer = stranger.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    stranger.token = "nobody"
    answer = stranger.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert purchase.now["amount_refunded"] == 0
