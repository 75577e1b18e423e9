"""A customer leaves. https://docs.stripe.com/api/customers/delete"""

from ..events import emit
from ..objects.customer import deleted
from ..store import Object, Transaction
from . import saved_cards


def delete(tx: Transaction, customer: Object) -> Object:
    """With its cards, which can never be used again. Returns what is left of it."""
    for method in saved_cards.of_customer(tx, customer["id"]):
        saved_cards.detach(tx, method)
    emit(tx, "customer.deleted", tx.get("customer", customer["id"]) or customer)
    return tx.replace(deleted(customer))
