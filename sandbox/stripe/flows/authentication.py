"""3D Secure outside the checkout page: the buyer answers to his bank, whatever it asked about."""

from ..store import Object, Transaction
from . import checkout, payments, setups


def pending(tx: Transaction, intent_id: str, client_secret: str | None) -> Object | None:
    """The payment or setup intent, if this is its secret."""
    intent = tx.get("payment_intent", intent_id) or tx.get("setup_intent", intent_id)
    return intent if intent and intent["client_secret"] == client_secret else None


def answer(tx: Transaction, intent: Object, *, succeeded: bool) -> Object:
    """Raises InvalidRequest when nobody waits for it (any more). Returns the intent."""
    if intent["object"] == "setup_intent":
        return setups.authenticate(tx, intent, succeeded=succeeded)
    session = checkout.of_intent(tx, intent["id"])
    if session:
        return checkout.authenticate(tx, session, succeeded=succeeded)
    return payments.authenticate(tx, intent, succeeded=succeeded)
