"""Money on its way back to the buyer. https://docs.stripe.com/refunds"""

from .. import cards, clock, timers
from ..errors import InvalidParams, InvalidRequest
from ..events import emit
from ..money import format_amount
from ..objects.balance_transaction import new_balance_transaction
from ..objects.refund import new_refund
from ..store import Object, Transaction

RESOLVE = "resolve refund"


def create(
    tx: Transaction,
    charge: Object,
    amount: int | None = None,
    *,
    status: str | None = None,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Object:
    """Refunds `amount` (minor units; None = all that is left) of a charge.

    `status` overrules what the charge's card implies: Stripe's test cards include one whose
    refunds stay pending for a while and one whose refunds fail after they succeeded.
    """
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    _check(charge, amount, left)
    method = tx.get("payment_method", charge["payment_method"]) or {}
    number = method.get("_number")
    pends = number == cards.REFUND_PENDS or method.get("type") != "card"
    status_now = status or ("pending" if pends else "succeeded")

    refund = tx.add(
        new_refund(charge, amount, status=status_now, reason=reason, metadata=metadata or {})
    )
    kind = "refund" if charge["id"].startswith("ch_") else "payment_refund"
    entry = tx.add(new_balance_transaction(kind, refund, -amount))
    tx.change(refund, balance_transaction=entry["id"])
    emit(tx, "refund.created", refund)
    _change_refunded(tx, charge, amount, "charge.refunded")
    if status_now == "succeeded":
        _tell_reference(tx, refund)
    if status is None and (pends or number == cards.REFUND_FAILS):
        due = clock.precise() + tx.settings.async_settlement_seconds
        timers.start(tx, refund["id"], RESOLVE, due)
    return refund


def resolve(tx: Transaction, refund_id: str) -> None:
    """The timer's verb: a pending refund arrives, one to the failing test card comes back."""
    refund = tx.get("refund", refund_id)
    if refund is None:
        return
    if refund["status"] == "pending":
        succeed(tx, refund)
    elif refund["status"] == "succeeded":
        fail(tx, refund)


def succeed(tx: Transaction, refund: Object) -> Object:
    _require(refund, "pending", "requires_action")
    previous = tx.change(refund, status="succeeded", pending_reason=None)
    _tell_update(tx, refund, previous)
    return refund


def fail(tx: Transaction, refund: Object, reason: str = "expired_or_canceled_card") -> Object:
    """Also after it succeeded: the bank sends the money back. Told in three event types."""
    _require(refund, "pending", "requires_action", "succeeded")
    return _give_back(tx, refund, "failed", reason)


def cancel(tx: Transaction, refund: Object) -> Object:
    _require(refund, "pending", "requires_action")
    return _give_back(tx, refund, "canceled", "merchant_request")


def _give_back(tx: Transaction, refund: Object, status: str, reason: str) -> Object:
    timers.stop(tx, refund["id"], RESOLVE)
    entry = tx.add(new_balance_transaction("refund_failure", refund, refund["amount"]))
    previous = tx.change(
        refund,
        status=status,
        failure_reason=reason,
        failure_balance_transaction=entry["id"],
        pending_reason=None,
    )
    charge = tx.get("charge", refund["charge"]) or {}
    _change_refunded(tx, charge, -refund["amount"], None)
    if status == "failed":
        emit(tx, "refund.failed", refund)
    _tell_update(tx, refund, previous)
    return refund


def _tell_reference(tx: Transaction, refund: Object) -> None:
    """The bank's reference number is known: the usual second event of a refund."""
    destination = refund["destination_details"]
    if destination["type"] == "card":
        card = destination["card"] | {"reference": "123456789012", "reference_status": "available"}
        previous = tx.change(refund, destination_details=destination | {"card": card})
        _tell_update(tx, refund, previous)


def _tell_update(tx: Transaction, refund: Object, previous: Object) -> None:
    emit(tx, "refund.updated", refund, previous)
    emit(tx, "charge.refund.updated", refund, previous)


def _change_refunded(tx: Transaction, charge: Object, amount: int, event: str | None) -> None:
    refunded = charge["amount_refunded"] + amount
    previous = tx.change(charge, amount_refunded=refunded, refunded=refunded == charge["amount"])
    if event:
        emit(tx, event, charge, previous)


def _check(charge: Object, amount: int, left: int) -> None:
    currency = charge["currency"]
    if charge["status"] != "succeeded":
        raise InvalidRequest(
            f"Charge {charge['id']} is not refundable: its status is {charge['status']}.",
            code="charge_not_refundable",
        )
    if charge["disputed"] and not charge.get("_is_refundable_though_disputed"):
        raise InvalidRequest(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if left == 0:
        raise InvalidRequest(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if amount < 1:
        raise InvalidParams(
            "Invalid positive integer", code="parameter_invalid_integer", param="amount"
        )
    if amount > left:
        whole = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        raise InvalidRequest(
            f"Refund amount ({format_amount(amount, currency)}) is greater than {whole} "
            f"({format_amount(left, currency)})",
            param="amount",
        )


def _require(refund: Object, *statuses: str) -> None:
    if refund["status"] not in statuses:
        raise InvalidRequest(f"Refund {refund['id']} is {refund['status']} already.")
