"""What a number of lines costs: discounts first, then tax on what is left. Minor units throughout.

https://docs.stripe.com/billing/taxes/collect-taxes, https://docs.stripe.com/billing/subscriptions/coupons
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from . import money
from .store import Object

# The sandbox's only tax: on top of the price, unless a price says that it is included.
TAX_PERCENT = 10


@dataclass(frozen=True)
class Line:
    """`amount` may be negative: the credit of a proration, which no coupon touches."""

    amount: int
    is_discountable: bool = True
    includes_tax: bool = False


@dataclass(frozen=True)
class Sum:
    """`discounts` has one amount for each coupon; `total` is what is to be paid."""

    subtotal: int
    discounts: tuple[int, ...]
    tax: int
    total: int

    @property
    def discount(self) -> int:
        return sum(self.discounts)

    @property
    def taxable(self) -> int:
        return self.subtotal - self.discount


def of_lines(
    lines: Sequence[Line], coupons: Sequence[Object], currency: str, *, is_taxed: bool
) -> list[Sum]:
    """One sum for each line. Coupons apply one after the other."""
    left = [line.amount if line.is_discountable else 0 for line in lines]
    discounts: list[tuple[int, ...]] = [() for _ in lines]
    for coupon in coupons:
        amounts = _discounts(left, coupon, currency)
        left = [amount - off for amount, off in zip(left, amounts, strict=True)]
        discounts = [(*before, off) for before, off in zip(discounts, amounts, strict=True)]
    return [
        _with_tax(line, off, currency, is_taxed) for line, off in zip(lines, discounts, strict=True)
    ]


def rounded(amount: Decimal, currency: str) -> int:
    """To the smallest amount that can be charged: of three decimals, the last is always zero.
    https://docs.stripe.com/currencies#three-decimal"""
    step = money.smallest_step(currency)
    return int((amount / step).quantize(Decimal(1), ROUND_HALF_UP)) * step


def _with_tax(line: Line, discounts: tuple[int, ...], currency: str, is_taxed: bool) -> Sum:
    net = line.amount - sum(discounts)
    if not is_taxed:
        return Sum(line.amount, discounts, 0, net)
    if line.includes_tax:
        tax = net - rounded(Decimal(net) * 100 / (100 + TAX_PERCENT), currency)
        return Sum(line.amount, discounts, tax, net)
    tax = rounded(Decimal(net) * TAX_PERCENT / 100, currency)
    return Sum(line.amount, discounts, tax, net + tax)


def _discounts(amounts: Sequence[int], coupon: Object, currency: str) -> list[int]:
    if coupon["percent_off"] is not None:
        share = Decimal(str(coupon["percent_off"])) / 100
        return [rounded(amount * share, currency) for amount in amounts]
    if coupon["currency"] != currency:
        return [0 for _ in amounts]
    return _spread(min(coupon["amount_off"], max(0, sum(amounts))), amounts, currency)


def _spread(amount: int, over: Sequence[int], currency: str) -> list[int]:
    """In proportion; what rounding leaves goes to the largest line."""
    whole = sum(over)
    if whole <= 0:
        return [0 for _ in over]
    shares = [rounded(Decimal(amount) * part / whole, currency) for part in over]
    shares[over.index(max(over))] += amount - sum(shares)
    return shares
