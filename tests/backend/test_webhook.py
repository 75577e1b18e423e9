"""Events become facts: each fact counts once, whatever is delivered, in whichever order."""

from typing import Any

import pytest

from backend.services.kept import kept
from tests.backend.purchase import Purchase, Shop
from tests.backend.webhook import Webhook, event, retold
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually
from tests.together import all_at_once, at_once

COMPLETED = "checkout.session.completed"
SUCCEEDED = "payment_intent.succeeded"


@pytest.fixture
def unheard(shop_floor: Shop, buyer: Person) -> Purchase:
    """Paid, and the backend has not heard of it."""
    return shop_floor.sell_silently(buyer)


@pytest.fixture
def completed(unheard: Purchase, stripe_console: StripeConsole) -> dict[str, Any]:
    """Stripe's event that the buyer has paid the session."""
    return told(stripe_console, unheard.order["session_id"], COMPLETED)


@pytest.fixture
def succeeded(unheard: Purchase, stripe_console: StripeConsole) -> dict[str, Any]:
    """Stripe's event that the money has been captured."""
    return told(stripe_console, unheard.intent_id, SUCCEEDED)


def told(stripe_console: StripeConsole, object_id: str, event_type: str) -> dict[str, Any]:
    [found] = [each for each in stripe_console.events(object_id) if each["type"] == event_type]
    return found


