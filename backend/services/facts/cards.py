"""Customers and their cards. Of a card, no more than what is listed here is ever kept."""

from collections.abc import Iterable

from backend.services.facts.common import Facts, StripeObject, expanded, id_of, known


def of_payment_method(payment_method: StripeObject) -> Facts | None:
    """One card; None for another kind of method, which is not offered for saving."""
    card = _card(payment_method)
    return {"payment_methods": [card]} if card else None


def of_payment_methods(payment_methods: Iterable[StripeObject]) -> Facts:
    """All cards of a customer."""
    return {"payment_methods": [card for card in map(_card, payment_methods) if card]}


def of_customer(customer: StripeObject) -> Facts:
    """A customer: gone, or with the card that is his default now, itself where it is expanded."""
    settings = customer.get("invoice_settings") or {}
    card = expanded(settings.get("default_payment_method"))
    return {
        **((of_payment_method(card) if card else None) or {}),
        "customer": known(
            {
                "id": customer["id"],
                "deleted": customer.get("deleted"),
                "default_payment_method": id_of(settings.get("default_payment_method")),
            }
        ),
    }


def of_deleted_customer(customer: StripeObject) -> Facts:
    """The event's object is the customer as he was; that he is gone only its type says."""
    return {"customer": {"id": customer["id"], "deleted": True}}


def _card(payment_method: StripeObject) -> Facts | None:
    card = payment_method.get("card")
    if payment_method["type"] != "card" or card is None:
        return None
    customer_id = id_of(payment_method.get("customer"))
    return known(
        {
            "id": payment_method["id"],
            "customer_id": customer_id,
            "brand": card["brand"],
            "last4": card["last4"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "detached": None if customer_id else True,
        }
    )
