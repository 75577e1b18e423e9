"""Plays operations on the real books and on the model, and holds one against the other."""

import json
from typing import Any

import psycopg

from tests.ledger.books import Books, Desk, Refused, new_id, new_key
from tests.model.ledger import (
    DISPUTE_STATES,
    LOW_BALANCE,
    NEVER,
    REFUND_STATES,
    Account,
    Claim,
    Hold,
    Payment,
    Refusal,
)
from tests.model.operations import PACKAGES, USERS, Operation

OPEN_PAYMENTS_MAX = 20
STATE = """
select jsonb_build_object(
  'held', a.held, 'debt', a.debt, 'granted', a.lifetime_granted, 'spent', a.lifetime_spent,
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
from (select set_config('request.jwt.claims', jsonb_build_object('sub', %(user_id)s::text)::text, false)) claims,
     lateral (select * from public.user_credits where user_id = %(user_id)s::uuid
              union all
              select %(user_id)s::uuid, 0, 0, 0, 0, 0, 50, now()
              where not exists (select from public.user_credits where user_id = %(user_id)s::uuid)) a
"""
WAIT = """
with lots as (
  update public.credit_lots set expires_at = expires_at - make_interval(hours => %(hours)s)
  where user_id = any(%(users)s)
)
update public.credit_holds set expires_at = expires_at - make_interval(hours => %(hours)s)
where user_id = any(%(users)s)
"""
ADD_PACKAGES = """
with package as (
  insert into public.credit_packages (id, credits, expires_after_days, name)
  values (%(id)s, %(credits)s, %(days)s, '{"en": "Test"}') returning id
)
insert into public.credit_package_prices select id, 'usd', %(amount)s from package
"""


def prepare(books: Books) -> dict[str, int]:
    """Put what the games buy on sale. Returns what each feature costs."""
    with books.connect("postgres") as owner:
        for package_id, (credits, amount, days) in PACKAGES.items():
            package = {"id": package_id, "credits": credits, "amount": amount, "days": days}
            owner.execute(ADD_PACKAGES, package)
        return dict(owner.execute("select feature, credits from public.feature_costs").fetchall())


