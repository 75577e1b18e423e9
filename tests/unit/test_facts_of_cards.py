"""What a card and a customer say, and how little of it is kept."""

from typing import Any

import pytest

from backend.services import facts

CARD: dict[str, Any] = {
    "id": "pm_1",
    "object": "payment_method",
    "type": "card",
    "customer": "cus_1",
    "billing_details": {"name": "Ada Buyer", "email": "ada@example.com", "phone": "1"},
    "card": {
        "brand": "visa",
        "last4": "4242",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": "Xt5EWLLDS7FJjR1c",
        "country": "US",
        "funding": "credit",
    },
}
KEPT = {
    "id": "pm_1", "customer_id": "cus_1", "brand": "visa", "last4": "4242", "exp_month": 12,
    "exp_year": 2034,
}  # fmt: skip
BANK = CARD | {"type": "us_bank_account", "card": None}


def test_a_card_is_what_a_person_needs_to_know_it_and_no_more() -> None:
    assert facts.of_payment_method(CARD) == {"payment_methods": [KEPT]}


def test_a_card_of_an_expanded_customer_is_the_same() -> None:
    expanded = CARD | {"customer": {"id": "cus_1", "object": "customer", "email": "x"}}
    assert facts.of_payment_method(expanded) == {"payment_methods": [KEPT]}


def test_a_card_without_a_customer_was_detached() -> None:
    said = facts.of_payment_method(CARD | {"customer": None})
    [card] = (said or {})["payment_methods"]
    assert card["detached"] is True
    assert "customer_id" not in card


def test_other_methods_are_none_of_our_concern() -> None:
    assert facts.of_payment_method(BANK) is None
    assert facts.of_payment_methods([BANK, CARD]) == {"payment_methods": [KEPT]}
    assert facts.of_payment_methods([]) == {"payment_methods": []}


@pytest.mark.parametrize("default", ["pm_1", {"id": "pm_1", "object": "payment_method", "type": "us_bank_account", "card": None}])  # fmt: skip
def test_a_customer_says_which_card_is_the_default(default: Any) -> None:
    customer = {"id": "cus_1", "invoice_settings": {"default_payment_method": default}}
    assert facts.of_customer(customer) == {
        "customer": {"id": "cus_1", "default_payment_method": "pm_1"}
    }


def test_a_default_that_is_told_whole_is_kept_with_its_customer() -> None:
    customer = {"id": "cus_1", "invoice_settings": {"default_payment_method": CARD}}
    assert facts.of_customer(customer) == {
        "payment_methods": [KEPT],
        "customer": {"id": "cus_1", "default_payment_method": "pm_1"},
    }


@pytest.mark.parametrize("settings", [None, {}, {"default_payment_method": None}])
def test_no_default_says_nothing(settings: Any) -> None:
    customer = {"id": "cus_1", "email": "ada@example.com", "invoice_settings": settings}
    assert facts.of_customer(customer) == {"customer": {"id": "cus_1"}}


def test_a_deleted_customer_is_gone_however_he_is_told() -> None:
    gone = {"customer": {"id": "cus_1", "deleted": True}}
    assert facts.of_customer({"id": "cus_1", "object": "customer", "deleted": True}) == gone
    assert facts.of_deleted_customer({"id": "cus_1", "email": "ada@example.com"}) == gone
