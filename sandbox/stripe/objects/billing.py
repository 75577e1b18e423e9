from ..store import Object
from .customer import ADDRESS_MEMBERS


def billing_details(email: str | None, name: str | None) -> Object:
    """Who pays, as a payment method and its charges say it."""
    return {
        "address": dict.fromkeys(ADDRESS_MEMBERS),
        "email": email,
        "name": name,
        "phone": None,
        "tax_id": None,
    }
