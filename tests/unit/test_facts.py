"""What Stripe's objects say, as facts: each status of Stripe's has one meaning here."""

from typing import Any, Literal, get_args, get_origin

import pytest
import stripe

from backend.services import facts
from backend.services.facts.payments import DELAYED_METHODS, WAITING_ACTIONS

PAYMENT_ID = "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"
METADATA = {"payment_id": PAYMENT_ID, "user_id": "u"}
CARD_ERROR = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "insufficient_funds",
    "message": "Your card has insufficient funds.",
}
OUTCOMES = ("paid", "processing", "ended")


def session(**changed: Any) -> dict[str, Any]:
    return {
        "id": "cs_test_1",
        "object": "checkout.session",
        "status": "open",
        "payment_status": "unpaid",
        "amount_total": 499,
        "currency": "usd",
        "customer": "cus_1",
        "client_reference_id": PAYMENT_ID,
        "payment_intent": None,
        "metadata": METADATA,
        "url": "https://checkout.stripe.com/c/pay/cs_test_1",
        "expires_at": 1_800_000_000,
    } | changed


def intent(**changed: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "requires_payment_method",
        "amount": 499,
        "amount_received": 0,
        "currency": "usd",
        "customer": "cus_1",
        "latest_charge": None,
        "last_payment_error": None,
        "metadata": METADATA,
    } | changed


PAID = intent(
    status="succeeded",
    amount_received=499,
    latest_charge={"id": "ch_1", "created": 1_700_000_000, "receipt_url": "https://r.example/1"},
)


def outcome(learnt: facts.Facts) -> dict[str, Any]:
    return {name: learnt[name] for name in OUTCOMES if name in learnt}


def statuses_of(resource: type, field: str = "status") -> set[str]:
    """Every value that the SDK's annotation lists."""
    return set(_literals(resource.__annotations__[field]))


def _literals(hint: Any) -> list[str]:
    if get_origin(hint) is Literal:
        return [value for value in get_args(hint) if isinstance(value, str)]
    return [value for member in get_args(hint) for value in _literals(member)]


INTENT_OUTCOMES: dict[str, dict[str, Any]] = {
    "requires_payment_method": {},
    "requires_confirmation": {},
    "requires_action": {},
    "requires_capture": {},
    "processing": {"processing": True},
    "canceled": {"ended": "canceled"},
    "succeeded": {"paid": True},
}


def test_every_status_of_an_intent_has_a_meaning() -> None:
    assert statuses_of(stripe.PaymentIntent) == INTENT_OUTCOMES.keys()


@pytest.mark.parametrize("status", INTENT_OUTCOMES)
def test_an_intent_is_paid_only_when_it_succeeded(status: str) -> None:
    assert outcome(facts.of_payment_intent(intent(status=status))) == INTENT_OUTCOMES[status]


@pytest.mark.parametrize(
    ("method", "is_late"), [("sepa_debit", True), ("card", None), ("link", None)]
)
def test_a_bank_says_no_late_and_a_card_may_be_tried_again(
    method: str, is_late: bool | None
) -> None:
    error = {"type": "card_error", "code": "card_declined", "payment_method": {"type": method}}
    learnt = facts.of_payment_intent(intent(last_payment_error=error))
    assert learnt["declined"] is True
    assert learnt.get("late_refusal") is is_late
    assert outcome(learnt) == {}
    assert learnt["error"]["code"]


def test_a_session_that_is_open_goes_on_after_a_banks_refusal() -> None:
    error = {"type": "card_error", "code": None, "payment_method": {"type": "us_bank_account"}}
    refused = intent(last_payment_error=error)
    assert outcome(facts.of_checkout_session(session(payment_intent=refused))) == {}


@pytest.mark.parametrize("action", sorted(WAITING_ACTIONS))
def test_what_takes_the_buyer_days_waits_for_him(action: str) -> None:
    """Otherwise it would be ended after a day, with the voucher still in his hand."""
    asked = intent(status="requires_action", next_action={"type": action}, created=1_800_000_000)
    learnt = facts.of_payment_intent(asked)
    assert outcome(learnt) == {}
    assert learnt["expires_at"] == "2027-01-29T08:00:00+00:00"


def test_what_is_waited_for_are_stripes_words() -> None:
    fields = set(stripe.PaymentIntent.NextAction.__annotations__)
    assert fields > WAITING_ACTIONS


def test_the_methods_that_answer_late_are_stripes() -> None:
    assert statuses_of(stripe.PaymentMethod, "type") > DELAYED_METHODS


SESSION_OUTCOMES: dict[tuple[str, str], dict[str, Any]] = {
    ("open", "unpaid"): {},
    ("open", "no_payment_required"): {},  # a discount of 100 %, and nobody has confirmed yet
    ("complete", "unpaid"): {"processing": True},
    ("complete", "paid"): {"paid": True},
    ("complete", "no_payment_required"): {"paid": True},
    ("expired", "unpaid"): {"ended": "expired"},
    ("expired", "no_payment_required"): {"ended": "expired"},
}


def test_every_state_of_a_session_has_a_meaning() -> None:
    resource = stripe.checkout.Session
    assert {status for status, _ in SESSION_OUTCOMES} == statuses_of(resource)
    assert {paid for _, paid in SESSION_OUTCOMES} == statuses_of(resource, "payment_status")


@pytest.mark.parametrize(("status", "payment_status"), SESSION_OUTCOMES)
def test_complete_is_not_paid(status: str, payment_status: str) -> None:
    learnt = facts.of_checkout_session(session(status=status, payment_status=payment_status))
    assert outcome(learnt) == SESSION_OUTCOMES[status, payment_status]


def test_a_session_names_its_payment_and_what_it_costs() -> None:
    paid = session(status="complete", payment_status="paid", payment_intent="pi_1", url=None)
    assert facts.of_checkout_session(paid) == {
        "payment_id": PAYMENT_ID,
        "checkout_session_id": "cs_test_1",
        "payment_intent_id": "pi_1",
        "customer_id": "cus_1",
        "expires_at": "2027-01-15T08:00:00+00:00",
        "paid": True,
        "amount": 499,
        "currency": "usd",
    }


def test_an_expanded_session_says_all_that_is_known() -> None:
    refund = {"id": "re_1", "amount": 100, "currency": "usd", "status": "succeeded"}
    charge = PAID["latest_charge"] | {"refunds": {"object": "list", "data": [refund]}}
    expanded = PAID | {"latest_charge": charge, "customer": {"id": "cus_1"}}
    learnt = facts.of_checkout_session(
        session(status="complete", payment_status="paid", payment_intent=expanded)
    )
    assert learnt["payment_intent_id"] == "pi_1"
    assert learnt["receipt_url"] == "https://r.example/1"
    assert learnt["paid_at"] == "2023-11-14T22:13:20+00:00"
    assert learnt["refunds"] == [refund | {"reason": None}]


@pytest.mark.parametrize("status", ["requires_payment_method", "canceled"])
def test_a_complete_session_whose_intent_came_to_nothing_has_failed(status: str) -> None:
    """The webhook about it may be lost; whoever asks must learn it too."""
    learnt = facts.of_checkout_session(
        session(status="complete", payment_intent=intent(status=status))
    )
    assert outcome(learnt)["ended"] == "failed"
    assert "not been charged" in learnt["error"]["message"]


def test_a_subscription_in_a_session_is_as_old_as_the_question() -> None:
    """What an event told while Stripe was answering is newer."""
    item = {"price": {"id": "price_1"}, "current_period_end": 1_800_000_000}
    subscription = {
        "object": "subscription",
        "id": "sub_1",
        "customer": "cus_1",
        "status": "active",
        "cancel_at_period_end": False,
        "items": {"data": [item]},
        "created": 1_790_000_000,
    }
    told = session(mode="subscription", status="complete", subscription=subscription)
    learnt = facts.of_checkout_session(told, asked_at=1_800_000_000)
    assert learnt["subscription"]["learnt_at"] == "2027-01-15T08:00:00+00:00"


