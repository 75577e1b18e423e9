"""Ids that look like Stripe's: a prefix that tells the kind, then letters and digits."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits

LENGTHS = {
    "cus": 14,
    "cs_test": 58,
    "evt": 24,
    "li": 24,
    "pm": 24,
    "price": 24,
    "prod": 14,
    "req": 14,
    "we": 24,
}
DEFAULT_LENGTH = 24


def new_id(prefix: str) -> str:
    return f"{prefix}_{random_text(LENGTHS.get(prefix, DEFAULT_LENGTH))}"


def random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
