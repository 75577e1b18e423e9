"""What 2022-11-15 changed: lists are no longer part of charges and intents by themselves.
https://docs.stripe.com/changelog#2022-11-15
"""

from ..lists import list_object
from ..store import Object, Transaction


def charge_before(tx: Transaction, charge: Object) -> Object:
    refunds = tx.select("refund", {"charge": charge["id"]})
    return charge | {"refunds": list_object(refunds, f"/v1/charges/{charge['id']}/refunds")}


def intent_before(tx: Transaction, intent: Object) -> Object:
    """With the last charge; several were rare."""
    charge = tx.get("charge", intent["latest_charge"] or "")
    found = [charge_before(tx, charge)] if charge else []
    url = f"/v1/charges?payment_intent={intent['id']}"
    return intent | {"charges": list_object(found, url)}
