"""What a customer does for himself in the billing portal.
https://docs.stripe.com/customer-management
"""

from .. import cards
from ..cards import Card
from ..errors import InvalidRequest
from ..events import emit
from ..objects.payment_method import new_card_method
from ..objects.portal import new_portal_configuration
from ..store import Object, Transaction
from . import plan_changes, saved_cards, subscriptions
from .plan_changes import Wish


def configuration(tx: Transaction) -> Object:
    """The default one, made when it is first needed."""
    found = tx.select("billing_portal.configuration", {"is_default": True}, limit=1)
    return found[0] if found else tx.add(new_portal_configuration())


def of_address(tx: Transaction, url: str) -> Object | None:
    found = tx.select("billing_portal.session", {"url": url}, limit=1)
    return found[0] if found else None


def subscriptions_of(tx: Transaction, customer_id: str) -> list[Object]:
    found = tx.select("subscription", {"customer": customer_id})
    return [
        subscription for subscription in found if subscription["status"] != "incomplete_expired"
    ]


def choices(tx: Transaction, subscription: Object) -> list[Object]:
    """The prices that he may switch to."""
    now = subscription["items"]["data"][0]["price"]
    found = tx.select(
        "price", {"active": True, "type": "recurring", "currency": subscription["currency"]}
    )
    return [price for price in found if price["id"] != now["id"]]


def cancel(tx: Transaction, subscription: Object) -> None:
    _change(tx, subscription, wanted=True)


def keep(tx: Transaction, subscription: Object) -> None:
    _change(tx, subscription, wanted=False)


def switch(tx: Transaction, subscription: Object, price_id: str) -> None:
    """The difference is invoiced at once."""
    chosen = [price for price in choices(tx, subscription) if price["id"] == price_id]
    if not chosen or subscription["status"] in subscriptions.OVER:
        raise InvalidRequest("This plan is not on offer.")
    item = subscription["items"]["data"][0]["id"]
    wish = Wish(item, chosen[0], None)
    plan_changes.change(tx, subscription, [wish], behavior="always_invoice")


def use_card(tx: Transaction, customer: Object, method: Object) -> None:
    """From now on the default of the customer, and of his subscriptions."""
    saved_cards.attach(tx, method, customer["id"])
    settings = customer["invoice_settings"] | {"default_payment_method": method["id"]}
    previous = tx.change(customer, invoice_settings=settings)
    if previous:
        emit(tx, "customer.updated", customer, previous)
    for subscription in tx.select("subscription", {"customer": customer["id"]}):
        if subscription["status"] in subscriptions.OVER:
            continue
        previous = tx.change(subscription, default_payment_method=method["id"])
        if previous:
            emit(tx, "customer.subscription.updated", subscription, previous)


def new_card(tx: Transaction, customer: Object, number: str) -> Object:
    """A card that the customer has got, by its number. Raises InvalidRequest."""
    if not cards.is_known(number):
        raise InvalidRequest("There is no such test card.", param="number")
    card = Card(number, 12, cards.this_year() + 8)
    return tx.add(new_card_method(card, customer["email"], customer["name"]))


def _change(tx: Transaction, subscription: Object, *, wanted: bool) -> None:
    if subscription["status"] in subscriptions.OVER:
        raise InvalidRequest("This subscription is over.")
    # In flexible billing mode it plans the end by its time alone.
    # https://docs.stripe.com/billing/subscriptions/billing-mode/compare
    changes = subscriptions.cancel_at_period_end(subscription, wanted=wanted)
    changes["cancel_at_period_end"] = False
    previous = tx.change(subscription, **changes)
    if previous:
        emit(tx, "customer.subscription.updated", subscription, previous)
