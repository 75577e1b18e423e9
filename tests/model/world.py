"""Plays operations on the real books and on the model, and holds one against the other."""

import json
from typing import Any

from tests.ledger.books import Books
from tests.model.account import FREE, NEVER, SPENT
from tests.model.operations import PACKAGES, PLAN, USERS, Operation
from tests.model.paying import Paying
from tests.model.payment import REFUND_COUNTS
from tests.model.spending import Spending
from tests.model.state import agree
from tests.model.upkeep import Upkeep

# What is effective for one user: what has expired counts as gone, written off or not.
STATE = """
select jsonb_build_object(
  'held', a.held, 'debt', a.debt, 'granted', a.lifetime_granted, 'spent', a.lifetime_spent,
  'available', a.balance - a.held,
  'told', (select count(*) from public.account_events where user_id = a.user_id and type = 'low_balance'),
  'lot_ids', (
    select coalesce(jsonb_agg(id order by created_at), '[]') from public.credit_lots where user_id = a.user_id),
  'lots', (
    select coalesce(jsonb_agg(jsonb_build_array(id, effective, held) order by expires_at, id), '[]')
    from (select *, case when expires_at <= now() then held else remaining end as effective
          from public.credit_lots where user_id = a.user_id and not exhausted) lot
    where effective > 0),
  'holds', (
    select coalesce(jsonb_object_agg(id, public.get_hold(id) ->> 'status'), '{}')
    from public.credit_holds where user_id = a.user_id),
  'payments', (
    select coalesce(jsonb_object_agg(id,
      jsonb_build_array(status, amount_refunded, credits_refunded, credits_disputed)), '{}')
    from public.payment_orders where user_id = a.user_id),
  'seen', public.get_credits() - 'updated_at')
from (select set_config('request.jwt.claims',
        jsonb_build_object('sub', %(user_id)s::text)::text, false)) claims,
     lateral (
       select user_id, balance, held, debt, lifetime_granted, lifetime_spent
       from public.user_credits where user_id = %(user_id)s::uuid
       union all
       select %(user_id)s::uuid, 0, 0, 0, 0, 0
       where not exists (select from public.user_credits where user_id = %(user_id)s::uuid)) a
"""
ADD_PACKAGE = """
with package as (
  insert into public.credit_packages (id, credits, expires_after_days, name)
  values (%(id)s, %(credits)s, %(days)s, '{"en": "Test"}') returning id
)
insert into public.credit_package_prices select id, 'usd', %(amount)s from package
"""


ADD_PLAN = """
insert into public.credit_packages (id, kind, interval, credits, expires_after_days, name)
values ('plan', 'subscription', 'month', %(credits)s, %(days)s, '{"en": "Test"}')
"""


def prepare(books: Books) -> dict[str, int]:
    """Put what the games buy on sale. Returns what each feature costs."""
    with books.connect("postgres") as owner:
        for package_id, (credits, amount, days) in PACKAGES.items():
            package = {"id": package_id, "credits": credits, "amount": amount, "days": days}
            owner.execute(ADD_PACKAGE, package)
        credits, amount, days = PLAN
        owner.execute(ADD_PLAN, {"credits": credits, "days": days})
        owner.execute(
            "select public.record_price('price_of_the_plan', 'plan', 'usd', %s, %s, false)",
            [amount, credits],
        )
        return dict(owner.execute("select feature, credits from public.feature_costs").fetchall())


class World(Paying, Spending, Upkeep):
    """One game. Each kind of operation is a method, which answers whom it touched: None is all."""

    def play(self, operations: list[Operation], nth: int) -> None:
        """Raises AssertionError, which carries the game so far, where database and model differ."""
        name, arguments = operations[nth]
        try:
            touched = getattr(self, name)(**arguments)
            for user in USERS if touched is None else [touched]:
                self._compare(user)
        except AssertionError as error:
            played = json.dumps(operations[: nth + 1])
            raise AssertionError(f"{error}\nThe game:\n{played}") from error

    def finish(self) -> None:
        """Leave nothing due behind that another game's sweep would find."""
        self.wait(hours=48)
        self.sweep_holds(limit=1000)
        self.sweep_credits(limit=1000)

    def _compare(self, user: int) -> None:
        [state] = self.owner.execute(STATE, {"user_id": self.users[user]}).fetchone() or [None]
        self._learn_ids(user, state["lot_ids"])
        self._compare_told(user, state["available"], state["told"])
        expiring = sum(each["credits"] for each in state["seen"].pop("expiring"))
        for part, expected in self._expected(user).items():
            agree(expiring if part == "expiring" else state[part], expected, part)

    def _learn_ids(self, user: int, ids: list[str]) -> None:
        """A lot has no id in the model before it is seen in the database; both list the eldest first."""
        for lot, lot_id in zip(self.accounts[user].lots, ids, strict=True):
            lot.id = lot_id

    def _compare_told(self, user: int, available: int, told: int) -> None:
        """A low balance is told when an operation has led there: once, and else not. What has expired
        is still available in this, until it is written off."""
        available_before, told_before = self.told[user]
        is_news = available_before >= self.accounts[user].low_balance_threshold > available
        agree(told - told_before, int(is_news), "how often a low balance was told")
        self.told[user] = available, told

    def _expected(self, user: int) -> dict[str, Any]:
        account = self.accounts[user]
        lots = account.earliest_first()
        remaining = {lot.id: lot.credits[FREE] + lot.held for lot in lots}
        held = sum(lot.held for lot in lots)
        granted = sum(lot.credits.total() for lot in lots)
        return {
            "held": held,
            "debt": account.debt,
            "granted": granted,
            "spent": account.count(SPENT),
            "lots": [[lot.id, remaining[lot.id], lot.held] for lot in lots if remaining[lot.id]],
            "holds": {
                hold.id: hold.status_at(self.now) for hold in self.holds if hold.user == user
            },
            "payments": {
                p.id: [p.status, p.claimed(REFUND_COUNTS), p.refunded, p.disputed]
                for p in self.payments
                if p.account is account
            },
            "expiring": sum(lot.credits[FREE] for lot in lots if lot.expires != NEVER),
            "seen": {
                "balance": account.balance,
                "held": held,
                "available": account.available,
                "lifetime_granted": granted,
                "lifetime_spent": account.count(SPENT),
                "low_balance": account.available < account.low_balance_threshold,
                "low_balance_threshold": account.low_balance_threshold,
            },
        }
