"""Refunds that the shop makes: as much as is left, once, and the credits follow the money."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import responses

from tests import shop
from tests.backend.checkout_page import CheckoutPage
from tests.backend.purchase import Purchase, Shop
from tests.backend.server import give
from tests.people import People, Person
from tests.stripe_console import StripeConsole, eventually
from tests.together import all_at_once, at_once

Connection = psycopg.Connection[dict]
BULK = "/api/admin/refunds"
REFUNDS = "/v1/refunds"
REFUND_PENDS = "4000000000007726"
UNKNOWN = "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"


def path_of(bought: Purchase) -> str:
    return f"/api/payments/{bought.payment_id}/refund"


def refund(
    admin: Person, bought: Purchase, key: str | None = None, **fields: Any
) -> dict[str, Any]:
    answer = admin.post(path_of(bought), fields, key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal(admin: Person, bought: Purchase, **fields: Any) -> tuple[int, str]:
    answer = admin.post(path_of(bought), fields)
    return answer.status_code, answer.json()["code"]


def preview(admin: Person, bought: Purchase) -> dict[str, Any]:
    answer = admin.get(path_of(bought))
    assert answer.status_code == 200, answer.text
    return answer.json()


def given_back(stripe_console: StripeConsole, bought: Purchase) -> list[int]:
    """What Stripe has refunded, or is about to, newest first."""
    refunds = stripe_console.api("refunds", payment_intent=bought.intent_id)["data"]
    return [each["amount"] for each in refunds if each["status"] in ("succeeded", "pending")]


# One payment


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


@pytest.mark.parametrize(("is_replayed", "status"), [(True, 200), (False, 409)])
def test_a_refusal_that_stripe_only_repeats_is_asked_for_anew(
    admin: Person,
    purchase: Purchase,
    sandbox: dict[str, str],
    stripe_console: StripeConsole,
    is_replayed: bool,
    status: int,
) -> None:
    """Stripe keeps it for a day, and its cause is gone since: a balance that was too low."""
    refusal = {"type": "invalid_request_error", "code": "balance_insufficient", "message": "Low"}
    headers = {"Idempotent-Replayed": "true"} if is_replayed else {}
    url = sandbox["STRIPE_API_BASE"] + REFUNDS
    with responses.RequestsMock() as stripe:
        stripe.post(url, status=400, json={"error": refusal}, headers=headers)
        if is_replayed:
            stripe.add(responses.PassthroughResponse("POST", url))
        answer = shop.client(sandbox).post(path_of(purchase), headers=shop.bearer(admin.token))
    assert answer.status_code == status
    assert given_back(stripe_console, purchase) == ([499] if is_replayed else [])


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


# What the preview says, and what then happens


def test_the_preview_says_what_then_happens_and_does_nothing(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.forget_requests()
    plan = preview(admin, purchase)
    assert stripe_console.requests() == []
    assert purchase.now["amount_refunded"] == 0
    told = {name: plan[name] for name in ("amount", "currency", "credits", "credits_missing")}
    assert told == {"amount": 499, "currency": "usd", "credits": 500, "credits_missing": 0}
    made = refund(admin, purchase)
    assert (made["amount"], made["credits_refunded"]) == (plan["amount"], plan["credits"])


def test_credits_that_are_spent_become_debt_as_the_preview_said(
    admin: Person, purchase: Purchase, database: Connection
) -> None:
    give(database, purchase.buyer, -450)
    plan = preview(admin, purchase)
    assert (plan["credits"], plan["credits_missing"]) == (500, 450)
    assert refund(admin, purchase)["credits_refunded"] == 500
    credits = purchase.buyer.get("/api/credits").json()
    assert credits["balance"] == -450
    give(database, purchase.buyer, 500)
    assert purchase.buyer.available == 50


def test_after_a_partial_refund_the_preview_is_of_the_rest(
    admin: Person, purchase: Purchase
) -> None:
    refund(admin, purchase, amount=100)
    plan = preview(admin, purchase)
    assert (plan["amount"], plan["credits"], plan["refunds"]) == (399, 400, 1)


@pytest.fixture
def discounted(buyer: Person, stripe_console: StripeConsole) -> Callable[..., str]:
    """Buys a starter package with a promotion code; answers the payment's id."""

    def buy(**coupon: Any) -> str:
        order = buyer.order()
        page = CheckoutPage(stripe_console, order)
        page.use_code(stripe_console.new_code(**coupon))
        page.accept() if coupon.get("percent_off") == 100 else page.pay()
        paid: str = buyer.refresh(order["payment_id"])["payment_id"]
        return paid

    return buy