def changed(known: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Another event, about the same object with other fields."""
    return event(known["type"], known["data"]["object"] | fields)


def assert_credited_once(bought: Purchase, shop_floor: Shop) -> None:
    assert bought.now["status"] == "succeeded"
    assert bought.buyer.available == 500
    assert shop_floor.ledger(bought.buyer) == [("purchase", 500)]


def assert_not_credited(bought: Purchase, shop_floor: Shop) -> None:
    assert shop_floor.ledger(bought.buyer) == []
    assert bought.buyer.available == 0


def test_stripe_delivers_and_the_credits_are_there(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    stripe_console.pay(order["url"])
    eventually(lambda: buyer.available, lambda credits: credits == 500)
    events = stripe_console.events(order["session_id"])
    [delivery] = stripe_console.deliveries(event_id=events[-1]["id"])
    assert delivery["response_status"] == 200


@pytest.mark.parametrize("which", ["completed", "succeeded"])
def test_either_event_alone_is_enough(
    webhook: Webhook,
    unheard: Purchase,
    shop_floor: Shop,
    request: pytest.FixtureRequest,
    which: str,
) -> None:
    assert webhook.outcome(request.getfixturevalue(which)) == "processed"
    assert_credited_once(unheard, shop_floor)


def test_both_events_in_either_order_credit_once(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict, succeeded: dict
) -> None:
    for known in (succeeded, completed, retold(succeeded), retold(completed)):
        assert webhook.outcome(known) == "processed"
    assert_credited_once(unheard, shop_floor)


def test_a_delivery_that_is_repeated_is_a_duplicate(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    outcomes = [webhook.outcome(completed) for _ in range(3)]
    assert outcomes == ["processed", "duplicate", "duplicate"]
    assert shop_floor.event_row(completed["id"])["attempts"] == 3
    assert_credited_once(unheard, shop_floor)


def test_ten_deliveries_at_once_credit_once(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    outcomes = at_once(10, lambda: webhook.outcome(completed))
    assert sorted(outcomes) == ["duplicate"] * 9 + ["processed"]
    assert_credited_once(unheard, shop_floor)


def test_ten_events_about_one_fact_at_once_credit_once(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict, succeeded: dict
) -> None:
    events = [retold(known) for known in (completed, succeeded) for _ in range(5)]
    outcomes = all_at_once(*[lambda told=told: webhook.outcome(told) for told in events])
    assert outcomes == ["processed"] * 10
    assert_credited_once(unheard, shop_floor)


def test_webhook_and_success_page_at_once_credit_once(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    all_at_once(
        *[lambda: webhook.outcome(retold(completed))] * 4,
        *[lambda: unheard.buyer.refresh(unheard.payment_id)] * 4,
    )
    assert_credited_once(unheard, shop_floor)


def test_a_webhook_that_is_late_changes_nothing(
    webhook: Webhook, purchase: Purchase, shop_floor: Shop, stripe_console: StripeConsole
) -> None:
    before = purchase.now
    late = told(stripe_console, purchase.order["session_id"], COMPLETED)
    assert webhook.outcome(late) == "processed"
    assert purchase.now == before
    assert_credited_once(purchase, shop_floor)


def test_an_event_of_six_weeks_ago_is_still_a_fact(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    old = completed | {"created": completed["created"] - 42 * 86400}
    assert webhook.outcome(old) == "processed"
    assert_credited_once(unheard, shop_floor)


def test_completed_and_unpaid_is_not_paid(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    assert webhook.outcome(changed(completed, payment_status="unpaid")) == "processed"
    assert_not_credited(unheard, shop_floor)
    assert unheard.now["status"] == "processing"


def test_an_expired_session_that_was_paid_after_all_is_paid(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    """Events of one second arrive in any order."""
    session = completed["data"]["object"] | {"status": "expired", "payment_status": "unpaid"}
    webhook.outcome(event("checkout.session.expired", session))
    assert unheard.now["status"] == "expired"
    webhook.outcome(completed)
    assert_credited_once(unheard, shop_floor)


MISMATCHES: dict[str, tuple[dict[str, Any], str]] = {
    "less": ({"amount_total": 498}, "amount_mismatch"),
    "more": ({"amount_total": 500}, "amount_mismatch"),
    "nothing": ({"amount_total": 0}, "amount_mismatch"),
    "a cheaper currency": ({"currency": "jpy"}, "amount_mismatch"),
    "another session": ({"id": "cs_test_other"}, "session_mismatch"),
}


@pytest.mark.parametrize(("fields", "reason"), MISMATCHES.values(), ids=MISMATCHES)
def test_what_was_not_ordered_is_quarantined_and_not_credited(
    webhook: Webhook,
    unheard: Purchase,
    shop_floor: Shop,
    completed: dict,
    fields: dict[str, Any],
    reason: str,
) -> None:
    wrong = changed(completed, **fields)
    assert [webhook.outcome(wrong) for _ in range(2)] == ["failed", "failed"]
    row = shop_floor.event_row(wrong["id"])
    assert (row["status"], row["error"], row["attempts"]) == ("failed", reason, 2)
    assert row["payload"]["data"] == kept(wrong["data"])
    assert_not_credited(unheard, shop_floor)


def test_a_mismatch_is_shown_to_the_buyer_and_the_right_money_heals_it(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    webhook.outcome(changed(completed, amount_total=498))
    assert unheard.now["error"]["code"] == "amount_mismatch"
    webhook.outcome(completed)
    assert_credited_once(unheard, shop_floor)


def test_a_captured_amount_other_than_ordered_is_not_credited(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, succeeded: dict
) -> None:
    wrong = changed(succeeded, amount_received=1)
    assert webhook.outcome(wrong) == "failed"
    assert_not_credited(unheard, shop_floor)
    assert shop_floor.event_row(wrong["id"])["error"] == "amount_mismatch"
    assert unheard.now["error"]["code"] == "amount_mismatch"


def test_an_intent_that_belongs_to_another_payment_credits_neither(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, stranger: Person, completed: dict
) -> None:
    theirs = shop_floor.sell(stranger)
    stolen = changed(completed, payment_intent=theirs.intent_id)
    assert webhook.outcome(stolen) == "failed"
    assert_not_credited(unheard, shop_floor)
    assert_credited_once(theirs, shop_floor)


UNKNOWN_METADATA = [
    # Sold by somebody else with this account.
    ({}, "ignored"),
    ({"payment_id": "x"}, "ignored"),
    # An order of ours, lost.
    ({"payment_id": "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"}, "failed"),
]


@pytest.mark.parametrize(("metadata", "outcome"), UNKNOWN_METADATA)
def test_an_unknown_payment_is_recorded_with_its_reason(
    webhook: Webhook, shop_floor: Shop, succeeded: dict, metadata: dict, outcome: str
) -> None:
    unknown = changed(succeeded, id="pi_unknown", metadata=metadata)
    assert webhook.outcome(unknown) == outcome
    assert shop_floor.event_row(unknown["id"])["error"] == "unknown_payment"


IGNORED = ["customer.created", "payment_intent.created", "charge.succeeded", "invoice.paid", "x.y"]


@pytest.mark.parametrize("event_type", IGNORED)
def test_a_type_that_concerns_nobody_is_recorded_and_ignored(
    webhook: Webhook, shop_floor: Shop, event_type: str
) -> None:
    told = event(event_type, {"id": "x_1", "object": "x"})
    assert [webhook.outcome(told) for _ in range(2)] == ["ignored", "duplicate"]
    assert shop_floor.event_row(told["id"])["status"] == "ignored"


def test_a_live_event_has_no_effect_on_a_test_shop(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    live = retold(completed) | {"livemode": True}
    assert webhook.outcome(live) == "ignored"
    row = shop_floor.event_row(live["id"])
    assert (row["livemode"], row["error"]) == (True, "livemode_mismatch")
    assert_not_credited(unheard, shop_floor)


def test_what_a_connected_account_says_has_no_effect(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    """It is somebody else's shop, and could say anything."""
    theirs = retold(completed) | {"account": "acct_1Theirs"}
    assert webhook.outcome(theirs) == "ignored"
    assert_not_credited(unheard, shop_floor)


OTHER_SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "an amount in words": ({"amount_received": "lots"}, "22P02"),
    "no currency": ({"currency": None}, "amount_mismatch"),
    "no amount": ({"amount_received": None}, "amount_mismatch"),
    "metadata that is a list": ({"metadata": ["payment_id"]}, "unreadable"),
}


