"""Whose answer is lost, or who buys in another way meanwhile, is charged once."""

import psycopg
import pytest

from tests import shop
from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.recharging import CREATE, RECHARGE, TERMS, agree, recharges, state
from tests.backend.wallet import INTENTS, STARTER, Wallet
from tests.stripe_browser import ASKS_ALWAYS, CAN_ONLY_BE_SAVED
from tests.stripe_console import SUCCEEDS, StripeConsole, eventually

pytestmark = pytest.mark.usefixtures("nobody_elses_recharge_is_due", "changing_catalog")


@pytest.mark.parametrize("told", [True, False], ids=["webhook came", "no webhook"])
@pytest.mark.parametrize(
    ("number", "outcome", "charges"),
    [
        (SUCCEEDS, "succeeded", 1),
        (CAN_ONLY_BE_SAVED, "failed", 0),
        (ASKS_ALWAYS, "pending", 0),
    ],
    ids=["paid", "declined", "3D Secure"],
)
def test_an_answer_that_was_lost_is_found_by_the_next_run(
    wallet: Wallet,
    jobs: Jobs,
    stripe_console: StripeConsole,
    number: str,
    outcome: str,
    charges: int,
    told: bool,
) -> None:
    wallet.save(number)
    agree(wallet.buyer)
    stripe_console.deliver("hold")
    stripe_console.fault(method="POST", path=CREATE, status=500, when="after", times=3)
    assert jobs.recharge() == {"unavailable": 1}
    if told:
        stripe_console.release()
    jobs.recharge()
    [payment] = recharges(wallet.buyer)
    assert payment["status"] == outcome
    assert payment["requires_action"] is (outcome == "pending")
    assert wallet.buyer.get("/api/cart/count").json()["count"] == (outcome == "pending")
    assert len(stripe_console.charged(wallet.buyer.email)) == charges
    assert wallet.buyer.available == 500 * charges
    [customer] = stripe_console.customers(wallet.buyer.email)
    assert len(stripe_console.api("payment_intents", customer=customer)["data"]) == 1


def test_a_lost_answer_is_not_called_a_failure_because_it_is_asked_for_in_other_words(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole, database: psycopg.Connection[dict]
) -> None:
    """A package was renamed meanwhile, or a new release says more of cards: Stripe takes no other
    request under the key, and the one that it knows may have charged."""
    stripe_console.deliver("hold")
    stripe_console.fault(method="POST", path=CREATE, status=500, when="after", times=3)
    assert jobs.recharge() == {"unavailable": 1}
    database.execute(
        """update credit_packages set name = '{"en": "Beginner"}' where id = 'starter'"""
    )
    assert jobs.recharge() == {"unavailable": 1}
    assert [payment["status"] for payment in recharges(due.buyer)] == ["pending"]
    stripe_console.release()
    eventually(lambda: recharges(due.buyer)[0]["status"], lambda status: status == "succeeded")
    assert len(stripe_console.charged(due.buyer.email)) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_shop_whose_key_is_refused_has_tried_no_card(
    due: Wallet, stripe_console: StripeConsole, jobs: Jobs, status: int
) -> None:
    """Three failures switch it off: those of the shop's own key must not."""
    stripe_console.fault(method="POST", path=CREATE, status=status, times=4)
    for _ in range(4):
        assert jobs.recharge() == {"unavailable": 1}
    assert [payment["status"] for payment in recharges(due.buyer)] == ["pending"]
    assert jobs.recharge() == {"succeeded": 1}
    assert due.buyer.available == 500
    assert len(stripe_console.charged(due.buyer.email)) == 1


@pytest.mark.parametrize("verb", ["refresh", "cancel"])
def test_a_buyer_who_looks_at_a_recharge_whose_answer_was_lost_does_no_harm(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole, shop_floor: Shop, verb: str
) -> None:
    """The card has been charged, and nobody here knows it yet."""
    stripe_console.deliver("hold")
    stripe_console.fault(method="POST", path=CREATE, status=500, when="after", times=3)
    assert jobs.recharge() == {"unavailable": 1}
    [payment] = recharges(due.buyer)
    due.buyer.post(f"/api/payments/{payment['payment_id']}/{verb}")
    jobs.recharge()
    stripe_console.release()
    assert recharges(due.buyer)[0]["status"] == "succeeded"
    assert shop_floor.ledger(due.buyer) == [("purchase", 500)]
    [customer] = stripe_console.customers(due.buyer.email)
    assert len(stripe_console.api("payment_intents", customer=customer)["data"]) == 1


def test_a_silent_stripe_charges_once_in_the_end(
    due: Wallet, stripe_console: StripeConsole, monkeypatch: pytest.MonkeyPatch, jobs: Jobs
) -> None:
    """Asked in this process, with a shorter time limit than the real one."""
    monkeypatch.setattr("backend.gateways.stripe_api.STRIPE_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)
    stripe_console.fault(method="POST", path=CREATE, kind="delay", seconds=0.5, times=3)
    headers = shop.bearer(due.buyer.env["CRON_SECRET"])
    answer = shop.client(due.buyer.env).post("/api/jobs/auto-recharge", headers=headers)
    assert answer.json["unavailable"] == 1
    eventually(
        lambda: stripe_console.requests(path=CREATE),
        lambda asked: all(request["status"] for request in asked),
    )
    jobs.recharge()
    eventually(lambda: due.buyer.available, lambda credits: credits == 500)
    assert len(stripe_console.charged(due.buyer.email)) == 1


def test_what_cannot_be_recorded_holds_up_no_run_and_is_charged_once(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole, database: psycopg.Connection[dict]
) -> None:
    stripe_console.deliver("drop")
    database.execute(
        "alter table payment_orders add constraint poison "
        f"check (user_id <> '{due.buyer.id}' or paid_at is null) not valid"
    )
    try:
        assert jobs.recharge() == {"unavailable": 1}
    finally:
        database.execute("alter table payment_orders drop constraint poison")
    assert jobs.recharge() == {"succeeded": 1}
    assert due.buyer.available == 500
    assert len(stripe_console.charged(due.buyer.email)) == 1


# Beside other ways


def test_a_purchase_by_hand_leaves_the_month_alone(due: Wallet) -> None:
    answer = due.buyer.post(INTENTS, STARTER | {"payment_method_id": due.ids[0]})
    assert answer.json()["status"] == "succeeded"
    assert state(due.buyer)["spent_this_month"] == 0


def test_while_taxes_are_worked_out_on_stripes_page_nothing_is_charged_off_session(
    due: Wallet, stripe_console: StripeConsole
) -> None:
    client = shop.client(due.buyer.env, AUTOMATIC_TAX="true")
    assert client.get("/api/config").json["features"]["auto_recharge"] is False
    answer = client.put(RECHARGE, json=TERMS, headers=shop.bearer(due.buyer.token))
    assert (answer.status_code, answer.json["code"]) == (409, "invalid_state")
    headers = shop.bearer(due.buyer.env["CRON_SECRET"])
    assert client.post("/api/jobs/auto-recharge", headers=headers).json["succeeded"] == 0
    assert stripe_console.charged(due.buyer.email) == []