def test_what_was_free_has_nothing_to_refund(
    admin: Person,
    buyer: Person,
    stripe_console: StripeConsole,
    discounted: Callable[..., str],
) -> None:
    payment_id = discounted(percent_off=100)
    assert (buyer.payment(payment_id)["status"], buyer.available) == ("succeeded", 500)
    answer = admin.post(f"/api/payments/{payment_id}/refund")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert "Nothing was charged" in answer.json()["detail"]
    assert stripe_console.requests(method="POST", path=REFUNDS) == []


def test_a_refund_is_in_proportion_to_what_was_paid(
    admin: Person, discounted: Callable[..., str]
) -> None:
    path = f"/api/payments/{discounted(amount_off=249, currency='usd')}/refund"
    assert admin.get(path).json()["amount"] == 250
    assert admin.post(path, {"amount": 125}).json()["credits_refunded"] == 250


# States of a refund


@pytest.fixture
def slow_refund(shop_floor: Shop, buyer: Person, stripe_console: StripeConsole) -> Purchase:
    """A purchase with a card whose refunds take days."""
    stripe_console.deliver("drop")
    order = buyer.order()
    stripe_console.pay(order["url"], REFUND_PENDS)
    stripe_console.deliver("live")
    assert buyer.refresh(order["payment_id"])["status"] == "succeeded"
    intent_id = shop_floor.row(order["payment_id"])["stripe_payment_intent_id"]
    intent = stripe_console.api(f"payment_intents/{intent_id}")
    return Purchase(buyer, order, intent_id, intent["latest_charge"])


def test_a_pending_refund_takes_the_credits_at_once_and_is_not_made_again(
    admin: Person, slow_refund: Purchase, stripe_console: StripeConsole
) -> None:
    made = refund(admin, slow_refund)
    assert made["status"] == "pending"
    assert slow_refund.buyer.available == 0
    assert refusal(admin, slow_refund) == (409, "invalid_state")
    stripe_console.change_refund(made["refund_id"], "succeed")
    assert slow_refund.buyer.refresh(slow_refund.payment_id)["status"] == "refunded"


@pytest.mark.parametrize("ending", ["fail", "cancel"])
def test_a_refund_that_comes_to_nothing_gives_the_credits_back_and_can_be_made_anew(
    admin: Person, slow_refund: Purchase, stripe_console: StripeConsole, ending: str
) -> None:
    made = refund(admin, slow_refund)
    stripe_console.change_refund(made["refund_id"], ending)
    eventually(lambda: slow_refund.now["status"], lambda status: status == "succeeded")
    assert slow_refund.buyer.available == 500
    again = refund(admin, slow_refund)
    assert again["refund_id"] != made["refund_id"]
    assert slow_refund.now["amount_refunded"] == 499


