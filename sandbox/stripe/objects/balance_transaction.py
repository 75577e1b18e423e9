from .. import clock
from ..ids import new_id
from ..store import Object

REPORTING_CATEGORY = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "adjustment": "dispute",
}
AVAILABLE_AFTER_SECONDS = 2 * 24 * 60 * 60


def new_balance_transaction(
    kind: str,
    source: Object,
    amount: int,
    fee: int = 0,
    *,
    reporting_category: str | None = None,
    description: str | None = None,
) -> Object:
    """Money that comes (`amount` > 0) or goes (< 0), in minor units, because of `source`."""
    fees = [
        {
            "amount": fee,
            "application": None,
            "currency": source["currency"],
            "description": "Stripe processing fees" if kind != "adjustment" else "Dispute fee",
            "type": "stripe_fee",
        }
    ]
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": clock.now() + AVAILABLE_AFTER_SECONDS,
        "balance_type": "payments",
        "created": clock.now(),
        "currency": source["currency"],
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees if fee else [],
        "net": amount - fee,
        "reporting_category": reporting_category or REPORTING_CATEGORY[kind],
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }
