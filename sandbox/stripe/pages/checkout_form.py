"""What the buyer sent from the checkout page: how he pays, and where he lives."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..objects.checkout_session import customer_details
from ..objects.customer import address as new_address
from ..objects.payment_method import new_bank_method, new_card_method
from ..store import Object
from . import card_form

COUNTRIES = {
    "US": "United States",
    "GB": "United Kingdom",
    "DE": "Germany",
    "FR": "France",
    "ES": "Spain",
    "IT": "Italy",
    "NL": "Netherlands",
    "CH": "Switzerland",
    "CN": "中国",
    "HK": "Hong Kong",
    "TW": "台灣",
    "JP": "日本",
    "KR": "Korea",
    "SG": "Singapore",
    "IN": "India",
    "KW": "Kuwait",
    "AU": "Australia",
    "CA": "Canada",
    "BR": "Brazil",
}


@dataclass(frozen=True)
class Form:
    """`method` is None where nothing has to be paid. `errors` name texts of `texts.py`."""

    details: Object
    method: Object | None
    save: bool
    errors: dict[str, str]


def read(
    fields: Mapping[str, str],
    offered: list[str],
    saved: list[Object],
    *,
    needs_method: bool,
    needs_address: bool,
) -> Form:
    """`saved` are the methods that the page offers beside new ones."""
    chosen = next((method for method in saved if method["id"] == fields.get("method")), None)
    typed = card_form.read(fields, offered)
    errors = dict(typed.errors)
    if chosen or not needs_method:
        errors = {name: error for name, error in errors.items() if name == "email"}
    address = read_address(fields) if needs_address else None
    if needs_address and address is None:
        errors["country"] = "required"
    if address and not address["postal_code"]:
        errors["postal_code"] = "required"
    method = chosen
    if needs_method and not chosen and not errors:
        method = _new_method(typed)
    name = chosen["billing_details"]["name"] if chosen else typed.name or None
    details = customer_details(typed.email, name, address)
    return Form(details, method, fields.get("save") == "yes", errors)


def read_address(fields: Mapping[str, str]) -> Object | None:
    """None where the country is missing; tax needs no more than that."""
    country = fields.get("country", "").upper()
    if country not in COUNTRIES:
        return None
    return new_address({"country": country, "postal_code": fields.get("postal_code") or None})


def _new_method(typed: card_form.Form) -> Object:
    if typed.card:
        return new_card_method(typed.card, typed.email, typed.name)
    return new_bank_method(typed.email, typed.name, will_succeed=typed.bank_succeeds)
