"""Amounts as people write them, and as Stripe counts them.

Source: https://docs.stripe.com/currencies#minor-units
"""

from decimal import Decimal

from backend.errors import ValidationError

ZERO_DECIMAL = frozenset((
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf",
    "xof", "xpf",
))  # fmt: skip
THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))


def decimals_of(currency: str) -> int:
    """How many digits of the currency stand behind the point."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def in_minor_units(text: str, currency: str) -> int:
    """`5.00` usd → 500, `500` jpy → 500, `1.550` kwd → 1550. Raises ValidationError."""
    digits = decimals_of(currency)
    try:
        amount = Decimal(text).scaleb(digits)
    except ArithmeticError as error:  # what decimal's errors are
        raise ValidationError.of("amount", "Write an amount like 5.00.") from error
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 < amount < 10**12:
        raise ValidationError.of(
            "amount", f"An amount in {currency} is above 0 and has at most {digits} decimals."
        )
    return int(amount)


def in_words(amount: int, currency: str) -> str:
    """500 usd → `5.00 USD`."""
    return f"{Decimal(amount).scaleb(-decimals_of(currency))} {currency.upper()}"
