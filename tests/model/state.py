"""What a game knows: the players, what happened so far, and how questions are put."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg

from tests.ledger.books import Desk, Refused
from tests.model.account import Account, Hold, Refusal
from tests.model.operations import USERS
from tests.model.payment import Claim, Payment

Known = TypeVar("Known")


@dataclass
class Call:
    """Something asked with a key, and the first answer."""

    user: int
    asked: dict[str, Any]
    answer: dict[str, Any]


class Game:
    """Fresh users, who are the only ones of these books to whom anything happens.

    `owner` sees all and moves time; `desk` is the service; `prices` are credits by feature.
    """

    def __init__(self, owner: psycopg.Connection[Any], desk: Desk, prices: dict[str, int]) -> None:
        self.owner = owner
        self.desk = desk
        self.prices = prices
        self.now = 0
        self.users = [self._new_user() for _ in USERS]
        self.accounts = [Account() for _ in USERS]
        # What was available, and how often a low balance was told.
        self.told = [(0, 0) for _ in USERS]
        self.payments: list[Payment] = []
        self.refunds: list[Claim] = []
        self.disputes: list[Claim] = []
        self.holds: list[Hold] = []
        self.spends: list[Call] = []
        self.hold_calls: list[Call] = []
        self.grants: list[Call] = []

    def ask(self, refusal: str | None, question: Callable[[], Any]) -> Any:
        """The answer; None if it was refused, which must be just when the model refuses."""
        try:
            answer = question()
        except Refused as refused:
            agree(refused.code, refusal, "refusal")
            return None
        agree(None, refusal, f"refusal (answered {answer})")
        return answer

    def refusal(self, account: Account, change: Callable[[], Any]) -> str | None:
        """Why the model refuses, if it does; otherwise the change is made to it."""
        if account.banned:
            return "forbidden"
        try:
            change()
        except Refusal as refusal:
            return str(refusal)
        return None

    def ask_again(
        self, call: Call, same: bool, ask: Callable[..., Any], changes: Sequence[str] = ()
    ) -> int:
        """The same key: for the same request the first answer but for what `changes` with time; for
        another a conflict."""
        body = call.asked if same else call.asked | {"quantity": call.asked["quantity"] + 1}
        refusal = None if same else "idempotency_conflict"
        if self.accounts[call.user].banned:
            refusal = "forbidden"
        again = self.ask(refusal, lambda: ask(self.users[call.user], **body))
        if again:
            ignored = dict.fromkeys((*changes, "replayed"))
            agree(again | ignored, call.answer | ignored, "an answer, again")
        return call.user

    def compare_answer(self, account: Account, answer: dict[str, Any]) -> None:
        answered = (answer["balance"], answer["available"])
        agree(answered, (account.balance, account.available), "balance and available answered")

    def user_of(self, account: Account) -> int:
        return next(user for user in USERS if self.accounts[user] is account)

    def _new_user(self) -> str:
        [user_id] = self.owner.execute(
            "insert into auth.users (id) values (gen_random_uuid()) returning id::text"
        ).fetchone() or [""]
        return user_id


def newest(known: list[Known], nth: int) -> Known:
    """Counted back from the newest, round and round."""
    return known[-1 - nth % len(known)]


def agree(database: Any, model: Any, what: str) -> None:
    assert database == model, f"{what}: the database has {database}, the model {model}"
