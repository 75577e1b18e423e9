"""Disputes, as the cardholder's bank opens and decides them. https://docs.stripe.com/disputes"""

from ..errors import InvalidRequest
from ..events import emit
from ..objects.balance_transaction import new_balance_transaction
from ..objects.dispute import new_dispute
from ..store import Object, Transaction

FEE = 1_500
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


def open_dispute(
    tx: Transaction,
    charge: Object,
    *,
    reason: str = "fraudulent",
    amount: int | None = None,
    is_inquiry: bool = False,
) -> Object:
    """A chargeback withdraws the money at once; an inquiry (`warning_…`) moves none yet."""
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise InvalidRequest(f"Charge {charge['id']} can't be disputed (again).")
    amount = amount or charge["amount"]
    dispute = tx.add(new_dispute(charge, amount, reason=reason, is_inquiry=is_inquiry))
    tx.change(charge, disputed=True, _is_refundable_though_disputed=is_inquiry)
    emit(tx, "charge.dispute.created", dispute)
    if not is_inquiry:
        _withdraw(tx, dispute)
    return dispute


def escalate(tx: Transaction, dispute: Object) -> Object:
    """An inquiry becomes a chargeback."""
    _require(dispute, "warning_needs_response", "warning_under_review")
    details = dispute["payment_method_details"]
    chargeback = details | {"card": details["card"] | {"case_type": "chargeback"}}
    previous = tx.change(
        dispute,
        status="needs_response",
        is_charge_refundable=False,
        payment_method_details=chargeback,
    )
    charge = tx.get("charge", dispute["charge"]) or {}
    tx.change(charge, _is_refundable_though_disputed=False)
    emit(tx, "charge.dispute.updated", dispute, previous)
    _withdraw(tx, dispute)
    return dispute


def submit_evidence(tx: Transaction, dispute: Object, evidence: Object, *, final: bool) -> Object:
    """Stripe's test evidence decides at once: `winning_evidence` or `losing_evidence`."""
    _require(dispute, "needs_response", "warning_needs_response")
    details = dispute["evidence_details"] | {"has_evidence": True}
    status = dispute["status"]
    if final:
        details |= {"submission_count": 1, "submission_method": "manual"}
        status = status.replace("needs_response", "under_review")
    previous = tx.change(
        dispute,
        evidence=dispute["evidence"] | evidence,
        evidence_details=details,
        status=status,
    )
    emit(tx, "charge.dispute.updated", dispute, previous)
    verdict = evidence.get("uncategorized_text")
    if final and verdict in ("winning_evidence", "losing_evidence"):
        return win(tx, dispute) if verdict == "winning_evidence" else lose(tx, dispute)
    return dispute


def win(tx: Transaction, dispute: Object) -> Object:
    """The bank decides for the shop: the money comes back. An inquiry is closed."""
    _require(dispute, *OPEN)
    if dispute["status"].startswith("warning"):
        return _close(tx, dispute, "warning_closed")
    _close(tx, dispute, "won")
    entry = new_balance_transaction(
        "adjustment",
        dispute,
        dispute["amount"],
        -FEE,
        reporting_category="dispute_reversal",
        description=f"Chargeback reversal for {dispute['charge']}",
    )
    _move_money(tx, dispute, entry, "charge.dispute.funds_reinstated")
    return dispute


def lose(tx: Transaction, dispute: Object) -> Object:
    """The bank decides for the buyer, or the shop accepts the dispute."""
    _require(dispute, *OPEN)
    if dispute["status"].startswith("warning"):
        raise InvalidRequest("An inquiry can't be lost; escalate it first.")
    return _close(tx, dispute, "lost")


def _withdraw(tx: Transaction, dispute: Object) -> None:
    entry = new_balance_transaction(
        "adjustment",
        dispute,
        -dispute["amount"],
        FEE,
        description=f"Chargeback withdrawal for {dispute['charge']}",
    )
    _move_money(tx, dispute, entry, "charge.dispute.funds_withdrawn")


def _move_money(tx: Transaction, dispute: Object, entry: Object, event: str) -> None:
    tx.add(entry)
    entries = [*dispute["balance_transactions"], entry]
    emit(tx, event, dispute, tx.change(dispute, balance_transactions=entries))


def _close(tx: Transaction, dispute: Object, status: str) -> Object:
    emit(tx, "charge.dispute.closed", dispute, tx.change(dispute, status=status))
    return dispute


def _require(dispute: Object, *statuses: str) -> None:
    if dispute["status"] not in statuses:
        raise InvalidRequest(f"Dispute {dispute['id']} is {dispute['status']}.")
