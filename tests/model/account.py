"""What an account is, in plain Python: no SQL, no locks, no jobs.

Every credit ever granted is in one place: free, spent, expired, in the debt it paid, with the hold
that reserves it, with the payment or the admin that took it back. Whatever happens only moves
credits from place to place, so none is lost and none counted twice.

The clock counts hours. What expires is gone at once here, while the database may write it off
later; so only what is effective is ever compared (see world.py).
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

NEVER = math.inf
ADMIN, FREE, SPENT, EXPIRED, PAID_DEBT = "admin", "free", "spent", "expired", "paid debt"


class Refusal(Exception):
    """The code of the problem that must be answered."""


@dataclass(eq=False)
class Hold:
    user: int
    feature: str
    quantity: int
    amount: int
    expires: float
    status: str = "held"
    id: str = ""  # the database's; known after it answered

    def status_at(self, now: float) -> str:
        """One past its time reads as expired, whoever ends it."""
        return "expired" if self.status == "held" and self.expires <= now else self.status


@dataclass(eq=False)
class Lot:
    credits: Counter[object]  # how many are in which place
    by: object  # the payment or the admin that granted it
    expires: float
    nth: int  # of two with one expiry the elder is spent first; those that never expire by id
    id: str = ""  # the database's; known after the grant

    @property
    def held(self) -> int:
        return sum(n for place, n in self.credits.items() if isinstance(place, Hold))


@dataclass
class Account:
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    carried: int = 0  # given back in money by a smaller plan; the next invoices grant less
    banned: bool = False
    low_balance_threshold: int = 50

    @property
    def available(self) -> int:
        return self.count(FREE) - self.debt

    @property
    def balance(self) -> int:
        return self.available + sum(lot.held for lot in self.lots)

    def count(self, place: object) -> int:
        return sum(lot.credits[place] for lot in self.lots)

    def earliest_first(self) -> list[Lot]:
        return sorted(self.lots, key=lambda lot: (lot.expires, lot.nth, lot.id))

    def latest_first(self) -> list[Lot]:
        return sorted(self.lots, key=lambda lot: (-lot.expires, -lot.nth, lot.id))

    def move(self, amount: int, source: object, target: object, lots: Iterable[Lot]) -> int:
        """As many as are there, lot by lot; returns how many are missing."""
        for lot in lots:
            part = min(amount, lot.credits[source])
            lot.credits[source] -= part
            lot.credits[target] += part
            amount -= part
        return amount

    def grant(self, amount: int, expires: float, by: object) -> None:
        nth = 0 if expires == NEVER else len(self.lots)
        self.lots.append(Lot(Counter({FREE: amount}), by, expires, nth))
        self.pay_debt()

    def use(self, amount: int, target: object) -> None:
        """Spend them, or reserve them with a hold."""
        if self.available < amount:
            raise Refusal("insufficient_credits")
        self.move(amount, FREE, target, self.earliest_first())

    def end(self, hold: Hold, status: str, captured: int = 0) -> None:
        """Spend the first `captured` of what was reserved; the rest is free, and pays debt."""
        self.move(captured, hold, SPENT, self.earliest_first())
        self.move(hold.amount, hold, FREE, self.lots)
        hold.status = status
        self.pay_debt()

    def take(self, amount: int, by: object) -> None:
        """From its own lots first, a payment what has expired of them too; what is missing is debt."""
        lots = self.earliest_first()
        own = [lot for lot in lots if lot.by is by]
        missing = self.move(amount, FREE, by, own)
        if by is not ADMIN:
            missing = self.move(missing, EXPIRED, by, own)
        self.debt += self.move(missing, FREE, by, lots)

    def give(self, amount: int, by: object) -> None:
        """To each lot what was taken from it; the rest is owed no more, or whoever paid it has it."""
        lots = self.latest_first()
        missing = self.move(amount, by, FREE, lots)
        forgiven = min(missing, self.debt)
        self.debt -= forgiven
        self.move(missing - forgiven, PAID_DEBT, FREE, lots)
        self.pay_debt()

    def pay_debt(self) -> None:
        self.debt = self.move(self.debt, FREE, PAID_DEBT, self.earliest_first())

    def expire(self, now: float) -> None:
        for lot in self.lots:
            if lot.expires <= now:
                self.move(lot.credits[FREE], FREE, EXPIRED, [lot])
