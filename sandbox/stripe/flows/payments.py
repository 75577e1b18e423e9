"""One payment intent through its states. https://docs.stripe.com/payments/paymentintents/lifecycle"""

from .. import cards, clock, declines, timers
from ..declines import Decline
from ..errors import CardError, InvalidRequest
from ..events import emit
from ..objects.balance_transaction import new_balance_transaction
from ..objects.charge import declined_outcome, new_charge
from ..objects.next_action import authentication
from ..store import Object, Transaction, public
from . import disputes, failures, saved_cards

SETTLE = "settle bank transfer"

CANCELABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
    "processing",
)
AUTHENTICATION_FAILURE = Decline(
    "payment_intent_authentication_failure", failures.NOT_AUTHENTICATED, advice_code=None
)
BANK_REFUSAL = Decline(
    "payment_method_provider_decline",
    "The bank account has insufficient funds, so the transfer could not be made.",
    "insufficient_funds",
    advice_code=None,
)
FEE_SHARE = 0.029
FEE_FIXED = 30


def attempt(
    tx: Transaction, intent: Object, method: Object, *, off_session: bool = False
) -> Object:
    """Tries to pay with `method`; the intent's new status tells how it went. Returns the intent.

    `off_session`: the buyer is not there, so a card that wants to authenticate him is declined.
    """
    tx.change(intent, payment_method=method["id"], last_payment_error=None)
    if method["type"] != "card":
        return _start_bank_transfer(tx, intent, method)
    ordered = declines.take_ordered()
    if ordered:
        return _decline(tx, intent, method, ordered)
    is_set_up = method.get("_is_set_up", False)
    card = saved_cards.card_of(method)
    if not card.asks_for_3d_secure(off_session=off_session, is_set_up=is_set_up):
        return _charge(tx, intent, method)
    if off_session:
        return _decline(tx, intent, method, declines.AUTHENTICATION_REQUIRED)
    tx.change(
        intent, status="requires_action", next_action=authentication(intent, tx.settings.api_base)
    )
    emit(tx, "payment_intent.requires_action", intent)
    return intent


def authenticate(tx: Transaction, intent: Object, *, succeeded: bool) -> Object:
    """The buyer's answer to 3D Secure."""
    method = tx.get("payment_method", intent["payment_method"])
    if intent["status"] != "requires_action" or method is None:
        raise InvalidRequest("This payment is not waiting for authentication.")
    if succeeded:
        return _charge(tx, intent, method, authenticated=True)
    return _fail(tx, intent, method, AUTHENTICATION_FAILURE, charge=None)


def settle(tx: Transaction, intent: Object, *, succeeded: bool) -> Object:
    """The bank transfer arrives, or doesn't."""
    timers.stop(tx, intent["id"], SETTLE)
    charge = tx.get("charge", intent["latest_charge"] or "")
    method = tx.get("payment_method", intent["payment_method"] or "")
    if intent["status"] != "processing" or charge is None or method is None:
        raise InvalidRequest("This payment is not processing.")
    if not succeeded:
        _mark_failed(tx, charge, BANK_REFUSAL)
        return _fail(tx, intent, method, BANK_REFUSAL, charge=charge)
    tx.change(
        charge, status="succeeded", paid=True, captured=True, amount_captured=charge["amount"]
    )
    return _finish(tx, intent, charge)


