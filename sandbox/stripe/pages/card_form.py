"""The checkout form: what the buyer typed, checked, and what it means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .. import cards
from ..card_numbers import NUMBER_LENGTHS, passes_luhn, this_month
from ..cards import Card

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
EXPIRATION = re.compile(r"(\d{1,2})\s*/?\s*(\d{2}|\d{4})")
CVC = re.compile(r"\d{3,4}")


@dataclass(frozen=True)
class Form:
    """`errors` names a text of `texts.py` for each field that is wrong."""

    method: str
    email: str
    name: str
    card: Card | None
    bank_succeeds: bool
    errors: dict[str, str]


def read(fields: Mapping[str, str], offered: list[str]) -> Form:
    method = fields.get("method", offered[0])
    method = method if method in offered else offered[0]
    email = fields.get("email", "").strip()
    name = fields.get("name", "").strip()
    errors = {} if EMAIL.fullmatch(email) else {"email": "email_invalid" if email else "required"}
    if method == "card" and not name:
        errors["name"] = "required"
    card = _read_card(fields, errors) if method == "card" else None
    return Form(method, email, name, card, fields.get("outcome") != "fails", errors)


def _read_card(fields: Mapping[str, str], errors: dict[str, str]) -> Card | None:
    number = re.sub(r"[\s-]", "", fields.get("number", ""))
    if not number.isdecimal() or len(number) not in NUMBER_LENGTHS:
        errors["number"] = "number_incomplete"
    elif not passes_luhn(number):
        errors["number"] = "number_invalid"
    elif not cards.is_known(number):
        errors["number"] = "incorrect_number"

    month, year = _read_expiration(fields.get("expiration", ""))
    if month == 0:
        errors["expiration"] = "expiration_incomplete"
    elif not 1 <= month <= 12:
        errors["expiration"] = "expiration_invalid"
    elif (year, month) < this_month():
        errors["expiration"] = "expiration_past"

    if not CVC.fullmatch(fields.get("cvc", "").strip()):
        errors["cvc"] = "cvc_incomplete"
    return None if errors else Card(number, month, year)


def _read_expiration(text: str) -> tuple[int, int]:
    """(month, year), or zeros."""
    match = EXPIRATION.fullmatch(text.strip())
    if not match:
        return 0, 0
    year = int(match[2])
    return int(match[1]), year if year > 99 else 2000 + year
