"""What is kept of an event: nothing that tells of a card or its holder more than the shop shows."""

from typing import Any

# Names, addresses, phone numbers, what a charge knows of its card, what was sent in to win a
# dispute, what any of them was before, and client secrets, wherever they stand.
DROPPED = frozenset({
    "appeal", "billing_details", "client_secret", "collected_information", "customer_address",
    "customer_details", "customer_name", "customer_phone", "customer_shipping", "customer_tax_ids",
    "evidence", "fingerprint", "individual_name", "payment_method_details", "previous_attributes",
    "shipping", "shipping_details",
})  # fmt: skip
DROPPED_OF_CUSTOMER = frozenset({"address", "name", "phone"})
KEPT_OF_CARD = ("brand", "last4", "exp_month", "exp_year")


def kept(value: Any, name: str = "") -> Any:
    """The JSON value without what is not ours to keep; of a `card`, what a person knows it by."""
    if isinstance(value, list):
        return [kept(item) for item in value]
    if not isinstance(value, dict):
        return value
    if name == "card":
        return {field: value[field] for field in KEPT_OF_CARD if field in value}
    dropped = DROPPED | DROPPED_OF_CUSTOMER if value.get("object") == "customer" else DROPPED
    return {field: kept(inner, field) for field, inner in value.items() if field not in dropped}
