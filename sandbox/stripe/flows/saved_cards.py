"""A payment method's life with a customer: attached, detached, renewed by its bank.
https://docs.stripe.com/api/payment_methods
"""

from .. import declines
from ..cards import Card
from ..errors import CardError, InvalidRequest
from ..events import emit
from ..store import Object, Transaction, public

USED_UP = (
    "This PaymentMethod was previously used without being attached to a Customer or was detached "
    "from a Customer, and may not be used again."
)


def attach(tx: Transaction, method: Object, customer_id: str) -> Object:
    """Once: what was detached, or used up by a payment, stays without a customer for good."""
    if method["customer"] == customer_id:
        return method
    if method["customer"]:
        raise InvalidRequest(
            "The payment method you provided has already been attached to a customer."
        )
    require_usable(method, USED_UP)
    tx.change(method, customer=customer_id)
    emit(tx, "payment_method.attached", method)
    return method


def detach(tx: Transaction, method: Object) -> Object:
    """The customer loses it as the default, too."""
    customer_id = method["customer"]
    if not customer_id:
        raise InvalidRequest(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
    previous = tx.change(method, customer=None, _is_used_up=True)
    emit(tx, "payment_method.detached", method, previous)
    customer = tx.get("customer", customer_id) or {}
    settings = customer.get("invoice_settings") or {}
    if settings.get("default_payment_method") == method["id"]:
        previous = tx.change(customer, invoice_settings=settings | {"default_payment_method": None})
        emit(tx, "customer.updated", customer, previous)
    return method


def renew(tx: Transaction, method: Object, **details: int | str) -> Object:
    """The bank sent a new card, and the card network told Stripe: `exp_month`, `exp_year`, `last4`.
    https://docs.stripe.com/payments/cards/overview#automatic-card-updates"""
    previous = tx.change(method, card=method["card"] | details)
    emit(tx, "payment_method.automatically_updated", method, previous)
    return method


def require_usable(method: Object, message: str) -> None:
    if method.get("_is_used_up"):
        raise InvalidRequest(message, param="payment_method")


def require_savable(method: Object) -> None:
    """Raises CardError: the bank is asked before a card is attached without a payment."""
    card = card_of(method) if method["type"] == "card" else None
    decline = card and (declines.take_ordered() or card.decline_when_saved)
    if decline:
        more = {"decline_code": decline.decline_code} if decline.decline_code else {}
        raise CardError(decline.message, code=decline.code, payment_method=public(method), **more)


def of_customer(tx: Transaction, customer_id: str) -> list[Object]:
    return tx.select("payment_method", {"customer": customer_id})


def card_of(method: Object) -> Card:
    card = method["card"]
    return Card(method["_number"], card["exp_month"], card["exp_year"])