class World:
    """One game: fresh users, who are the only ones of these books to whom anything happens."""

    def __init__(self, owner: psycopg.Connection[Any], desk: Desk, prices: dict[str, int]) -> None:
        """`owner` sees all and moves time; `desk` is the service."""
        self.owner = owner
        self.desk = desk
        self.prices = prices
        self.now = 0
        self.users = [new_user_id(owner) for _ in USERS]
        self.accounts = [Account() for _ in USERS]
        self.payments: list[Payment] = []
        self.refunds: list[Claim] = []
        self.disputes: list[Claim] = []
        self.holds: list[Hold] = []
        # What was asked with which key, and the first answer.
        self.spends: list[tuple[int, dict[str, Any], Any]] = []
        self.hold_calls: list[tuple[int, dict[str, Any], Any]] = []
        self.grants: list[tuple[int, dict[str, Any], Any]] = []
        self.played: list[Operation] = []

    def play(self, operation: Operation) -> None:
        """Raises AssertionError, which carries the whole game, where database and model differ."""
        name, arguments = operation
        self.played.append((name, arguments))
        try:
            touched = getattr(self, f"_{name}")(**arguments)
            for user in USERS if touched is None else [touched]:
                self._compare(user)
        except AssertionError as error:
            raise AssertionError(f"{error}\nThe game:\n{json.dumps(self.played)}") from error

    def finish(self) -> None:
        """Leave nothing due behind that another game's sweep would find."""
        self._wait(hours=48)
        self._sweep_holds(limit=1000)
        self._sweep_credits(limit=1000)

    # Payments: facts arrive, by the page or by webhook, once or twice.

    def _order(self, user: int, package: str) -> int:
        account = self.accounts[user]
        mine = [p for p in self.payments if p.account is account]
        refusal = None
        if account.banned:
            refusal = "forbidden"
        elif sum(p.status == "pending" for p in mine) >= OPEN_PAYMENTS_MAX:
            refusal = "invalid_state"
        answer = self._ask(refusal, lambda: self.desk.order(self.users[user], package))
        if answer:
            credits, amount, days = PACKAGES[package]
            self.payments.append(
                Payment(answer["payment_id"], new_id("pi"), account, amount, credits, days)
            )
        return user

    def _pay(self, nth: int, twice: bool) -> int:
        return self._hear_payment(
            nth, twice, lambda p: {"paid": True, "amount": p.amount, "currency": "usd"}
        )

    def _pay_wrong_amount(self, nth: int) -> int:
        if not self.payments:
            return 0
        payment = newest(self.payments, nth)
        wrong = {"paid": True, "amount": payment.amount + 1, "currency": "usd"}
        outcome = self._tell(payment, wrong | {"payment_id": payment.id}, False)
        agree(outcome, "failed", "an event")
        payment.ended = "failed"
        return self._user_of(payment)

    def _end_payment(self, nth: int, how: str) -> int:
        return self._hear_payment(nth, False, lambda p: {"ended": how})

    def _hear_payment(self, nth: int, twice: bool, facts_of: Any) -> int:
        if not self.payments:
            return 0
        payment = newest(self.payments, nth)
        facts = facts_of(payment)
        outcome = self._tell(payment, facts | {"payment_id": payment.id}, twice)
        agree(outcome, "processed", "an event")
        payment.is_linked = True
        payment.is_paid |= "paid" in facts
        worst = [
            how
            for how in ("failed", "canceled", "expired")
            if how in (payment.ended, facts.get("ended"))
        ]
        payment.ended = worst[0] if worst else None
        payment.settle(self.now)
        return self._user_of(payment)

    def _refund(self, nth: int, part: int, status: str, twice: bool) -> int:
        if not self.payments:
            return 0
        payment = newest(self.payments, nth)
        amount = max(1, payment.amount * part // 1000)
        refund = Claim(new_id("re"), payment, amount, REFUND_STATES, status)
        self.refunds.append(refund)
        payment.claims.append(refund)
        return self._hear_claim("refunds", refund, status, twice)

    def _change_refund(self, nth: int, status: str, twice: bool) -> int:
        if not self.refunds:
            return 0
        return self._hear_claim("refunds", newest(self.refunds, nth), status, twice)

    def _dispute(self, nth: int, part: int, status: str, twice: bool) -> int:
        if not self.payments:
            return 0
        payment = newest(self.payments, nth)
        amount = max(1, payment.amount * part // 1000)
        dispute = Claim(new_id("du"), payment, amount, DISPUTE_STATES, status)
        self.disputes.append(dispute)
        payment.claims.append(dispute)
        return self._hear_claim("disputes", dispute, status, twice)

    def _change_dispute(self, nth: int, status: str, twice: bool) -> int:
        if not self.disputes:
            return 0
        return self._hear_claim("disputes", newest(self.disputes, nth), status, twice)

    def _hear_claim(self, kind: str, claim: Claim, status: str, twice: bool) -> int:
        claim.hear(status)
        fact = {"id": claim.id, "amount": claim.amount, "currency": "usd", "status": status}
        outcome = self._tell(claim.payment, {kind: [fact]}, twice)
        agree(outcome, "processed" if claim.payment.is_linked else "failed", "an event")
        claim.payment.settle(self.now)
        return self._user_of(claim.payment)

    def _tell(self, payment: Payment, facts: dict[str, Any], twice: bool) -> str:
        """One event of Stripe's; `twice`: delivered again, and learnt by asking as well."""
        facts = facts | {"payment_intent_id": payment.intent_id}
        event = {"id": new_id("evt"), "type": "test", "livemode": False, "created": 0}
        told = {"event": event, "livemode": False, "facts": facts}
        answer = self.desk.call("receive_event", **told)
        outcome = answer["status"]
        if outcome == "failed":
            agree(answer["error"] in ("unknown_payment", "amount_mismatch"), True, answer["error"])
        if twice:
            again = self.desk.call("receive_event", **told)["status"]
            agree(again, "duplicate" if outcome == "processed" else outcome, "an event, again")
            self.desk.call("record_facts", facts=facts)
        return outcome

    # Spending: with keys, and again with the same key.

    def _spend(self, user: int, feature: str, quantity: int) -> int:
        asked = {"feature": feature, "quantity": quantity, "key": new_key()}
        account = self.accounts[user]
        amount = self.prices[feature] * quantity
        refusal = self._refusal(account, lambda: account.spend(amount))
        answer = self._ask(refusal, lambda: self.desk.spend(self.users[user], **asked))
        if answer:
            agree(answer["amount"], amount, "the amount of a spend")
            self._compare_answer(account, answer)
            self.spends.append((user, asked, answer))
        return user

    def _spend_again(self, nth: int, same: bool) -> int:
        return self._again(self.spends, nth, same, "quantity", self.desk.spend)

    def _hold(self, user: int, feature: str, quantity: int, hours: int) -> int:
        asked = {
            "feature": feature,
            "quantity": quantity,
            "ttl_seconds": 3600 * hours,
            "key": new_key(),
        }
        account = self.accounts[user]
        amount = self.prices[feature] * quantity
        parts: list[Any] = []
        refusal = self._refusal(account, lambda: parts.extend(account.reserve(amount)))
        answer = self._ask(refusal, lambda: self.desk.hold(self.users[user], **asked))
        if answer:
            for lot, part in parts:
                lot.held += part
            agree(answer["available"], account.available, "what a hold leaves")
            hold = Hold(answer["hold_id"], feature, quantity, amount, parts, self.now + hours)
            self.holds.append(hold)
            self.hold_calls.append((user, asked, answer))
        return user

    def _hold_again(self, nth: int, same: bool) -> int:
        if not self.hold_calls:
            return 0
        user, asked, answer = newest(self.hold_calls, nth)
        # A repeated hold tells how it stands with the hold now.
        status = next(h for h in self.holds if h.id == answer["hold_id"])
        now = {"status": self._status(status)}
        calls = [(user, asked, {**answer, **now})]
        return self._again(
            calls,
            0,
            same,
            "quantity",
            self.desk.hold,
            ("available", "transaction_id", "expires_at"),
        )

    def _capture(self, nth: int, quantity: int | None) -> int:
        if not self.holds:
            return 0
        hold = newest(self.holds, nth)
        user, account = self._holder(hold)
        status = self._status(hold)
        refusal = None
        if status in ("released", "expired"):
            refusal = "invalid_state"
        elif status == "held" and quantity is not None and quantity > hold.quantity:
            refusal = "validation_error"
        answer = self._ask(refusal, lambda: self.desk.capture(hold.id, quantity))
        if answer and status == "held":
            captured = hold.amount if quantity is None else self.prices[hold.feature] * quantity
            account.end(hold, "captured", captured)
            account.expire(self.now)
            agree(answer["amount"], captured, "the amount of a capture")
            self._compare_answer(account, answer)
            again = self.desk.capture(hold.id, quantity)
            agree(again | {"replayed": False}, answer | {"replayed": False}, "a capture, again")
        return user

    def _release(self, nth: int) -> int:
        if not self.holds:
            return 0
        hold = newest(self.holds, nth)
        user, account = self._holder(hold)
        refusal = "invalid_state" if hold.status == "captured" else None
        answer = self._ask(refusal, lambda: self.desk.release(hold.id))
        if answer and hold.status == "held":
            account.end(hold, "expired" if hold.expires <= self.now else "released")
            account.expire(self.now)
            agree(answer["available"], account.available, "what a release leaves")
        return user

    # An admin's hand.

    def _grant(self, user: int, credits: int, days: int | None) -> int:
        """Days from now, on the database's clock."""
        [expires_at] = self.owner.execute(
            "select now() + make_interval(days => %s)", [days]
        ).fetchone() or [None]
        asked = {"credits": credits, "expires_at": expires_at, "key": new_key()}
        answer = self.desk.grant(self.users[user], **asked)
        account = self.accounts[user]
        account.grant(credits, NEVER if days is None else self.now + 24 * days)
        self._compare_answer(account, answer)
        self.grants.append((user, asked, answer))
        return user

    def _adjust(self, user: int, credits: int) -> int:
        asked = {"credits": -credits, "key": new_key()}
        answer = self.desk.grant(self.users[user], **asked)
        self.accounts[user].take(credits)
        self._compare_answer(self.accounts[user], answer)
        self.grants.append((user, asked, answer))
        return user

    def _grant_again(self, nth: int, same: bool) -> int:
        if not self.grants:
            return 0
        user, asked, answer = newest(self.grants, nth)
        refusal = None if same else "idempotency_conflict"
        changed = asked if same else asked | {"credits": asked["credits"] + 1000}
        again = self._ask(refusal, lambda: self.desk.grant(self.users[user], **changed))
        if again:
            agree(again, answer, "a grant, again")
        return user

    # The clock and the jobs.

    def _wait(self, hours: int) -> None:
        self.owner.execute(WAIT, {"hours": hours, "users": self.users})
        self.now += hours
        for account in self.accounts:
            account.expire(self.now)

    def _sweep_credits(self, limit: int) -> None:
        self.desk.call("expire_credits", limit=limit)

    def _sweep_holds(self, limit: int) -> None:
        due = [hold for hold in self.holds if hold.status == "held" and hold.expires <= self.now]
        due = sorted(due, key=lambda hold: hold.expires)[:limit]
        for hold in due:
            _, account = self._holder(hold)
            account.end(hold, "expired")
            account.expire(self.now)
        agree(self.desk.call("expire_holds", limit=limit), {"expired": len(due)}, "a sweep")

    def _ban(self, user: int, banned: bool) -> int:
        until = "now() + interval '1 day'" if banned else "null"
        self.owner.execute(
            f"update auth.users set banned_until = {until} where id = %s", [self.users[user]]
        )
        self.accounts[user].banned = banned
        return user

    # Asking, and comparing.

    def _ask(self, refusal: str | None, question: Any) -> Any:
        """The answer; None if it was refused, which must be just when the model refuses."""
        try:
            answer = question()
        except Refused as refused:
            agree(refused.code, refusal, "refusal")
            return None
        agree(None, refusal, f"refusal (answered {answer})")
        return answer

    def _again(
        self, calls: list[Any], nth: int, same_body: bool, changing: str, ask: Any, but: Any = ()
    ) -> int:
        """The same key: with the same body the first answer, `but` for these; else a conflict."""
        if not calls:
            return 0
        user, asked, answer = newest(calls, nth)
        body = asked if same_body else asked | {changing: asked[changing] + 1}
        refusal = None if same_body else "idempotency_conflict"
        if self.accounts[user].banned:
            refusal = "forbidden"
        again = self._ask(refusal, lambda: ask(self.users[user], **body))
        if again:
            ignored = dict.fromkeys((*but, "replayed"))
            agree(again | ignored, answer | ignored, "an answer, again")
        return user

    def _refusal(self, account: Account, change: Any) -> str | None:
        if account.banned:
            return "forbidden"
        try:
            change()
        except Refusal as refusal:
            return str(refusal)
        return None

    def _compare_answer(self, account: Account, answer: dict[str, Any]) -> None:
        agree(
            (answer["balance"], answer["available"]),
            (account.balance, account.available),
            "balance and available answered",
        )

    def _compare(self, user: int) -> None:
        account = self.accounts[user]
        [state] = self.owner.execute(STATE, {"user_id": self.users[user]}).fetchone() or [None]
        new = {lot_id for lot_id, *_ in state["lots"]} - {lot.id for lot in account.lots}
        for lot in account.lots:
            if not lot.id and lot.remaining:
                lot.id = new.pop() if new else ""
        lots = account.earliest_first()
        mine = [p for p in self.payments if p.account is account]
        holds = {asked["hold_id"] for who, _, asked in self.hold_calls if who == user}
        expected = {
            "held": account.held,
            "debt": account.debt,
            "granted": account.granted,
            "spent": account.spent,
            "lots": [[lot.id, lot.remaining, lot.held] for lot in lots],
            "holds": {hold.id: self._status(hold) for hold in self.holds if hold.id in holds},
            "payments": {
                p.id: [
                    p.status,
                    p.claimed({"pending", "requires_action", "succeeded"}),
                    p.refunded,
                    p.disputed,
                ]
                for p in mine
            },
            "seen": {
                "balance": account.balance,
                "held": account.held,
                "available": account.available,
                "lifetime_granted": account.granted,
                "lifetime_spent": account.spent,
                "low_balance": account.available < LOW_BALANCE,
            },
        }
        expiring = state["seen"].pop("expiring")
        agree(
            sum(each["credits"] for each in expiring),
            sum(lot.free for lot in lots if lot.expires != NEVER),
            "expiring",
        )
        for part, value in expected.items():
            agree(state[part], value, part)

    def _status(self, hold: Hold) -> str:
        is_over = hold.status == "held" and hold.expires <= self.now
        return "expired" if is_over else hold.status

    def _holder(self, hold: Hold) -> tuple[int, Account]:
        user = next(who for who, _, answer in self.hold_calls if answer["hold_id"] == hold.id)
        return user, self.accounts[user]

    def _user_of(self, payment: Payment) -> int:
        return next(user for user in USERS if self.accounts[user] is payment.account)


def new_user_id(owner: psycopg.Connection[Any]) -> str:
    [user_id] = owner.execute(
        "insert into auth.users (id) values (gen_random_uuid()) returning id::text"
    ).fetchone() or [""]
    return user_id


def newest(known: list[Any], nth: int) -> Any:
    return known[-1 - nth % len(known)]


def agree(database: Any, model: Any, what: str) -> None:
    assert database == model, f"{what}: the database has {database}, the model {model}"
