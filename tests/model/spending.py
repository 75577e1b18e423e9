"""Spending and holding, with keys; and again with the same key."""

from typing import Any

from tests.ledger.books import new_key
from tests.model.account import SPENT, Account, Hold
from tests.model.state import Call, Game, agree, newest


class Spending(Game):
    def spend(self, user: int, feature: str, quantity: int) -> int:
        asked: dict[str, Any] = {"feature": feature, "quantity": quantity, "key": new_key()}
        account = self.accounts[user]
        amount = self.prices[feature] * quantity
        refusal = self.refusal(account, lambda: account.use(amount, SPENT))
        answer = self.ask(refusal, lambda: self.desk.spend(self.users[user], **asked))
        if answer:
            agree(answer["amount"], amount, "the amount of a spend")
            self.compare_answer(account, answer)
            self.spends.append(Call(user, asked, answer))
        return user

    def spend_again(self, nth: int, same: bool) -> int | None:
        if not self.spends:
            return None
        return self.ask_again(newest(self.spends, nth), same, self.desk.spend)

    def hold(self, user: int, feature: str, quantity: int, hours: int) -> int:
        asked: dict[str, Any] = {
            "feature": feature,
            "quantity": quantity,
            "ttl_seconds": 3600 * hours,
            "key": new_key(),
        }
        account = self.accounts[user]
        amount = self.prices[feature] * quantity
        hold = Hold(user, feature, quantity, amount, self.now + hours)
        refusal = self.refusal(account, lambda: account.use(amount, hold))
        answer = self.ask(refusal, lambda: self.desk.hold(self.users[user], **asked))
        if answer:
            agree(answer["available"], account.available, "what a hold leaves")
            hold.id = answer["hold_id"]
            self.holds.append(hold)
            self.hold_calls.append(Call(user, asked, answer))
        return user

    def hold_again(self, nth: int, same: bool) -> int | None:
        """A repeated hold tells how it stands with the hold now."""
        if not self.hold_calls:
            return None
        call = newest(self.hold_calls, nth)
        changes = ("status", "available", "transaction_id", "expires_at")
        return self.ask_again(call, same, self.desk.hold, changes)

    def capture(self, nth: int, quantity: int | None) -> int | None:
        if not self.holds:
            return None
        hold = newest(self.holds, nth)
        status = hold.status_at(self.now)
        refusal = None
        if status in ("released", "expired"):
            refusal = "invalid_state"
        elif status == "held" and quantity is not None and quantity > hold.quantity:
            refusal = "validation_error"
        answer = self.ask(refusal, lambda: self.desk.capture(hold.id, quantity))
        if answer and status == "held":
            captured = hold.amount if quantity is None else self.prices[hold.feature] * quantity
            account = self._end(hold, "captured", captured)
            agree(answer["amount"], captured, "the amount of a capture")
            self.compare_answer(account, answer)
            again = self.desk.capture(hold.id, quantity)
            agree(again | {"replayed": False}, answer | {"replayed": False}, "a capture, again")
        return hold.user

    def release(self, nth: int) -> int | None:
        if not self.holds:
            return None
        hold = newest(self.holds, nth)
        status = hold.status_at(self.now)
        refusal = "invalid_state" if status == "captured" else None
        answer = self.ask(refusal, lambda: self.desk.release(hold.id))
        if answer and hold.status == "held":
            account = self._end(hold, "expired" if status == "expired" else "released")
            agree(answer["available"], account.available, "what a release leaves")
        return hold.user

    def sweep_holds(self, limit: int) -> None:
        due = [hold for hold in self.holds if hold.status == "held" and hold.expires <= self.now]
        due = sorted(due, key=lambda hold: hold.expires)[:limit]
        # In the order of the job: which lot pays a debt depends on which hold is the first to end.
        for hold in sorted(due, key=lambda hold: hold.id):
            self._end(hold, "expired")
        agree(self.desk.call("expire_holds", limit=limit), {"expired": len(due)}, "a sweep")

    def _end(self, hold: Hold, status: str, captured: int = 0) -> Account:
        account = self.accounts[hold.user]
        account.end(hold, status, captured)
        account.expire(self.now)
        return account