def test_a_refund_that_succeeded_may_still_fail(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    made = refund(admin, purchase)
    stripe_console.change_refund(made["refund_id"], "fail")
    eventually(lambda: purchase.now["status"], lambda status: status == "succeeded")
    assert purchase.buyer.available == 500


def test_a_refund_in_the_dashboard_counts_before_the_next_one_here(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.refund(purchase.charge_id, amount=200)
    eventually(lambda: purchase.now["amount_refunded"], lambda amount: amount == 200)
    assert preview(admin, purchase)["amount"] == 299
    assert refund(admin, purchase)["amount"] == 299


def test_a_refund_in_the_dashboard_that_nobody_told_us_of_is_not_paid_twice(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    stripe_console.refund(purchase.charge_id, amount=200)
    assert refusal(admin, purchase) == (409, "invalid_state")
    assert given_back(stripe_console, purchase) == [200]
    purchase.buyer.refresh(purchase.payment_id)
    assert refund(admin, purchase)["amount"] == 299


# Once


def test_the_same_key_gives_the_same_refund(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    key = purchase.payment_id
    first, again = (refund(admin, purchase, key=key, amount=100) for _ in range(2))
    assert first == again
    assert given_back(stripe_console, purchase) == [100]
    other = admin.post(path_of(purchase), {"amount": 101}, key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


def test_an_admin_who_asks_again_because_the_answer_was_lost_makes_one_refund(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    stripe_console.fault(method="POST", path=REFUNDS, kind="drop", when="after", times=3)
    assert refusal(admin, purchase, amount=100) == (503, "stripe_unavailable")
    assert refund(admin, purchase, amount=100)["amount"] == 100
    assert given_back(stripe_console, purchase) == [100]
    assert purchase.now["amount_refunded"] == 100


@pytest.mark.parametrize("amount", [100, None])
def test_one_key_never_refunds_twice_although_the_webhook_was_faster(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole, amount: int | None
) -> None:
    stripe_console.fault(method="POST", path=REFUNDS, status=500, when="after", times=3)
    wish, key = {"amount": amount}, purchase.payment_id
    assert admin.post(path_of(purchase), wish, key=key).status_code == 503
    eventually(lambda: purchase.now["amount_refunded"], bool)
    answer = admin.post(path_of(purchase), wish, key=key)
    assert given_back(stripe_console, purchase) == [amount or 499]
    assert (answer.status_code, answer.json()["amount"]) == (200, amount or 499)


@pytest.mark.parametrize("amount", [100, None])
def test_one_key_at_once_is_one_refund(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole, amount: int | None
) -> None:
    def ask() -> int:
        return admin.post(
            path_of(purchase), {"amount": amount}, key="k" + purchase.payment_id
        ).status_code

    assert set(at_once(6, ask)) == {200}
    assert given_back(stripe_console, purchase) == [amount or 499]


def test_two_admins_at_once_give_the_money_back_once(
    admin: Person, people: People, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    second = people.admin()
    answers = all_at_once(
        *[
            lambda who=who: who.post(path_of(purchase), {"reason": who.token[:9]})
            for who in (admin, second) * 2
        ]
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    assert given_back(stripe_console, purchase) == [499]
    assert purchase.now["status"] == "refunded"


def test_two_admins_at_once_give_back_no_more_than_is_left(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    answers = all_at_once(
        *[
            lambda why=why: admin.post(path_of(purchase), {"amount": 300, "reason": why})
            for why in "ab"
        ]
    )
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert sorted(answer.status_code for answer in answers)[1] in (409, 422)
    assert given_back(stripe_console, purchase) == [300]


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


# Many at once


@pytest.fixture
def three(buyer: Person, shop_floor: Shop) -> list[Purchase]:
    return [shop_floor.sell(buyer) for _ in range(3)]


def in_bulk(admin: Person, ids: list[str], **fields: Any) -> list[dict[str, Any]]:
    answer = admin.post(BULK, {"payment_ids": ids} | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_many_are_refunded_in_full_with_a_result_each(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    ids = [bought.payment_id for bought in three]
    results = in_bulk(admin, ids, reason="duplicate")
    assert [result["payment_id"] for result in results] == ids
    assert all(result["ok"] and result["amount"] == 499 for result in results)
    assert all(given_back(stripe_console, bought) == [499] for bought in three)
    assert three[0].buyer.available == 0


def test_a_dry_run_says_what_would_happen_and_does_nothing(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    stripe_console.forget_requests()
    results = in_bulk(admin, [bought.payment_id for bought in three], dry_run=True)
    assert [(result["ok"], result["amount"], result["credits"]) for result in results] == [
        (True, 499, 500)
    ] * 3
    assert stripe_console.requests() == []
    assert three[0].buyer.available == 1500


def test_one_that_fails_hinders_no_other(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    first, second, third = (bought.payment_id for bought in three)
    unpaid = three[0].buyer.order()["payment_id"]
    refund(admin, three[1])
    results = in_bulk(admin, [first, UNKNOWN, second, unpaid, third, first])
    assert [(result["payment_id"], result.get("code")) for result in results] == [
        (first, None),
        (UNKNOWN, "not_found"),
        (second, "invalid_state"),
        (unpaid, "invalid_state"),
        (third, None),
    ]
    assert all(result["detail"] for result in results if not result["ok"])
    assert all(given_back(stripe_console, bought) == [499] for bought in three)


def test_one_that_stripe_could_not_answer_can_be_asked_for_again(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    ids = [bought.payment_id for bought in three]
    stripe_console.fault(method="POST", path=REFUNDS, status=500, when="after", times=3)
    results = in_bulk(admin, ids)
    assert [result["ok"] for result in results] == [False, True, True]
    assert results[0]["code"] == "stripe_unavailable"
    in_bulk(admin, ids)
    assert all(given_back(stripe_console, bought) == [499] for bought in three)
    assert {bought.now["status"] for bought in three} == {"refunded"}


def test_the_same_key_gives_the_same_results(
    admin: Person, three: list[Purchase], stripe_console: StripeConsole
) -> None:
    wish = {"payment_ids": [bought.payment_id for bought in three]}
    first, again = (admin.post(BULK, wish, key=three[0].payment_id) for _ in range(2))
    assert first.json() == again.json()
    assert all(result["ok"] for result in again.json()["results"])


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"payment_ids": []},
        {"payment_ids": UNKNOWN},
        {"payment_ids": ["x"]},
        {"payment_ids": [None]},
        {"payment_ids": [UNKNOWN] * 101},
        {"payment_ids": [UNKNOWN], "amount": 1},
        {"payment_ids": [UNKNOWN], "dry_run": "no"},
        {"payment_ids": [UNKNOWN], "reason": "x" * 501},
        {"payment_ids": [UNKNOWN], "reason": ""},
    ],
)
def test_a_wrong_question_is_a_422(admin: Person, wish: dict) -> None:
    answer = admin.post(BULK, wish)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


def test_a_key_of_yesterday_whose_answer_was_lost_refunds_no_second_time(
    admin: Person,
    purchase: Purchase,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
) -> None:
    """Stripe forgets its own key after a day."""
    stripe_console.fault(method="POST", path=REFUNDS, status=500, when="after", times=3)
    assert admin.post(path_of(purchase), {"amount": 100}, key="once").status_code == 503
    stripe_console.put_back()
    database.execute(
        "update idempotency_keys set created_at = now() - interval '1 day' "
        "where caller = %s and key = 'once'",
        [admin.id],
    )
    again = admin.post(path_of(purchase), {"amount": 100}, key="once")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    assert given_back(stripe_console, purchase) == [100]
    database.execute("delete from idempotency_keys where caller = %s", [admin.id])


def test_what_failed_among_many_is_tried_again_with_the_same_key_and_nothing_twice(
    admin: Person, people: People, shop_floor: Shop, stripe_console: StripeConsole
) -> None:
    first, second = (shop_floor.sell(people.sign_up()) for _ in range(2))
    asked = {"payment_ids": [first.payment_id, second.payment_id]}
    stripe_console.fault(method="POST", path=REFUNDS, status=429, times=1)
    results = admin.post(BULK, asked, key="all of it").json()["results"]
    assert [result["ok"] for result in results] == [False, True]
    assert results[0]["code"] == "stripe_unavailable"
    again = admin.post(BULK, asked, key="all of it").json()["results"]
    assert [result["ok"] for result in again] == [True, True]
    assert again[1] == results[1]
    assert given_back(stripe_console, first) == given_back(stripe_console, second) == [499]
    other = admin.post(BULK, {"payment_ids": [first.payment_id]}, key="all of it")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
