from .. import clock
from ..cards import Card
from ..ids import new_id
from ..store import Object
from .billing import billing_details


def new_card_method(card: Card, email: str | None, name: str | None) -> Object:
    return _new_method(
        "card",
        {
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "unchecked",
            },
            "country": "US",
            "display_brand": card.brand,
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "fingerprint": card.fingerprint,
            "funding": "credit",
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        email,
        name,
    ) | {"_number": card.number}


def new_bank_method(email: str | None, name: str | None, *, will_succeed: bool) -> Object:
    return _new_method(
        "us_bank_account",
        {
            "account_holder_type": "individual",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "financial_connections_account": None,
            "fingerprint": "SandboxBankPrint",
            "last4": "6789" if will_succeed else "1116",
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "routing_number": "110000000",
            "status_details": {},
        },
        email,
        name,
    ) | {"_will_succeed": will_succeed}


def _new_method(kind: str, details: Object, email: str | None, name: str | None) -> Object:
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": billing_details(email, name),
        kind: details,
        "created": clock.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
    }
