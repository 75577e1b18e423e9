"""All at once, for a while: nobody waits in a circle, and nobody ever sees books that do not balance.

Locks are taken in one order everywhere (see the file on the ledger); here every function that takes
some runs against every other, on few users, so that they meet.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.ledger import lives, lives_of_subscriptions
from tests.ledger.books import Books, Desk, Refused, Server, new_id, new_key
from tests.ledger.crowd import crowd, rush
from tests.ledger.stripe_says import Event, receive
from tests.together import all_at_once

LIVES = lives.LIVES | lives_of_subscriptions.LIVES

SECONDS = 6
WRITERS, READERS, USERS = 24, 4, 5
# What a reader sees of all users in one snapshot, asked in two statements.
IN_LOTS = "select coalesce(sum(remaining), 0) from public.credit_lots"
IN_BALANCES = "select coalesce(sum(balance + debt), 0) from public.user_credits"


class Clerk:
    """Does anything to anybody, until time is up."""

    def __init__(self, desk: Desk, owner: Books, users: list[str], seed: int) -> None:
        self.desk = desk
        self.books = owner
        self.users = users
        self.chance = random.Random(seed)
        self.holds: list[str] = []
        self.cards: list[str] = []

    def work(self, deadline: float) -> Counter[str]:
        """How often which SQLSTATE came back that is no refusal."""
        errors: Counter[str] = Counter()
        while time.monotonic() < deadline:
            duty = self.chance.choice(
                [self.spend, self.hold, self.end_hold, self.grant, self.sweep, self.life]
                + [self.save_card, self.choose_card, self.agree, self.recharge, self.close]
            )
            try:
                duty(self.chance.choice(self.users))
            except Refused:
                pass
            except psycopg.Error as error:
                errors[error.sqlstate or type(error).__name__] += 1
        return errors

    def spend(self, user_id: str) -> None:
        self.desk.spend(user_id, self.chance.randint(1, 40))

    def hold(self, user_id: str) -> None:
        hold = self.desk.hold(user_id, self.chance.randint(1, 40), ttl_seconds=1)
        self.holds.append(hold["hold_id"])

    def end_hold(self, _user_id: str) -> None:
        if self.holds:
            end = self.chance.choice([self.desk.capture, self.desk.release])
            end(self.chance.choice(self.holds[-5:]))

    def grant(self, user_id: str) -> None:
        """Some last a moment, some are taken away."""
        credits = self.chance.choice([-20, 50, 90])
        moment = datetime.now(UTC) + timedelta(seconds=self.chance.choice([0.2, 1, 3600]))
        self.desk.grant(user_id, credits, moment if credits > 0 else None)

    def sweep(self, _user_id: str) -> None:
        limit = self.chance.choice([1, 3, 100])
        self.desk.call(self.chance.choice(["expire_credits", "expire_holds"]), limit=limit)

    def life(self, user_id: str) -> None:
        """A whole life of a payment or a subscription, in any order."""
        life = self.chance.choice(list(LIVES.values()))
        events = life.tell((life.begin or lives.begin)(self.desk, user_id))
        for event in self.chance.sample(events, len(events)):
            receive(self.desk, event, events[-1])

    def save_card(self, user_id: str) -> None:
        self.cards.append(self.desk.card(self.desk.customer(user_id)))

    def choose_card(self, user_id: str) -> None:
        """Which of them is the default, that one is gone, or the customer is."""
        if self.cards:
            card_id = self.chance.choice(self.cards[-5:])
            customer = {"id": self.desk.customer(user_id), "default_payment_method": card_id}
            gone = [{"id": card_id, "detached": True}]
            told = [{"customer": customer}] * 5 + [{"payment_methods": gone}] * 4
            told.append({"customer": {"id": customer["id"], "deleted": True}})
            self.desk.facts(**self.chance.choice(told))

    def agree(self, user_id: str) -> None:
        enabled, threshold = self.chance.random() < 0.8, self.chance.randint(1, 2000)
        self.desk.recharge(user_id, enabled=enabled, threshold=threshold, monthly_limit=10**9)

    def recharge(self, _user_id: str) -> None:
        """What is due is ordered; some are paid, some declined."""
        for order in self.desk.claim(3):
            payment = order["payment"]
            if self.chance.random() < 0.5:
                self.desk.pay(payment)
            else:
                self.desk.facts(payment_id=payment["payment_id"], ended="failed")

    def close(self, _user_id: str) -> None:
        self.desk.call("expire_unplaced_payments", livemode=False, limit=10)
        self.desk.call("delete_old_records", limit=10)


def read(books: Books, deadline: float) -> Counter[str]:
    """Snapshots in which money is missing, and laws that the audit finds broken."""
    broken: Counter[str] = Counter()
    with books.connect("postgres", default_transaction_isolation="repeatable\\ read") as owner:
        while time.monotonic() < deadline:
            with owner.transaction():
                [in_lots] = owner.execute(IN_LOTS).fetchone() or [None]
                [in_balances] = owner.execute(IN_BALANCES).fetchone() or [None]
                broken.update(law for law, *_ in owner.execute("select * from private.audit()"))
                broken["snapshots"] += 1
            broken["lots and balances differ"] += in_lots != in_balances
    return broken


@pytest.mark.timeout(120)
def test_nobody_waits_in_a_circle_and_no_reader_sees_broken_books(
    server: Server, books: Books
) -> None:
    users = [books.new_user() for _ in range(USERS)]
    log_began = server.log.stat().st_size
    with crowd(books, WRITERS) as desks:
        deadline = time.monotonic() + SECONDS
        clerks = [Clerk(desk, books, users, nth).work for nth, desk in enumerate(desks)]
        everybody: list[Callable[[], Any]] = [partial(clerk, deadline) for clerk in clerks]
        everybody += [partial(read, books, deadline)] * READERS
        answers = all_at_once(*everybody)
    errors: Counter[str] = sum(answers[:WRITERS], Counter())
    seen: Counter[str] = sum(answers[WRITERS:], Counter())
    assert errors == Counter()
    assert seen.pop("snapshots") > READERS
    assert +seen == Counter()
    assert "deadlock detected" not in server.log.read_bytes()[log_began:].decode()


@pytest.mark.timeout(60)
def test_one_payment_told_by_many_in_opposite_orders_is_no_deadlock(
    server: Server, books: Books, desk: Desk
) -> None:
    """The same ten payments of two users, forwards and backwards, with refunds before payments."""
    log_began = server.log.stat().st_size
    users = [books.new_user() for _ in range(2)]
    events: list[Event] = []
    for nth in range(10):
        stripe = lives.begin(desk, users[nth % 2])
        events += LIVES["refund and dispute"].tell(stripe)
    for user_id in users:
        events += LIVES["renewed"].tell(lives_of_subscriptions.begin(desk, user_id))

    def tell(desk: Desk, order: list[Event]) -> None:
        for event in order:
            receive(desk, event)
            desk.grant(users[0], 1, key=new_key())

    with crowd(books, 20) as desks:
        orders = [events, events[::-1]] * 10
        all_at_once(*[partial(tell, one, order) for one, order in zip(desks, orders, strict=True)])
    assert set(books.rows("select status, error from public.stripe_events")) == {
        ("processed", None)
    }
    assert "deadlock detected" not in server.log.read_bytes()[log_began:].decode()


@pytest.mark.timeout(60)
def test_jobs_that_lock_many_accounts_take_them_in_one_order(books: Books, desk: Desk) -> None:
    """Everybody's credits and holds are due at the same moment, and both jobs come for all of them."""
    rounds, jobs = 6, 8
    users = [books.new_user() for _ in range(40)]
    with crowd(books, 2 * jobs) as desks:
        for _ in range(rounds):
            for user_id in users:
                desk.grant(user_id, 2, datetime.now(UTC) + timedelta(days=1))
                desk.hold(user_id, 1)
            books.rows("update public.credit_lots set expires_at = now()")
            books.rows("update public.credit_holds set expires_at = now()")
            answers = rush(
                desks,
                *[lambda desk: desk.call("expire_holds", limit=100)] * jobs,
                *[lambda desk: desk.call("expire_credits", limit=100)] * jobs,
            )
            ended = [answer["expired"] for answer in answers[:jobs]]
            written_off = [answer["credits"] for answer in answers[jobs:]]
            assert sum(ended) == len(users)
            assert sum(written_off) <= 2 * len(users)  # a hold's end sweeps too
    assert books.one("select sum(balance)::int from public.user_credits") == 0


