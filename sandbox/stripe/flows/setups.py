"""One setup intent through its states. https://docs.stripe.com/payments/setupintents/lifecycle"""

from .. import declines
from ..declines import Decline
from ..errors import CardError, InvalidRequest
from ..events import emit
from ..objects.next_action import authentication
from ..store import Object, Transaction, public
from . import failures, saved_cards

CANCELABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
AUTHENTICATION_FAILURE = Decline(
    "setup_intent_authentication_failure", failures.NOT_AUTHENTICATED, advice_code=None
)


def attempt(tx: Transaction, intent: Object, method: Object) -> Object:
    """Tries to save `method`; the intent's new status tells how it went. Returns the intent."""
    tx.change(intent, payment_method=method["id"], last_setup_error=None)
    card = saved_cards.card_of(method)
    asks = card.asks_for_3d_secure()
    decline = declines.take_ordered() or (None if asks else card.decline_when_saved)
    if decline:
        return _fail(tx, intent, method, decline)
    if not asks:
        return _succeed(tx, intent, method)
    next_action = authentication(intent, tx.settings.api_base)
    tx.change(intent, status="requires_action", next_action=next_action)
    emit(tx, "setup_intent.requires_action", intent)
    return intent


def authenticate(tx: Transaction, intent: Object, *, succeeded: bool) -> Object:
    """The buyer's answer to 3D Secure."""
    method = tx.get("payment_method", intent["payment_method"])
    if intent["status"] != "requires_action" or method is None:
        raise InvalidRequest("This setup is not waiting for authentication.")
    if not succeeded:
        return _fail(tx, intent, method, AUTHENTICATION_FAILURE)
    decline = saved_cards.card_of(method).decline_when_saved
    if decline:
        return _fail(tx, intent, method, decline)
    if intent["usage"] == "off_session":
        tx.change(method, _is_set_up=True)
    return _succeed(tx, intent, method)


def cancel(tx: Transaction, intent: Object, reason: str | None) -> Object:
    if intent["status"] not in CANCELABLE:
        raise unexpected_state(intent, "cancel")
    tx.change(intent, status="canceled", cancellation_reason=reason, next_action=None)
    emit(tx, "setup_intent.canceled", intent)
    return intent


def error_of(intent: Object) -> CardError:
    """What the API answers when an attempt failed."""
    return failures.answered(intent["last_setup_error"], setup_intent=public(intent))


def unexpected_state(intent: Object, verb: str) -> InvalidRequest:
    return InvalidRequest(
        f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}.",
        code="setup_intent_unexpected_state",
        setup_intent=public(intent),
    )


def _succeed(tx: Transaction, intent: Object, method: Object) -> Object:
    if intent["customer"]:
        saved_cards.attach(tx, method, intent["customer"])
    tx.change(intent, status="succeeded", next_action=None)
    emit(tx, "setup_intent.succeeded", intent)
    return intent


def _fail(tx: Transaction, intent: Object, method: Object, decline: Decline) -> Object:
    error = failures.described(decline, method)
    if decline is not AUTHENTICATION_FAILURE:
        error["type"] = "card_error"
    tx.change(
        intent,
        status="requires_payment_method",
        last_setup_error=error,
        payment_method=None,
        next_action=None,
    )
    emit(tx, "setup_intent.setup_failed", intent)
    return intent
