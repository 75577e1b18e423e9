"""Money that goes back: refunds in every state, disputes opened, won and lost."""

import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import (
    REFUND_FAILS,
    SUCCEEDS,
    Standin,
    event_types,
    eventually,
)


@pytest.fixture
def charge(standin: Standin, client: stripe.StripeClient) -> stripe.Charge:
    """A paid one over 4.99 USD."""
    return paid_charge(standin, client)


def paid_charge(
    standin: Standin, client: stripe.StripeClient, number: str = SUCCEEDS, **fields: str
) -> stripe.Charge:
    session = standin.new_session(client)
    standin.pay(session.url, number, **fields)
    params = {"expand": ["payment_intent.latest_charge"]}
    return client.v1.checkout.sessions.retrieve(session.id, params).payment_intent.latest_charge


def test_partial_refunds_add_up(
    standin: Standin, client: stripe.StripeClient, charge: stripe.Charge
) -> None:
    first = client.v1.refunds.create({"charge": charge.id, "amount": 100})
    partly = client.v1.charges.retrieve(charge.id)
    assert (first.status, partly.amount_refunded, partly.refunded) == ("succeeded", 100, False)

    rest = client.v1.refunds.create(
        {"payment_intent": charge.payment_intent, "reason": "requested_by_customer"}
    )
    wholly = client.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (rest.amount, wholly.amount_refunded, wholly.refunded) == (399, 499, True)
    assert [refund.id for refund in wholly.refunds.data] == [rest.id, first.id]
    assert event_types(standin, charge.id).count("charge.refunded") == 2
    assert event_types(standin, first.id) == [
        "refund.created",
        "refund.updated",
        "charge.refund.updated",
    ]
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"charge": charge.id})
    assert raised.value.code == "charge_already_refunded"


def test_nobody_is_refunded_more_than_is_left(
    client: stripe.StripeClient, charge: stripe.Charge
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"\(\$5.00\) is greater than charge"):
        client.v1.refunds.create({"charge": charge.id, "amount": 500})
    client.v1.refunds.create({"charge": charge.id, "amount": 400})
    with pytest.raises(stripe.InvalidRequestError, match=r"greater than unrefunded amount"):
        client.v1.refunds.create({"charge": charge.id, "amount": 100})


def test_a_refund_needs_something_to_refund(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"amount": 100})
    assert raised.value.code == "parameter_missing"
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"charge": "ch_nothing"})
    assert (raised.value.code, raised.value.param) == ("resource_missing", "charge")


def test_a_refund_fails_after_it_succeeded(
    standin: Standin, client: stripe.StripeClient, charge: stripe.Charge
) -> None:
    refund = client.v1.refunds.create({"charge": charge.id})
    standin.lever(f"refunds/{refund.id}/fail")
    failed = client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 0
    assert event_types(standin, refund.id)[-3:] == [
        "refund.failed",
        "refund.updated",
        "charge.refund.updated",
    ]


def test_stripes_failing_test_card_fails_by_itself(
    standin: Standin, client: stripe.StripeClient
) -> None:
    charge = paid_charge(standin, client, REFUND_FAILS)
    refund = client.v1.refunds.create({"charge": charge.id})
    assert refund.status == "succeeded"
    eventually(lambda: client.v1.refunds.retrieve(refund.id).status == "failed")


@pytest.mark.parametrize(
    ("action", "status", "refunded"),
    [("succeed", "succeeded", 499), ("cancel", "canceled", 0), ("fail", "failed", 0)],
)
def test_a_pending_refund_ends(
    standin: Standin,
    client: stripe.StripeClient,
    charge: stripe.Charge,
    action: str,
    status: str,
    refunded: int,
) -> None:
    refund = standin.lever(f"charges/{charge.id}/refund", {"status": "pending"})
    assert (refund["status"], refund["pending_reason"]) == ("pending", "processing")
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 499
    standin.lever(f"refunds/{refund['id']}/{action}")
    assert client.v1.refunds.retrieve(refund["id"]).status == status
    assert client.v1.charges.retrieve(charge.id).amount_refunded == refunded


def test_a_bank_transfer_is_refunded_later(standin: Standin, client: stripe.StripeClient) -> None:
    charge = paid_charge(standin, client, method="us_bank_account", outcome="succeeds")
    standin.lever(f"payments/{charge.payment_intent}/settle", {"succeeded": True})
    refund = client.v1.refunds.create({"charge": charge.id})
    assert refund.status == "pending"
    eventually(lambda: client.v1.refunds.retrieve(refund.id).status == "succeeded")


@pytest.mark.parametrize(
    ("action", "status", "last_events"),
    [
        ("win", "won", ["charge.dispute.closed", "charge.dispute.funds_reinstated"]),
        ("lose", "lost", ["charge.dispute.closed"]),
    ],
)
def test_a_dispute_is_decided(
    standin: Standin,
    client: stripe.StripeClient,
    charge: stripe.Charge,
    action: str,
    status: str,
    last_events: list[str],
) -> None:
    opened = standin.lever(f"charges/{charge.id}/dispute")
    assert (opened["status"], opened["reason"]) == ("needs_response", "fraudulent")
    assert client.v1.charges.retrieve(charge.id).disputed
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"charge": charge.id})
    assert raised.value.code == "charge_disputed"

    standin.lever(f"disputes/{opened['id']}/{action}")
    decided = client.v1.disputes.retrieve(opened["id"])
    assert decided.status == status
    assert event_types(standin, opened["id"]) == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        *last_events,
    ]
    moved = sum(entry.amount for entry in decided.balance_transactions)
    assert moved == (0 if action == "win" else -499)


def test_an_inquiry_moves_no_money_until_it_escalates(
    standin: Standin, client: stripe.StripeClient, charge: stripe.Charge
) -> None:
    inquiry = standin.lever(f"charges/{charge.id}/dispute", {"is_inquiry": True})
    assert inquiry["status"] == "warning_needs_response"
    assert inquiry["balance_transactions"] == []
    standin.lever(f"disputes/{inquiry['id']}/escalate")
    escalated = client.v1.disputes.retrieve(inquiry["id"])
    assert escalated.status == "needs_response"
    assert event_types(standin, inquiry["id"]) == [
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
    ]


def test_an_inquiry_is_closed(
    standin: Standin, client: stripe.StripeClient, charge: stripe.Charge
) -> None:
    inquiry = standin.lever(f"charges/{charge.id}/dispute", {"is_inquiry": True})
    standin.lever(f"disputes/{inquiry['id']}/win")
    assert client.v1.disputes.retrieve(inquiry["id"]).status == "warning_closed"


def test_evidence_decides_as_stripes_test_texts_say(
    standin: Standin, client: stripe.StripeClient, charge: stripe.Charge
) -> None:
    opened = standin.lever(f"charges/{charge.id}/dispute")
    evidence = {"evidence": {"uncategorized_text": "winning_evidence"}}
    assert client.v1.disputes.update(opened["id"], evidence).status == "won"


def test_a_dispute_is_accepted(
    standin: Standin, client: stripe.StripeClient, charge: stripe.Charge
) -> None:
    opened = standin.lever(f"charges/{charge.id}/dispute")
    assert client.v1.disputes.close(opened["id"]).status == "lost"


def test_an_unpaid_charge_cannot_be_refunded_or_disputed(
    standin: Standin, client: stripe.StripeClient
) -> None:
    charge = paid_charge(standin, client, method="us_bank_account")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"charge": charge.id})
    answer = HTTP.post(f"{standin.base}/_sandbox/charges/{charge.id}/dispute", json={})
    assert answer.status_code == 400