@pytest.mark.timeout(60)
def test_a_refund_of_credits_that_are_being_written_off_waits_for_nobody(
    server: Server, books: Books, desk: Desk
) -> None:
    """One has the payment and wants the account, the other has the account and names the payment."""
    log_began = server.log.stat().st_size
    pairs: list[Callable[[Desk], Any]] = []
    for _ in range(30):
        user_id = books.new_user()
        desk.grant(user_id, 10)
        refund = partial(Desk.refund, intent_id=desk.buy(user_id), amount=lives.AMOUNT)
        pairs += [refund, partial(Desk.spend, user_id=user_id, quantity=1)]
    books.rows("update public.credit_lots set expires_at = now() where payment_id is not null")
    with crowd(books, len(pairs)) as desks:
        rush(desks, *pairs)
    assert set(books.rows("select balance, debt from public.user_credits")) == {(9, 0)}
    assert "deadlock detected" not in server.log.read_bytes()[log_began:].decode()


@pytest.mark.timeout(60)
def test_an_intent_that_is_learnt_of_late_waits_for_nobody(
    server: Server, books: Books, desk: Desk
) -> None:
    """It brings a refund along, of credits that are being written off. Stripe's ids are keys: noting
    one takes more of the payment than merging does."""
    log_began = server.log.stat().st_size
    pairs: list[Callable[[Desk], Any]] = []
    for _ in range(30):
        user_id, intent_id = books.new_user(), new_id("pi")
        desk.grant(user_id, 10)
        paid = {"payment_id": desk.order(user_id)["payment_id"], "currency": "usd"}
        desk.facts(**paid, paid=True, amount=lives.AMOUNT)
        refund = {
            "id": new_id("re"),
            "amount": lives.AMOUNT,
            "currency": "usd",
            "status": "succeeded",
        }
        books.rows("select private.merge_refund(%s, %s)", Jsonb(refund), intent_id)
        learn = partial(Desk.facts, **paid, payment_intent_id=intent_id)
        pairs += [learn, partial(Desk.spend, user_id=user_id, quantity=1)]
    books.rows("update public.credit_lots set expires_at = now() where payment_id is not null")
    with crowd(books, len(pairs)) as desks:
        rush(desks, *pairs)
    assert set(books.rows("select balance, debt from public.user_credits")) == {(9, 0)}
    assert "deadlock detected" not in server.log.read_bytes()[log_began:].decode()
