"""What Stripe's objects say, as the facts that SQL merges (sql/…_settlement.sql and later files).

Pure functions over plain dicts, one per kind of object. An object always says how things are now,
so its facts may be merged again and in any order. None: the object is none of this shop's concern.
Shapes: Stripe's API reference for the SDK's pinned version.
"""

from backend.services.facts.billing import (
    of_invoice,
    of_refused_invoice,
    of_subscription,
    of_waiting_invoice,
)
from backend.services.facts.cards import (
    of_customer,
    of_deleted_customer,
    of_payment_method,
    of_payment_methods,
)
from backend.services.facts.common import UNREADABLE, Facts, StripeObject, time_of
from backend.services.facts.payments import (
    of_charge,
    of_checkout_session,
    of_dispute,
    of_failed_checkout_session,
    of_payment_intent,
    of_refund,
)

__all__ = [
    "UNREADABLE", "Facts", "StripeObject", "of_charge", "of_checkout_session", "of_customer",
    "of_deleted_customer", "of_dispute", "of_failed_checkout_session", "of_invoice",
    "of_payment_intent", "of_payment_method", "of_payment_methods", "of_refund",
    "of_refused_invoice", "of_subscription", "of_waiting_invoice", "time_of",
]  # fmt: skip
