"""An admin's hand, a user's threshold, the clock, and the job that writes off what has expired."""

from typing import Any

from tests.ledger.books import new_key
from tests.model.account import ADMIN, NEVER
from tests.model.state import Call, Game, agree, newest

# Time moves by moving what it ends.
WAIT = """
with lots as (
  update public.credit_lots set expires_at = expires_at - make_interval(hours => %(hours)s)
  where user_id = any(%(users)s)
)
update public.credit_holds set
  created_at = created_at - make_interval(hours => %(hours)s),
  expires_at = expires_at - make_interval(hours => %(hours)s)
where user_id = any(%(users)s)
"""


class Upkeep(Game):
    def grant(self, user: int, credits: int, days: int | None) -> int:
        """Days from now, on the database's clock."""
        [expires_at] = self.owner.execute(
            "select now() + make_interval(days => %s)", [days]
        ).fetchone() or [None]
        expires = NEVER if days is None else self.now + 24 * days
        self.accounts[user].grant(credits, expires, ADMIN)
        asked = {"credits": credits, "expires_at": expires_at, "key": new_key()}
        return self._adjust_credits(user, asked)

    def adjust(self, user: int, credits: int) -> int:
        self.accounts[user].take(credits, ADMIN)
        return self._adjust_credits(user, {"credits": -credits, "key": new_key()})

    def _adjust_credits(self, user: int, asked: dict[str, Any]) -> int:
        answer = self.desk.grant(self.users[user], **asked)
        self.compare_answer(self.accounts[user], answer)
        self.grants.append(Call(user, asked, answer))
        return user

    def grant_again(self, nth: int, same: bool) -> int | None:
        if not self.grants:
            return None
        call = newest(self.grants, nth)
        refusal = None if same else "idempotency_conflict"
        body = call.asked if same else call.asked | {"credits": call.asked["credits"] + 1000}
        again = self.ask(refusal, lambda: self.desk.grant(self.users[call.user], **body))
        if again:
            agree(again, call.answer, "a grant, again")
        return call.user

    def set_threshold(self, user: int, credits: int) -> int:
        account = self.accounts[user]
        asked = {"user_id": self.users[user], "threshold": credits}
        refusal = "forbidden" if account.banned else None
        if self.ask(refusal, lambda: self.desk.call("set_low_balance_threshold", **asked)):
            account.low_balance_threshold = credits
        return user

    def ban(self, user: int, banned: bool) -> int:
        until = "now() + interval '1 day'" if banned else "null"
        self.owner.execute(
            f"update auth.users set banned_until = {until} where id = %s", [self.users[user]]
        )
        self.accounts[user].banned = banned
        return user

    def wait(self, hours: int) -> None:
        self.owner.execute(WAIT, {"hours": hours, "users": self.users})
        self.now += hours
        for account in self.accounts:
            account.expire(self.now)

    def sweep_credits(self, limit: int) -> None:
        """Whoever looked did not see them any more before."""
        self.desk.call("expire_credits", limit=limit)
