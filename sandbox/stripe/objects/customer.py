from .. import clock
from ..ids import new_id, random_text
from ..params import Params
from ..store import Object

ADDRESS_MEMBERS = ("city", "country", "line1", "line2", "postal_code", "state")


def new_customer(params: Params) -> Object:
    return {
        "id": new_id("cus"),
        "object": "customer",
        "address": address(params.get("address")),
        "balance": 0,
        "created": clock.now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": params.get("description"),
        "discount": None,
        "email": params.get("email"),
        "invoice_prefix": random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "next_invoice_sequence": 1,
        "phone": params.get("phone"),
        "preferred_locales": params.get("preferred_locales") or [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": params.get("test_clock"),
    }


def deleted(customer: Object) -> Object:
    """What is left to retrieve of a deleted customer."""
    return {"id": customer["id"], "object": "customer", "deleted": True}


def address(given: Params | None) -> Object | None:
    return {member: given.get(member) for member in ADDRESS_MEMBERS} if given else None
