"""It stops by itself when the bank says no, and waits when the bank asks."""

import pytest

from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.recharging import (
    Connection,
    agree,
    events,
    let_pass,
    recharges,
    spend_all,
    state,
)
from tests.backend.wallet import CARDS, Wallet
from tests.stripe_browser import ASKS_ALWAYS, ASKS_ONCE, CAN_ONLY_BE_SAVED, StripeBrowser
from tests.stripe_console import SUCCEEDS, StripeConsole

pytestmark = pytest.mark.usefixtures("nobody_elses_recharge_is_due", "changing_catalog")


def test_a_decline_ends_that_recharge_and_the_next_one_waits_a_day(
    due: Wallet, jobs: Jobs, database: Connection, stripe_console: StripeConsole
) -> None:
    stripe_console.decline_next("insufficient_funds")
    assert jobs.recharge() == {"failed": 1}
    [payment] = recharges(due.buyer)
    assert (payment["status"], payment["payment_url"]) == ("failed", None)
    assert payment["error"]["decline_code"] == "insufficient_funds"
    assert state(due.buyer)["enabled"] is True
    let_pass(database, due.buyer, "23 hours")
    assert jobs.recharge() == {}
    let_pass(database, due.buyer, "61 minutes")
    assert jobs.recharge() == {"succeeded": 1}


def test_what_was_declined_cannot_be_paid_later(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    stripe_console.decline_next("do_not_honor")
    jobs.recharge()
    [customer] = stripe_console.customers(due.buyer.email)
    [intent] = stripe_console.api("payment_intents", customer=customer)["data"]
    assert intent["status"] == "canceled"
    payment = due.buyer.refresh(recharges(due.buyer)[0]["payment_id"])
    assert payment["status"] == "failed"
    assert "client_secret" not in payment


def test_three_declines_in_a_row_switch_it_off_and_say_so(
    wallet: Wallet, jobs: Jobs, database: Connection
) -> None:
    wallet.save(CAN_ONLY_BE_SAVED)
    agree(wallet.buyer)
    for nth in range(1, 4):
        assert jobs.recharge() == {"failed": 1}
        shown = state(wallet.buyer)
        assert shown["enabled"] is (nth < 3)
        let_pass(database, wallet.buyer, "25 hours")
    assert shown["off_reason"] == "payments_failed"
    assert events(wallet.buyer, "auto_recharge_off") == [{"reason": "payments_failed"}]
    assert jobs.recharge() == {}


def test_a_success_in_between_begins_the_count_anew(
    due: Wallet, jobs: Jobs, database: Connection, stripe_console: StripeConsole
) -> None:
    for outcome in ("failed", "failed", "succeeded", "failed", "failed"):
        if outcome == "failed":
            stripe_console.decline_next("insufficient_funds")
        assert jobs.recharge() == {outcome: 1}
        spend_all(database, due.buyer)
        let_pass(database, due.buyer, "25 hours")
    assert state(due.buyer)["enabled"] is True


def test_whoever_agrees_again_begins_anew(wallet: Wallet, jobs: Jobs, database: Connection) -> None:
    wallet.save(CAN_ONLY_BE_SAVED)
    agree(wallet.buyer)
    for _ in range(3):
        jobs.recharge()
        let_pass(database, wallet.buyer, "25 hours")
    second = wallet.save()
    wallet.buyer.post(f"{CARDS}/{second}/default")
    assert agree(wallet.buyer)["off_reason"] is None
    assert jobs.recharge() == {"succeeded": 1}


# When the bank asks


@pytest.fixture
def asked(wallet: Wallet, jobs: Jobs) -> Wallet:
    """A recharge waits for its buyer's 3D Secure."""
    wallet.save(ASKS_ALWAYS)
    agree(wallet.buyer)
    assert jobs.recharge() == {"requires_action": 1}
    return wallet


def test_a_recharge_that_the_bank_asks_about_appears_as_an_open_payment(asked: Wallet) -> None:
    [item] = asked.buyer.get("/api/cart/count").json()["items"]
    assert (item["kind"], item["ui_mode"]) == ("auto_recharge", "off_session")
    assert (item["status"], item["requires_action"]) == ("pending", True)
    address = f"{asked.buyer.env['FRONTEND_URL']}/?payment={item['payment_id']}"
    assert item["payment_url"] == address
    assert state(asked.buyer)["enabled"] is True


def test_the_app_is_told_once_that_a_payment_waits(
    asked: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    [payment] = recharges(asked.buyer)
    wanted = [{"payment_id": payment["payment_id"]}]
    assert events(asked.buyer, "payment_requires_action") == wanted
    asked.buyer.refresh(payment["payment_id"])
    [delivery] = stripe_console.deliveries(event_type="payment_intent.payment_failed")[:1]
    stripe_console.send_again(delivery["id"], times=3)
    jobs.recharge()
    assert events(asked.buyer, "payment_requires_action") == wanted


def test_while_it_waits_no_other_is_begun(asked: Wallet, jobs: Jobs, database: Connection) -> None:
    assert jobs.recharge() == {}
    let_pass(database, asked.buyer, "2 days")
    assert jobs.recharge() == {}
    assert len(recharges(asked.buyer)) == 1


@pytest.mark.parametrize("number", [ASKS_ALWAYS, SUCCEEDS])
def test_the_buyer_finishes_it_with_the_same_card_or_another(
    asked: Wallet,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    shop_floor: Shop,
    number: str,
) -> None:
    payment = asked.buyer.refresh(recharges(asked.buyer)[0]["payment_id"])
    assert payment["requires_action"] is True
    card = asked.ids[0] if number == ASKS_ALWAYS else number
    intent = stripe_js.confirm(payment["client_secret"], card)
    if number == ASKS_ALWAYS:
        assert intent["status"] == "requires_action"
        stripe_js.authenticate(payment["client_secret"])
    payment = asked.buyer.refresh(payment["payment_id"])
    assert (payment["status"], payment["requires_action"]) == ("succeeded", False)
    assert shop_floor.ledger(asked.buyer) == [("purchase", 500)]
    assert len(stripe_console.charged(asked.buyer.email)) == 1
    assert asked.buyer.get("/api/cart/count").json()["count"] == 0


def test_the_buyer_may_refuse_it(
    asked: Wallet, stripe_js: StripeBrowser, jobs: Jobs, database: Connection
) -> None:
    [payment] = recharges(asked.buyer)
    answer = asked.buyer.post(f"/api/payments/{payment['payment_id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert jobs.recharge() == {}
    let_pass(database, asked.buyer, "25 hours")
    assert jobs.recharge() == {"requires_action": 1}


def test_a_card_that_was_set_up_is_charged_without_asking(wallet: Wallet, jobs: Jobs) -> None:
    wallet.save(ASKS_ONCE)
    agree(wallet.buyer)
    assert jobs.recharge() == {"succeeded": 1}