def test_a_failed_bank_payment_has_ended() -> None:
    learnt = facts.of_failed_checkout_session(session(status="complete", payment_intent="pi_1"))
    assert learnt["ended"] == "failed"


def test_the_amount_of_an_intent_is_what_was_received() -> None:
    assert facts.of_payment_intent(PAID | {"amount_received": 498})["amount"] == 498


def test_a_decline_keeps_its_reason_and_leaves_the_payment_open() -> None:
    learnt = facts.of_payment_intent(intent(last_payment_error=CARD_ERROR))
    assert learnt["error"] == {name: CARD_ERROR[name] for name in CARD_ERROR if name != "type"}
    assert outcome(learnt) == {}


def test_a_message_for_developers_is_not_shown_to_buyers() -> None:
    error = {"type": "api_error", "message": "No such table in shard 7", "code": "lock_timeout"}
    learnt = facts.of_payment_intent(intent(last_payment_error=error))
    assert learnt["error"]["message"] is None


@pytest.mark.parametrize(
    "metadata",
    [None, {}, {"payment_id": "1"}, {"payment_id": ""}, {"payment_id": "' or 1=1"}],
)
def test_metadata_without_a_payment_names_none(metadata: Any) -> None:
    assert "payment_id" not in facts.of_payment_intent(intent(metadata=metadata))


@pytest.mark.parametrize(
    "status", ["pending", "requires_action", "succeeded", "failed", "canceled"]
)
def test_a_refund_is_a_fact_about_its_intent(status: str) -> None:
    refund = {
        "id": "re_1",
        "object": "refund",
        "amount": 100,
        "currency": "usd",
        "status": status,
        "payment_intent": "pi_1",
        "charge": "ch_1",
    }
    assert facts.of_refund(refund) == {
        "payment_intent_id": "pi_1",
        "refunds": [
            {"id": "re_1", "amount": 100, "currency": "usd", "status": status, "reason": None}
        ],
    }


def test_a_dispute_is_a_fact_about_its_intent() -> None:
    dispute = {
        "id": "du_1",
        "amount": 499,
        "currency": "usd",
        "status": "needs_response",
        "reason": "fraudulent",
        "payment_intent": {"id": "pi_1"},
        "evidence_details": {"due_by": 1_700_000_000},
    }
    kept = {name: dispute[name] for name in ("id", "amount", "currency", "status", "reason")}
    assert facts.of_dispute(dispute) == {
        "payment_intent_id": "pi_1",
        "disputes": [kept | {"due_by": "2023-11-14T22:13:20+00:00"}],
    }


@pytest.mark.parametrize(
    ("amounts", "status"),
    [([], "prevented"), ([-499], "lost"), ([-499, 499], "won")],
    ids=["nothing moved", "paid back", "withdrawn, and put back"],
)
def test_a_dispute_that_was_prevented_by_paying_the_buyer_back_is_lost(
    amounts: list[int], status: str
) -> None:
    dispute = {
        "id": "du_1", "amount": 499, "currency": "usd", "status": "prevented", "reason": "fraudulent",
        "payment_intent": "pi_1", "balance_transactions": [{"amount": amount} for amount in amounts],
    }  # fmt: skip
    [told] = facts.of_dispute(dispute)["disputes"]
    assert told["status"] == status


def test_the_reference_in_a_payment_links_address_is_nobodys_word() -> None:
    link = session(status="complete", payment_status="paid") | {
        "metadata": {}, "client_reference_id": "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10",
    }  # fmt: skip
    assert "payment_id" not in facts.of_checkout_session(link)
