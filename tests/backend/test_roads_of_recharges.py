"""A recharge that the bank asks about, and whose buyer does not pass 3D Secure."""

from typing import Any

import pytest

from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.recharging import Connection, agree, events, let_pass, state
from tests.backend.wallet import Wallet
from tests.stripe_browser import ASKS_ALWAYS, StripeBrowser
from tests.stripe_console import SUCCEEDS, StripeConsole

REFUSED = "payment_intent_authentication_failure"


pytestmark = pytest.mark.usefixtures("nobody_elses_recharge_is_due")


class Recharge:
    """The latest of one buyer, as he and his browser know it."""

    def __init__(self, wallet: Wallet, stripe_js: StripeBrowser) -> None:
        self.buyer = wallet.buyer
        self._card = wallet.ids[0]
        self._stripe_js = stripe_js

    @property
    def payment(self) -> dict[str, Any]:
        return self.buyer.get("/api/payments").json()["payments"][0]

    def refresh(self) -> dict[str, Any]:
        return self.buyer.refresh(self.payment["payment_id"])

    def cancel(self) -> None:
        answer = self.buyer.post(f"/api/payments/{self.payment['payment_id']}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "canceled")

    def answer(self, succeeds: bool) -> None:
        """Confirm with the card that was charged, and answer the bank."""
        secret = self.refresh()["client_secret"]
        assert self._stripe_js.confirm(secret, self._card)["status"] == "requires_action"
        self._stripe_js.authenticate(secret, succeeds=succeeds)

    def pay(self, card: str) -> dict[str, Any]:
        """With another card: the intent, or {error}."""
        return self._stripe_js.confirm(self.refresh()["client_secret"], card)


@pytest.fixture
def recharge(
    wallet: Wallet, jobs: Jobs, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> Recharge:
    """The bank asks, and its question is not passed. Nothing is delivered by itself."""
    stripe_console.deliver("hold")
    wallet.save(ASKS_ALWAYS)
    agree(wallet.buyer)
    assert jobs.recharge() == {"requires_action": 1}
    recharge = Recharge(wallet, stripe_js)
    recharge.answer(succeeds=False)
    return recharge


@pytest.mark.parametrize("news", ["webhooks", "refresh"])
def test_it_stays_open_without_money_or_credits_and_says_why(
    recharge: Recharge, stripe_console: StripeConsole, shop_floor: Shop, news: str
) -> None:
    if news == "webhooks":
        stripe_console.release()
    else:
        recharge.refresh()
    payment = recharge.payment
    assert (payment["status"], payment["error"]["code"]) == ("pending", REFUSED)
    assert payment["requires_action"] is False
    assert recharge.buyer.get("/api/cart/count").json()["items"] == [payment]
    assert payment["payment_url"].endswith(f"/?payment={payment['payment_id']}")
    assert shop_floor.ledger(recharge.buyer) == []
    assert stripe_console.charged(recharge.buyer.email) == []
    assert len(events(recharge.buyer, "payment_requires_action")) == 1


@pytest.mark.parametrize("card", [ASKS_ALWAYS, SUCCEEDS])
def test_it_can_be_finished_with_the_same_card_or_another(
    recharge: Recharge, stripe_console: StripeConsole, shop_floor: Shop, card: str
) -> None:
    recharge.refresh()
    if card == ASKS_ALWAYS:
        recharge.answer(succeeds=True)
    else:
        recharge.pay(card)
    assert recharge.refresh()["status"] == "succeeded"
    stripe_console.release("reverse")
    assert (recharge.payment["status"], recharge.payment["error"]) == ("succeeded", None)
    assert shop_floor.ledger(recharge.buyer) == [("purchase", 500)]
    assert len(stripe_console.charged(recharge.buyer.email)) == 1


def test_it_can_be_ended_and_nobody_pays_it_any_more(
    recharge: Recharge, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    secret = recharge.refresh()["client_secret"]
    recharge.cancel()
    assert "error" in stripe_js.confirm(secret)
    stripe_console.release()
    assert recharge.payment["status"] == "canceled"
    assert recharge.buyer.get("/api/cart/count").json()["count"] == 0
    assert (recharge.buyer.available, stripe_console.charged(recharge.buyer.email)) == (0, [])


def test_while_it_is_open_no_other_is_begun_and_after_three_days_it_is_over(
    recharge: Recharge, jobs: Jobs, database: Connection
) -> None:
    recharge.refresh()
    let_pass(database, recharge.buyer, "71 hours")
    jobs.cleanup()
    assert (recharge.payment["status"], jobs.recharge()) == ("pending", {})
    let_pass(database, recharge.buyer, "2 hours")
    jobs.cleanup()
    assert recharge.payment["status"] == "expired"
    assert jobs.recharge() == {"requires_action": 1}


@pytest.mark.parametrize("end", ["canceled", "expired"])
def test_three_that_end_so_switch_it_off(
    recharge: Recharge, jobs: Jobs, database: Connection, end: str
) -> None:
    for nth in range(1, 4):
        if end == "canceled":
            recharge.cancel()
        let_pass(database, recharge.buyer, "73 hours")
        jobs.cleanup()
        assert recharge.payment["status"] == end
        if nth < 3:
            assert jobs.recharge() == {"requires_action": 1}
            recharge.answer(succeeds=False)
    assert jobs.recharge() == {}
    assert events(recharge.buyer, "auto_recharge_off") == [{"reason": "payments_failed"}]
    agreed = state(recharge.buyer)
    assert (agreed["enabled"], agreed["off_reason"]) == (False, "payments_failed")


def test_one_that_is_refused_and_finished_all_the_same_is_no_failure(
    recharge: Recharge, jobs: Jobs, database: Connection
) -> None:
    """Of three, the second: so none of the others is the third in a row."""
    for nth in range(1, 4):
        if nth == 2:
            recharge.pay(SUCCEEDS)
            assert recharge.refresh()["status"] == "succeeded"
            database.execute(
                "select adjust_credits(%s, -500, 'spent', null, 'tests', %s)",
                [recharge.buyer.id, recharge.buyer.id],
            )
        else:
            recharge.cancel()
        let_pass(database, recharge.buyer, "25 hours")
        assert jobs.recharge() == {"requires_action": 1}
        recharge.answer(succeeds=False)
    assert state(recharge.buyer)["enabled"] is True
