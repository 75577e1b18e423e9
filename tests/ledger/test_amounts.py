"""What was captured must be what was ordered, unless its session explains the difference."""

from typing import Any

import pytest

from tests.ledger.books import Books, Desk
from tests.ledger.lives import AMOUNT, CREDITS, begin

SESSION = {"paid": True, "currency": "usd", "amount_subtotal": AMOUNT}
CODES, TAX = {"promotion_codes": True}, {"automatic_tax": True}


def merged(desk: Desk, user_id: str, options: dict[str, bool], **facts: Any) -> dict[str, Any]:
    """A new order with these options, after these facts."""
    return desk.facts(payment_id=begin(desk, user_id, **options).payment_id, **facts)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"promotion_codes": False},
        {"promotion_codes": False, "automatic_tax": False},
        CODES,
        TAX,
    ],
    ids=str,
)
@pytest.mark.parametrize("amount", [0, 1, AMOUNT - 1, AMOUNT + 1])
def test_another_amount_without_a_reason_is_not_credited(
    books: Books, desk: Desk, user_id: str, options: dict[str, bool], amount: int
) -> None:
    payment = merged(desk, user_id, options, **SESSION, amount=amount)
    assert (payment["status"], payment["error"]["code"]) == ("failed", "amount_mismatch")
    assert books.rows("select * from public.credit_lots") == []


@pytest.mark.parametrize(
    ("options", "reason", "amount"),
    [
        (CODES, {"amount_discount": 100}, AMOUNT - 100),
        (CODES, {"amount_discount": AMOUNT}, 0),
        (TAX, {"amount_tax": 95}, AMOUNT + 95),
        (TAX, {"amount_tax": 80}, AMOUNT),  # included in the price
        (CODES | TAX, {"amount_discount": 99, "amount_tax": 76}, AMOUNT - 99 + 76),
    ],
)
def test_a_discount_or_tax_explains_its_amount_and_changes_no_credits(
    desk: Desk, user_id: str, options: dict[str, bool], reason: dict[str, int], amount: int
) -> None:
    payment = merged(desk, user_id, options, **SESSION, amount=amount, **reason)
    assert (payment["status"], payment["amount_paid"]) == ("succeeded", amount)
    assert payment["credits"] == CREDITS


@pytest.mark.parametrize(
    "reason", [{"amount_discount": 100}, {"amount_tax": 100}, {"amount_discount": 200}]
)
def test_a_reason_that_does_not_add_up_explains_nothing(
    desk: Desk, user_id: str, reason: dict[str, int]
) -> None:
    payment = merged(desk, user_id, CODES | TAX, **SESSION, amount=AMOUNT - 150, **reason)
    assert payment["error"]["code"] == "amount_mismatch"


def test_another_price_than_the_orders_is_never_credited(desk: Desk, user_id: str) -> None:
    cheaper = SESSION | {"amount_subtotal": 100}
    payment = merged(desk, user_id, CODES, **cheaper, amount=50, amount_discount=50)
    assert payment["error"]["code"] == "amount_mismatch"


@pytest.mark.parametrize("options", [{}, CODES])
def test_another_currency_is_never_credited(
    desk: Desk, user_id: str, options: dict[str, bool]
) -> None:
    payment = merged(desk, user_id, options, **SESSION | {"currency": "jpy"}, amount=AMOUNT)
    assert payment["error"]["code"] == "amount_mismatch"
