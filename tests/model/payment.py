"""What a payment is, in plain Python: what was said of it, and what that makes of the account."""

from dataclasses import dataclass, field

from tests.model.account import NEVER, Account

REFUND_STATES = ("pending", "requires_action", "succeeded", "canceled", "failed")
REFUND_COUNTS = {"pending", "requires_action", "succeeded"}
DISPUTE_STATES = (
    "warning_needs_response", "warning_under_review", "warning_closed", "prevented",
    "needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review", "won",
)  # fmt: skip
CHARGEBACKS = {
    "needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review"
}  # fmt: skip


@dataclass
class Claim:
    """A refund or a dispute; its state only ever moves forward."""

    id: str
    payment: "Payment"
    amount: int
    states: tuple[str, ...]
    status: str

    def hear(self, status: str) -> None:
        if self.states.index(status) > self.states.index(self.status):
            self.status = status


@dataclass(eq=False)
class Payment:
    id: str
    intent_id: str
    account: Account
    amount: int
    credits: int
    days: int | None
    may_change: bool = False  # a promotion code may make it cheaper
    captured: int = 0
    is_linked: bool = False  # whether it is known whose intent that is
    is_paid: bool = False
    ended: str | None = None
    claims: list[Claim] = field(default_factory=list)
    granted: int = 0
    refunded: int = 0
    disputed: int = 0

    def claimed(self, counting: set[str]) -> int:
        """Minor units; a claim on an unknown intent waits."""
        return sum(c.amount for c in self.claims if c.status in counting) if self.is_linked else 0

    @property
    def status(self) -> str:
        refunded = self.claimed(REFUND_COUNTS)
        if not self.is_paid:
            return self.ended or "pending"
        if self.claimed(CHARGEBACKS):
            return "disputed"
        if refunded:
            return "refunded" if refunded >= self.captured else "partially_refunded"
        return "succeeded"

    def share(self, amount: int) -> int:
        """In credits, rounded down, of what was granted; a gift has no share."""
        if not self.captured:
            return 0
        return self.granted if amount >= self.captured else self.granted * amount // self.captured

    def settle(self, now: float) -> None:
        """Make the credits what the facts imply: give before taking."""
        account = self.account
        if self.is_paid and self.granted < self.credits:
            self.granted = self.credits
            account.grant(self.credits, now + 24 * self.days if self.days else NEVER, self)
        refunded = self.share(self.claimed(REFUND_COUNTS))
        disputed = self.share(self.claimed(REFUND_COUNTS | CHARGEBACKS)) - refunded
        for change in sorted([refunded - self.refunded, disputed - self.disputed]):
            if change < 0:
                account.give(-change, self)
            else:
                account.take(change, self)
        self.refunded, self.disputed = refunded, disputed
        account.expire(now)
