"""A checkout session from open to complete or expired.

As at Stripe, the intent is made when the buyer first confirms, a decline leaves the session open
for another try, and `complete` does not mean paid: a bank transfer is still on its way then.
https://docs.stripe.com/payments/checkout/how-checkout-works
"""

from .. import clock, timers
from ..errors import InvalidRequest
from ..events import emit
from ..objects.payment_intent import new_payment_intent
from ..store import Object, Transaction
from . import payments

EXPIRE = "expire session"


def pay(tx: Transaction, session: Object, method: Object, details: Object) -> Object:
    """The buyer presses Pay. Returns the intent, whose status tells what comes next."""
    _require_open(session)
    intent = _intent_of(tx, session)
    tx.add(method)
    tx.change(session, customer_details=details)
    return _follow(tx, session, payments.attempt(tx, intent, method))


def authenticate(tx: Transaction, session: Object, *, succeeded: bool) -> Object:
    """The buyer answers 3D Secure. Returns the intent."""
    _require_open(session)
    intent = _intent_of(tx, session)
    return _follow(tx, session, payments.authenticate(tx, intent, succeeded=succeeded))


def settle(tx: Transaction, intent_id: str, *, succeeded: bool | None = None) -> None:
    """The bank transfer behind a session (or a bare intent) ends, as its buyer chose or as told."""
    intent = tx.get("payment_intent", intent_id)
    if intent is None or intent["status"] != "processing":
        return
    if succeeded is None:
        method = tx.get("payment_method", intent["payment_method"]) or {}
        succeeded = method.get("_will_succeed", True)
    payments.settle(tx, intent, succeeded=succeeded)
    session = of_intent(tx, intent_id)
    if session is None:
        return
    if succeeded:
        tx.change(session, payment_status="paid")
    outcome = "succeeded" if succeeded else "failed"
    emit(tx, f"checkout.session.async_payment_{outcome}", session)


def expire(tx: Transaction, session: Object) -> Object:
    """By itself when its time is over, or because the shop asks. Its intent is canceled with it."""
    if session["status"] != "open":
        raise InvalidRequest(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`."
        )
    timers.stop(tx, session["id"], EXPIRE)
    tx.change(session, status="expired", url=None)
    if session["payment_intent"]:
        intent = tx.get("payment_intent", session["payment_intent"])
        if intent and intent["status"] in payments.CANCELABLE:
            payments.cancel(tx, intent, "expired")
    emit(tx, "checkout.session.expired", session)
    return session


def expire_due(tx: Transaction, session_id: str) -> None:
    """The timer's verb."""
    session = tx.get("checkout.session", session_id)
    if session:
        expire_if_over(tx, session)


def expire_if_over(tx: Transaction, session: Object) -> None:
    if session["status"] == "open" and session["expires_at"] <= clock.now():
        expire(tx, session)


def of_intent(tx: Transaction, intent_id: str) -> Object | None:
    sessions = tx.select("checkout.session", {"payment_intent": intent_id}, limit=1)
    return sessions[0] if sessions else None


def _follow(tx: Transaction, session: Object, intent: Object) -> Object:
    if intent["status"] in ("succeeded", "processing"):
        timers.stop(tx, session["id"], EXPIRE)
        tx.change(
            session,
            status="complete",
            payment_status="paid" if intent["status"] == "succeeded" else "unpaid",
            url=None,
            _last_error=None,
        )
        emit(tx, "checkout.session.completed", session)
    elif intent["last_payment_error"]:
        tx.change(session, _last_error=intent["last_payment_error"])
    return intent


def _intent_of(tx: Transaction, session: Object) -> Object:
    """The session's intent, made now if this is the first try."""
    existing = tx.get("payment_intent", session["payment_intent"] or "")
    if existing:
        return existing
    data = session["_intent_data"]
    intent = tx.add(
        new_payment_intent(
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
            payment_method_types=session["payment_method_types"],
            metadata=data.get("metadata", {}),
            description=data.get("description"),
            receipt_email=data.get("receipt_email"),
            statement_descriptor=data.get("statement_descriptor"),
            statement_descriptor_suffix=data.get("statement_descriptor_suffix"),
        )
    )
    tx.change(session, payment_intent=intent["id"])
    emit(tx, "payment_intent.created", intent)
    return intent


def _require_open(session: Object) -> None:
    if session["status"] != "open":
        raise InvalidRequest(f"This Checkout Session is {session['status']}.")
