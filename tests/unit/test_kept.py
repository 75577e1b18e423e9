"""Of a card and its holder, what the shop does not show is not kept either."""

import json

import pytest

from backend.services.kept import kept

CARD = {
    "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034, "fingerprint": "Xt5E",
    "iin": "424242", "issuer": "A bank", "checks": {"cvc_check": "pass"},
}  # fmt: skip


def test_a_card_is_known_by_four_things_wherever_it_stands() -> None:
    event = {"data": {"object": {"id": "pm_1", "type": "card", "card": CARD}}}
    card = {name: CARD[name] for name in ("brand", "last4", "exp_month", "exp_year")}
    assert kept(event) == {"data": {"object": {"id": "pm_1", "type": "card", "card": card}}}


def test_the_holder_and_his_address_are_dropped() -> None:
    holder = {"name": "Ada", "address": {"line1": "1 Main Street"}}
    charge = {"id": "ch_1", "billing_details": holder, "payment_method_details": {"card": CARD}}
    session = {"id": "cs_1", "customer_details": holder, "charges": [charge]}
    assert kept(session) == {"id": "cs_1", "charges": [{"id": "ch_1"}]}
    assert "Main Street" not in json.dumps(kept([session, {"shipping": holder}]))


def test_of_a_customer_stay_his_id_and_what_he_was_asked_for() -> None:
    told = {"id": "cus_1", "object": "customer", "email": "ada@example.com", "metadata": {}}
    private = {"name": "Ada", "phone": "+1", "address": {"line1": "1 Main Street"}}
    event = {"data": {"object": told | private, "previous_attributes": private}}
    assert kept(event) == {"data": {"object": told}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("evidence", {"customer_email_address": "ada@example.com", "uncategorized_text": "Ada"}),
        ("appeal", {"explanation": "Ada was here"}),
        ("individual_name", "Ada"),
        ("customer_tax_ids", [{"type": "eu_vat", "value": "DE123456789"}]),
        ("client_secret", "pi_1_secret_x"),
    ],
)
def test_what_names_somebody_or_opens_a_payment_is_dropped(name: str, value: object) -> None:
    event = {"data": {"object": {"id": "x", "amount": 499, name: value}}}
    assert kept(event) == {"data": {"object": {"id": "x", "amount": 499}}}


def test_a_bank_account_keeps_no_fingerprint_either() -> None:
    account = {"us_bank_account": {"last4": "6789", "fingerprint": "Xt5E"}}
    assert kept(account) == {"us_bank_account": {"last4": "6789"}}


def test_everything_else_stays_as_it_was() -> None:
    event = {
        "id": "evt_1",
        "data": {"object": {"amount": 499, "card": "card_1", "lines": [1, None]}},
    }
    assert kept(event) == event