def cancel(tx: Transaction, intent: Object, reason: str | None) -> Object:
    if intent["status"] not in CANCELABLE:
        raise InvalidRequest(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. "
            "Only a PaymentIntent with one of the following statuses may be canceled: "
            f"{', '.join(CANCELABLE)}.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    timers.stop(tx, intent["id"], SETTLE)
    tx.change(
        intent,
        status="canceled",
        canceled_at=clock.now(),
        cancellation_reason=reason,
        next_action=None,
        processing=None,
    )
    emit(tx, "payment_intent.canceled", intent)
    return intent


def error_of(intent: Object) -> CardError:
    """What the API answers when an attempt failed."""
    return failures.answered(intent["last_payment_error"], payment_intent=public(intent))


def _start_bank_transfer(tx: Transaction, intent: Object, method: Object) -> Object:
    charge = tx.add(new_charge(intent, method, "pending", tx.settings.api_base))
    tx.change(intent, status="processing", latest_charge=charge["id"], next_action=None)
    emit(tx, "charge.pending", charge)
    emit(tx, "payment_intent.processing", intent)
    timers.start(tx, intent["id"], SETTLE, clock.precise() + tx.settings.async_settlement_seconds)
    return intent


def _charge(
    tx: Transaction, intent: Object, method: Object, *, authenticated: bool = False
) -> Object:
    decline = saved_cards.card_of(method).decline
    if decline:
        return _decline(tx, intent, method, decline)
    charge = new_charge(intent, method, "succeeded", tx.settings.api_base)
    if authenticated:
        charge["payment_method_details"]["card"]["three_d_secure"] = _challenge_passed()
        if intent["setup_future_usage"] == "off_session":
            tx.change(method, _is_set_up=True)
    return _finish(tx, intent, tx.add(charge))


def _finish(tx: Transaction, intent: Object, charge: Object) -> Object:
    """The money is there. With the default `capture_method`, automatic_async, the charge learns
    its balance transaction a moment after it succeeded: a second event tells of it."""
    method = tx.get("payment_method", charge["payment_method"]) or {}
    _keep_or_use_up(tx, intent, method)
    tx.change(
        intent,
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        next_action=None,
        processing=None,
    )
    emit(tx, "charge.succeeded", charge)
    emit(tx, "payment_intent.succeeded", intent)
    fee = round(charge["amount"] * FEE_SHARE) + FEE_FIXED
    kind = "charge" if charge["id"].startswith("ch_") else "payment"
    entry = tx.add(new_balance_transaction(kind, charge, charge["amount"], fee))
    emit(tx, "charge.updated", charge, tx.change(charge, balance_transaction=entry["id"]))
    _dispute_if_card_does(tx, charge, method.get("_number"))
    return intent


def _keep_or_use_up(tx: Transaction, intent: Object, method: Object) -> None:
    """`setup_future_usage` saves the method; without it, one of no customer pays just once."""
    if method["customer"] or method.get("_is_used_up"):
        return
    if intent["customer"] and intent["setup_future_usage"]:
        saved_cards.attach(tx, method, intent["customer"])
    else:
        tx.change(method, _is_used_up=True)


def _dispute_if_card_does(tx: Transaction, charge: Object, number: str | None) -> None:
    if number == cards.DISPUTED_BY_INQUIRY:
        disputes.open_dispute(tx, charge, reason="fraudulent", is_inquiry=True)
    elif number in (cards.DISPUTED_AS_FRAUD, cards.DISPUTED_AS_NOT_RECEIVED):
        is_fraud = number == cards.DISPUTED_AS_FRAUD
        reason = "fraudulent" if is_fraud else "product_not_received"
        disputes.open_dispute(tx, charge, reason=reason)


def _decline(tx: Transaction, intent: Object, method: Object, decline: Decline) -> Object:
    charge = tx.add(new_charge(intent, method, "failed", tx.settings.api_base))
    _mark_failed(tx, charge, decline)
    return _fail(tx, intent, method, decline, charge=charge)


def _mark_failed(tx: Transaction, charge: Object, decline: Decline) -> None:
    tx.change(
        charge,
        status="failed",
        failure_code=decline.code,
        failure_message=decline.message,
        outcome=declined_outcome(decline),
    )
    emit(tx, "charge.failed", charge)


def _fail(
    tx: Transaction, intent: Object, method: Object, decline: Decline, *, charge: Object | None
) -> Object:
    error = failures.described(decline, method)
    if charge:
        error |= {"charge": charge["id"], "type": "card_error"}
    tx.change(
        intent,
        status="requires_payment_method",
        last_payment_error=error,
        latest_charge=charge["id"] if charge else intent["latest_charge"],
        payment_method=None,
        next_action=None,
        processing=None,
    )
    emit(tx, "payment_intent.payment_failed", intent)
    return intent


def _challenge_passed() -> Object:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }
