"""Amounts as people write them: no cent is made up, and none is lost."""

import pytest

from backend.errors import ValidationError
from backend.services.money import decimals_of, in_minor_units, in_words


@pytest.mark.parametrize(
    ("text", "currency", "minor_units"),
    [
        ("5.00", "usd", 500),
        ("5", "usd", 500),
        ("5.5", "eur", 550),
        ("0.01", "usd", 1),
        ("1234567890.12", "usd", 123456789012),
        ("500", "jpy", 500),
        ("500.0", "jpy", 500),
        ("1.550", "kwd", 1550),
        ("1.55", "kwd", 1550),
        ("0.001", "kwd", 1),
        ("19.99", "cny", 1999),
        ("1.10", "usd", 110),  # 1.1 * 100 is 110.00000000000001 in binary
    ],
)
def test_what_people_write_is_what_stripe_counts(
    text: str, currency: str, minor_units: int
) -> None:
    assert in_minor_units(text, currency) == minor_units


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "usd"),
        ("abc", "usd"),
        ("1,50", "usd"),
        ("$5", "usd"),
        ("5 USD", "usd"),
        ("0", "usd"),
        ("0.00", "usd"),
        ("-5", "usd"),
        ("0.001", "usd"),
        ("5.555", "usd"),
        ("0.5", "jpy"),
        ("1.5555", "kwd"),
        ("NaN", "usd"),
        ("sNaN", "usd"),
        ("Infinity", "usd"),
        ("-Infinity", "usd"),
        ("10000000000", "usd"),
        ("1e400", "usd"),
        ("1e999999", "usd"),
        ("1e-999999", "usd"),
        ("0x10", "usd"),
        ("5.00\n6.00", "usd"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValidationError) as refused:
        in_minor_units(text, currency)
    assert refused.value.members["errors"][0]["field"] == "amount"


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (500, "usd", "5.00 USD"),
        (1, "usd", "0.01 USD"),
        (0, "eur", "0.00 EUR"),
        (780, "jpy", "780 JPY"),
        (1550, "kwd", "1.550 KWD"),
        (10**11, "usd", "1000000000.00 USD"),
        (10**11, "jpy", "100000000000 JPY"),
    ],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(
    amount: int, currency: str, words: str
) -> None:
    assert in_words(amount, currency) == words


@pytest.mark.parametrize("currency", ["usd", "jpy", "kwd", "eur", "krw", "bhd"])
@pytest.mark.parametrize("amount", [1, 9, 10, 99, 100, 1001, 123456789])
def test_writing_and_reading_again_changes_nothing(amount: int, currency: str) -> None:
    assert in_minor_units(in_words(amount, currency).split()[0], currency) == amount


def test_currencies_have_none_two_or_three_decimals() -> None:
    assert {name: decimals_of(name) for name in ("jpy", "usd", "kwd")} == {
        "jpy": 0,
        "usd": 2,
        "kwd": 3,
    }
