"""Money that goes back: credits follow it, in proportion, once, and in any order."""

from typing import Any

import pytest

from tests.backend.purchase import Purchase, Shop
from tests.backend.webhook import Webhook, event, retold
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually


def status(bought: Purchase, wanted: str) -> dict[str, Any]:
    """The payment, once it has this status."""
    return eventually(lambda: bought.now, lambda payment: payment["status"] == wanted)


def test_a_full_refund_takes_all_credits_back(
    purchase: Purchase, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    stripe_console.refund(purchase.charge_id)
    payment = status(purchase, "refunded")
    assert (payment["amount_refunded"], payment["credits_refunded"]) == (499, 500)
    assert purchase.buyer.available == 0
    assert shop_floor.ledger(purchase.buyer) == [("purchase", 500), ("refund", -500)]


def test_a_partial_refund_takes_its_share_rounded_down(
    purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.refund(purchase.charge_id, amount=100)
    payment = status(purchase, "partially_refunded")
    assert (payment["amount_refunded"], payment["credits_refunded"]) == (100, 100 * 500 // 499)
    assert purchase.buyer.available == 500 - 100


def test_two_equal_partial_refunds_are_two(
    purchase: Purchase, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    for _ in range(2):
        stripe_console.refund(purchase.charge_id, amount=100)
    payment = eventually(lambda: purchase.now, lambda now: now["amount_refunded"] == 200)
    assert payment["credits_refunded"] == 200 * 500 // 499
    # Asked after the first, Stripe may tell of both at once.
    taken = [credits for kind, credits in shop_floor.ledger(purchase.buyer) if kind == "refund"]
    assert sum(taken) == -200


def test_partial_refunds_that_add_up_take_exactly_all(
    purchase: Purchase, stripe_console: StripeConsole
) -> None:
    for amount in (166, 166, 167):
        stripe_console.refund(purchase.charge_id, amount=amount)
    payment = status(purchase, "refunded")
    assert payment["credits_refunded"] == 500
    assert purchase.buyer.available == 0


@pytest.fixture
def refund_events(
    purchase: Purchase, stripe_console: StripeConsole, webhook: Webhook
) -> list[dict[str, Any]]:
    """Stripe's events about one partial refund; none of them delivered."""
    stripe_console.deliver("drop")
    refund = stripe_console.refund(purchase.charge_id, amount=100)
    return stripe_console.events(refund["id"])


def test_one_refund_told_in_many_ways_is_one(
    purchase: Purchase, refund_events: list[dict[str, Any]], webhook: Webhook
) -> None:
    refund = refund_events[-1]["data"]["object"]
    types = ["refund.created", "refund.updated", "charge.refund.updated", "refund.created"]
    for event_type in types:
        assert webhook.outcome(event(event_type, refund)) == "processed"
    assert purchase.now["amount_refunded"] == 100
    assert purchase.buyer.available == 400


def test_a_pending_refund_takes_the_credits_before_they_can_be_spent(
    purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.refund(purchase.charge_id, status="pending")
    status(purchase, "refunded")
    assert purchase.buyer.available == 0


@pytest.mark.parametrize("first", ["pending", "succeeded"])
def test_a_refund_that_fails_gives_the_credits_back(
    purchase: Purchase, stripe_console: StripeConsole, first: str
) -> None:
    refund = stripe_console.refund(purchase.charge_id, status=first)
    status(purchase, "refunded")
    stripe_console.change_refund(refund["id"], "fail")
    payment = status(purchase, "succeeded")
    assert (payment["amount_refunded"], payment["credits_refunded"]) == (0, 0)
    assert purchase.buyer.available == 500


def test_a_refund_that_failed_stays_failed_whatever_arrives_late(
    purchase: Purchase, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    stripe_console.deliver("drop")
    refund = stripe_console.refund(purchase.charge_id)
    stripe_console.change_refund(refund["id"], "fail")
    for told in reversed(stripe_console.events(refund["id"])):
        assert webhook.outcome(told) == "processed"
    assert purchase.now["status"] == "succeeded"
    assert purchase.buyer.available == 500


def test_a_refund_may_be_told_before_its_payment(
    shop_floor: Shop, buyer: Person, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    bought = shop_floor.sell_silently(buyer)
    stripe_console.deliver("drop")
    refund = stripe_console.refund(bought.charge_id, amount=100)
    [early, *_] = stripe_console.events(refund["id"])
    assert webhook.outcome(early) == "failed"
    assert shop_floor.event_row(early["id"])["error"] == "unknown_payment"

    [paid] = [e for e in stripe_console.events(bought.intent_id) if e["type"].endswith("succeeded")]
    assert webhook.outcome(paid) == "processed"
    assert bought.now["status"] == "partially_refunded"
    assert buyer.available == 400
    assert shop_floor.event_row(early["id"])["status"] == "processed"
    assert webhook.outcome(early) == "duplicate"


def test_the_success_page_learns_of_a_refund_too(
    purchase: Purchase, refund_events: list[dict[str, Any]]
) -> None:
    payment = purchase.buyer.refresh(purchase.payment_id)
    assert (payment["status"], payment["credits_refunded"]) == ("partially_refunded", 100)


@pytest.mark.parametrize("about", [{"payment_intent": None}, {"payment_intent": "pi_not_ours"}])
def test_a_refund_of_something_else_is_recorded_and_not_sent_again(
    refund_events: list[dict[str, Any]], webhook: Webhook, shop_floor: Shop, about: dict
) -> None:
    """The same Stripe account may sell other things in other ways."""
    other = refund_events[0]["data"]["object"] | about | {"id": f"re_{about['payment_intent']}"}
    told = event("refund.created", other)
    assert webhook.outcome(told) == "failed"
    assert shop_floor.event_row(told["id"])["error"] == "unknown_payment"


def test_an_inquiry_only_marks(
    purchase: Purchase, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    dispute = stripe_console.dispute(purchase.charge_id, is_inquiry=True)
    noted(dispute["id"], shop_floor, "warning_needs_response")
    assert purchase.now["status"] == "succeeded"
    assert purchase.buyer.available == 500
    stripe_console.change_dispute(dispute["id"], "win")
    noted(dispute["id"], shop_floor, "warning_closed")
    assert shop_floor.ledger(purchase.buyer) == [("purchase", 500)]


def noted(dispute_id: str, shop_floor: Shop, wanted: str) -> None:
    """Wait until the dispute is known with this status."""
    eventually(lambda: shop_floor.dispute_status(dispute_id), lambda known: known == wanted)


def test_a_chargeback_takes_the_credits_and_a_won_one_gives_them_back(
    purchase: Purchase, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    dispute = stripe_console.dispute(purchase.charge_id)
    status(purchase, "disputed")
    assert purchase.buyer.available == 0
    stripe_console.change_dispute(dispute["id"], "win")
    status(purchase, "succeeded")
    assert purchase.buyer.available == 500
    assert shop_floor.ledger(purchase.buyer) == [
        ("purchase", 500), ("dispute", -500), ("dispute_reversal", 500),
    ]  # fmt: skip


def test_a_lost_chargeback_keeps_them(
    purchase: Purchase, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    dispute = stripe_console.dispute(purchase.charge_id)
    stripe_console.change_dispute(dispute["id"], "lose")
    noted(dispute["id"], shop_floor, "lost")
    assert purchase.now["status"] == "disputed"
    assert purchase.buyer.available == 0


def test_an_inquiry_that_becomes_a_chargeback_takes_them(
    purchase: Purchase, stripe_console: StripeConsole
) -> None:
    dispute = stripe_console.dispute(purchase.charge_id, is_inquiry=True)
    stripe_console.change_dispute(dispute["id"], "escalate")
    status(purchase, "disputed")
    assert purchase.buyer.available == 0


def test_the_events_of_a_dispute_end_alike_in_any_order(
    purchase: Purchase, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    stripe_console.deliver("drop")
    dispute = stripe_console.dispute(purchase.charge_id)
    stripe_console.change_dispute(dispute["id"], "win")
    for told in reversed(stripe_console.events(dispute["id"])):
        assert webhook.outcome(told) == "processed"
        assert webhook.outcome(retold(told)) == "processed"
    assert purchase.now["status"] == "succeeded"
    assert purchase.buyer.available == 500


def test_a_dispute_of_a_payment_that_was_partly_refunded_takes_the_rest(
    purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.refund(purchase.charge_id, amount=100)
    stripe_console.dispute(purchase.charge_id, amount=399)
    status(purchase, "disputed")
    assert purchase.buyer.available == 0


def test_a_refund_touches_no_other_purchase(
    purchase: Purchase, shop_floor: Shop, stripe_console: StripeConsole
) -> None:
    second = shop_floor.sell(purchase.buyer, "creator")
    stripe_console.refund(purchase.charge_id)
    status(purchase, "refunded")
    assert second.now["status"] == "succeeded"
    assert purchase.buyer.available == 1500