@pytest.mark.parametrize(("fields", "reason"), OTHER_SHAPES.values(), ids=OTHER_SHAPES)
def test_an_object_of_another_shape_is_kept_as_failed_and_holds_up_nobody(
    webhook: Webhook,
    unheard: Purchase,
    shop_floor: Shop,
    succeeded: dict,
    completed: dict,
    fields: dict[str, Any],
    reason: str,
) -> None:
    """Sending it again will not cure it, so it is taken."""
    odd = changed(succeeded, **fields)
    assert webhook.outcome(odd) == "failed"
    assert reason in shop_floor.event_row(odd["id"])["error"]
    assert_not_credited(unheard, shop_floor)
    assert webhook.outcome(completed) == "processed"
    assert_credited_once(unheard, shop_floor)


@pytest.mark.parametrize(
    ("fields", "credits"),
    [({"status": None, "id": None}, 0), ({"latest_charge": 7}, 500)],
    ids=["no status", "a charge that is a number"],
)
def test_what_is_odd_and_says_enough_counts_for_what_it_says(
    webhook: Webhook,
    unheard: Purchase,
    shop_floor: Shop,
    succeeded: dict,
    completed: dict,
    fields: dict[str, Any],
    credits: int,
) -> None:
    assert webhook.outcome(changed(succeeded, **fields)) == "processed"
    assert unheard.buyer.available == credits
    assert webhook.outcome(completed) == "processed"
    assert_credited_once(unheard, shop_floor)


def test_an_event_in_the_shape_of_an_unknown_type_field_is_harmless(
    webhook: Webhook, unheard: Purchase, shop_floor: Shop, completed: dict
) -> None:
    """Stripe adds fields without a new version."""
    assert webhook.outcome(changed(completed, colour="red")) == "processed"
    assert_credited_once(unheard, shop_floor)
