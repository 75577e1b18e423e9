"""What an account is, in plain Python: no SQL, no locks, no jobs.

The clock counts hours. What expires is gone at once here, while the database may write it off
later; so only what is effective is ever compared (see world.py).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.model.payment import Payment

NEVER = math.inf


class Refusal(Exception):
    """The code of the problem that must be answered."""


@dataclass(eq=False)
class Lot:
    remaining: int
    expires: float
    nth: int  # of two with one expiry the elder is spent first; those that never expire by id
    payment: "Payment | None" = None
    held: int = 0
    expired: int = 0
    debt_paid: int = 0
    id: str = ""  # the database's; known after the grant

    @property
    def free(self) -> int:
        return self.remaining - self.held


@dataclass
class Hold:
    id: str
    user: int
    feature: str
    quantity: int
    amount: int
    parts: list[tuple[Lot, int]]
    expires: float
    status: str = "held"

    def status_at(self, now: float) -> str:
        """One past its time reads as expired, whoever ends it."""
        return "expired" if self.status == "held" and self.expires <= now else self.status


@dataclass
class Account:
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    granted: int = 0
    spent: int = 0
    carried: int = 0  # given back in money by a smaller plan; the next invoices grant less
    banned: bool = False
    low_balance_threshold: int = 50

    @property
    def balance(self) -> int:
        return sum(lot.remaining for lot in self.lots) - self.debt

    @property
    def held(self) -> int:
        return sum(lot.held for lot in self.lots)

    @property
    def available(self) -> int:
        return self.balance - self.held

    def earliest_first(self) -> list[Lot]:
        open_lots = (lot for lot in self.lots if lot.remaining)
        return sorted(open_lots, key=lambda lot: (lot.expires, lot.nth, lot.id))

    def expire(self, now: float) -> None:
        for lot in self.lots:
            if lot.expires <= now:
                lot.expired += lot.free
                lot.remaining = lot.held

    def choose(self, amount: int, lots: list[Lot]) -> Iterator[tuple[Lot, int]]:
        """How much of the free credits of which lot; less in all if there is less."""
        for lot in lots:
            part = min(amount, lot.free)
            amount -= part
            if part:
                yield lot, part

    def reserve(self, amount: int) -> list[tuple[Lot, int]]:
        """The lots that an amount may come from."""
        if self.available < amount:
            raise Refusal("insufficient_credits")
        return list(self.choose(amount, self.earliest_first()))

    def grant(self, amount: int, expires: float, payment: "Payment | None" = None) -> None:
        nth = 0 if expires == NEVER else len(self.lots)
        self.lots.append(Lot(amount, expires, nth, payment))
        self.granted += amount
        self.pay_debt()

    def spend(self, amount: int) -> None:
        for lot, part in self.reserve(amount):
            lot.remaining -= part
        self.spent += amount

    def take(self, amount: int, payment: "Payment | None" = None) -> None:
        """From its own lot first, for an admin's hand from those he gave; what is missing is debt."""
        if payment:
            self.put_back_expired(amount, payment)
        own_first = sorted(self.earliest_first(), key=lambda lot: lot.payment is not payment)
        for lot, part in list(self.choose(amount, own_first)):
            lot.remaining -= part
            amount -= part
            if payment:
                payment.taken[lot] += part
        self.debt += amount

    def put_back_expired(self, amount: int, payment: "Payment") -> None:
        """What has expired of a payment is taken before anything else is."""
        [lot] = [lot for lot in self.lots if lot.payment is payment]
        part = max(0, min(lot.expired, amount - lot.free))
        lot.expired -= part
        lot.remaining += part

    def give(self, amount: int, payment: "Payment") -> None:
        """To each lot what was taken from it; the rest is owed no more, or whoever paid it has it."""
        for lot in self.latest_first():
            part = min(amount, payment.taken[lot])
            payment.taken[lot] -= part
            lot.remaining += part
            amount -= part
        forgiven = min(amount, self.debt)
        self.debt -= forgiven
        amount -= forgiven
        for lot in self.latest_first():
            part = min(amount, lot.debt_paid)
            lot.debt_paid -= part
            lot.remaining += part
            amount -= part
        self.pay_debt()

    def latest_first(self) -> list[Lot]:
        return sorted(self.lots, key=lambda lot: (-lot.expires, -lot.nth, lot.id))

    def pay_debt(self) -> None:
        for lot, part in list(self.choose(self.debt, self.earliest_first())):
            lot.remaining -= part
            lot.debt_paid += part
            self.debt -= part

    def end(self, hold: Hold, status: str, captured: int = 0) -> None:
        """Consume the first `captured` of what was reserved; the rest is free, and pays debt."""
        self.spent += captured
        for lot, part in hold.parts:
            lot.held -= part
            lot.remaining -= min(part, captured)
            captured -= min(part, captured)
        hold.status = status
        self.pay_debt()
