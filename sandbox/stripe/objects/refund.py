from .. import clock
from ..ids import new_id
from ..store import Object


def new_refund(
    charge: Object,
    amount: int,
    *,
    status: str,
    reason: str | None,
    metadata: dict[str, str],
) -> Object:
    """`amount` of the charge's money on its way back, in minor units."""
    is_card = charge["payment_method_details"]["type"] == "card"
    destination: Object = {"type": "card" if is_card else "us_bank_transfer"}
    if is_card:
        destination["card"] = {
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        }
    else:
        destination["us_bank_transfer"] = {"reference": None, "reference_status": None}
    return {
        "id": new_id("re" if is_card else "pyr"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": clock.now(),
        "currency": charge["currency"],
        "destination_details": destination,
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    } | ({"pending_reason": "processing"} if status == "pending" else {})
