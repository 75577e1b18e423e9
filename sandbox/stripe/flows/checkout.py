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
from . import checkout_orders, payments, saved_cards

EXPIRE = "expire session"


def pay(
    tx: Transaction, session: Object, method: Object, details: Object, *, save: bool = False
) -> Object:
    """The buyer presses Pay, with a new method or a saved one. `save` keeps a new one for the next
    time. Returns the intent, whose status tells what comes next."""
    _require_open(session)
    tx.change(session, customer_details=details)
    intent = _intent_of(tx, session)
    if save and intent["customer"] and not intent["setup_future_usage"]:
        tx.change(intent, setup_future_usage="on_session")
        method["allow_redisplay"] = "always"
    if tx.get("payment_method", method["id"]) is None:
        tx.add(method)
    return _follow(tx, session, payments.attempt(tx, intent, method))


def accept(tx: Transaction, session: Object, method: Object | None, details: Object) -> None:
    """The buyer confirms what costs nothing today; a subscription wants a card nevertheless.
    Raises CardError when that can't be saved."""
    _require_open(session)
    tx.change(session, customer_details=details)
    if method:
        saved_cards.require_savable(method)
        if tx.get("payment_method", method["id"]) is None:
            tx.add(method)
    checkout_orders.fulfil(tx, session, None, method["id"] if method else None)
    _complete(tx, session, "no_payment_required")


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
        checkout_orders.give_invoice(tx, session, intent)
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
    intent = tx.get("payment_intent", session["_intent"] or "")
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
    if session["status"] == "open" and session["_ends_at"] <= clock.now():
        expire(tx, session)


def of_intent(tx: Transaction, intent_id: str) -> Object | None:
    sessions = tx.select("checkout.session", {"_intent": intent_id}, limit=1)
    return sessions[0] if sessions else None


def _follow(tx: Transaction, session: Object, intent: Object) -> Object:
    if intent["status"] in ("succeeded", "processing"):
        checkout_orders.fulfil(tx, session, intent, intent["payment_method"])
        _complete(tx, session, "paid" if intent["status"] == "succeeded" else "unpaid")
    elif intent["last_payment_error"]:
        tx.change(session, _last_error=intent["last_payment_error"])
    return intent


def _complete(tx: Transaction, session: Object, payment_status: str) -> None:
    timers.stop(tx, session["id"], EXPIRE)
    tx.change(session, status="complete", payment_status=payment_status, url=None, _last_error=None)
    emit(tx, "checkout.session.completed", session)


def _intent_of(tx: Transaction, session: Object) -> Object:
    """The session's intent, made now if this is the first try. A subscription's stays hidden behind
    its invoice, and keeps the card for the renewals."""
    existing = tx.get("payment_intent", session["_intent"] or "")
    if existing:
        tx.change(existing, amount=session["amount_total"])
        return existing
    is_subscription = session["mode"] == "subscription"
    customer = checkout_orders.customer_of(tx, session)
    data = session["_intent_data"]
    intent = tx.add(
        new_payment_intent(
            amount=session["amount_total"],
            currency=session["currency"],
            customer=customer["id"] if customer else None,
            payment_method_types=session["payment_method_types"],
            metadata=data.get("metadata", {}),
            description="Subscription creation" if is_subscription else data.get("description"),
            receipt_email=data.get("receipt_email"),
            statement_descriptor=data.get("statement_descriptor"),
            statement_descriptor_suffix=data.get("statement_descriptor_suffix"),
            setup_future_usage=(
                "off_session" if is_subscription else data.get("setup_future_usage")
            ),
        )
    )
    tx.change(session, _intent=intent["id"])
    if not is_subscription:
        tx.change(session, payment_intent=intent["id"])
    emit(tx, "payment_intent.created", intent)
    return intent


def _require_open(session: Object) -> None:
    if session["status"] != "open":
        raise InvalidRequest(f"This Checkout Session is {session['status']}.")
