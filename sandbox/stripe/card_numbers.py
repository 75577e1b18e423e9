"""A card as its owner typed it, into Stripe's own form. https://docs.stripe.com/testing#invalid-data"""

from datetime import UTC, datetime

from . import cards, clock, declines
from .cards import Card
from .declines import Decline
from .errors import CardError
from .params import Params

NUMBER_LENGTHS = range(13, 20)


def read(card: Params) -> Card:
    """Raises CardError as Stripe words it."""
    number = card.get("number", "").replace(" ", "")
    if not number.isdecimal() or len(number) not in NUMBER_LENGTHS:
        raise CardError("Your card number is invalid.", code="invalid_number", param="number")
    if not passes_luhn(number):
        raise _refusal(declines.INCORRECT_NUMBER, "number")
    if not cards.is_known(number):
        raise _refusal(declines.REAL_CARD, "number")
    month, year = card.get("exp_month", 0), card.get("exp_year", 0)
    year = year if year > 99 else 2000 + year
    if not 1 <= month <= 12:
        message = "Your card's expiration month is invalid."
        raise CardError(message, code="invalid_expiry_month", param="exp_month")
    if (year, month) < this_month():
        message = "Your card's expiration year is invalid."
        raise CardError(message, code="invalid_expiry_year", param="exp_year")
    cvc = card.get("cvc", "")
    if cvc and (not cvc.isdecimal() or len(cvc) not in (3, 4)):
        message = "Your card's security code is invalid."
        raise CardError(message, code="invalid_cvc", param="cvc")
    return Card(number, month, year)


def passes_luhn(number: str) -> bool:
    """The check digit of every card number: https://en.wikipedia.org/wiki/Luhn_algorithm"""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def this_month() -> tuple[int, int]:
    today = datetime.fromtimestamp(clock.now(), UTC)
    return today.year, today.month


def _refusal(decline: Decline, param: str) -> CardError:
    more = {"decline_code": decline.decline_code} if decline.decline_code else {}
    return CardError(decline.message, code=decline.code, param=param, **more)
