"""kill -9 under load: nothing acknowledged is lost, nothing counts twice, service resumes by itself."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.backend.webhook import Webhook
from tests.http import HTTP
from tests.ledger.books import Books, new_key
from tests.ledger.keeper import Keeper, kept_running
from tests.ledger.lives import AMOUNT, CREDITS
from tests.ledger.stripe_says import Stripe
from tests.sandbox_process import port_range
from tests.together import all_at_once

ROUNDS = 3
VICTIMS = ["connection", "postgrest", "worker", "postmaster"]
SPENDERS, HOLDERS, TELLERS = 6, 3, 2
BALANCE = 1_000_000
# From one kill to the next: some load before it, and all of what comes after it.
LOAD_SECONDS = 0.7
# How long a client goes on asking with the same key.
PATIENCE_SECONDS = 60
ORDERS = """
insert into public.payment_orders (user_id, package_id, kind, livemode, amount, currency, credits, ui_mode)
select user_id, 'starter', 'one_time', false, %s, 'usd', %s, 'hosted'
from unnest(%s::uuid[]) user_id, generate_series(1, 1000)
returning id::text, user_id::text
"""


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    with kept_running(port_range(5), tmp_path_factory.mktemp("kills") / "data") as keeper:
        yield keeper


@dataclass
class Load:
    """Clients that spend, hold and tell of payments until they are stopped; each insists on an
    answer."""

    env: dict[str, str]
    users: list[str]
    orders: list[tuple[str, str]]  # (payment, user), made before the trouble begins
    stopped: threading.Event = field(default_factory=threading.Event)
    spent: dict[str, str] = field(default_factory=dict)  # transactions by their key or the hold's
    told: set[str] = field(default_factory=set)
    interrupted: int = 0

    def spend(self, nth: int) -> None:
        while not self.stopped.is_set():
            key = new_key()
            answer = self._ask("spend", self._wish(nth), key)
            self.spent[key] = answer["transaction_id"]

    def hold(self, nth: int) -> None:
        """Two of them, of which one is captured."""
        while not self.stopped.is_set():
            key = new_key()
            hold_id = self._ask("holds", self._wish(nth) | {"quantity": 2}, key)["hold_id"]
            answer = self._ask(f"holds/{hold_id}/capture", {"quantity": 1})
            self.spent[key] = answer["transaction_id"]

    def tell(self) -> None:
        webhook = Webhook(self.env)
        while self.orders and not self.stopped.is_set():
            payment_id, user_id = self.orders.pop()
            event = Stripe(payment_id, user_id, AMOUNT).intent("succeeded", "succeeded").payload
            answer = self._insist(lambda event=event: webhook.send(event))
            assert answer["status"] in ("processed", "duplicate")
            self.told.add(payment_id)

    def _wish(self, nth: int) -> dict[str, Any]:
        return {"user_id": self.users[nth % len(self.users)], "feature": "docx_processing"}

    def _ask(self, path: str, body: dict[str, Any], key: str | None = None) -> Any:
        url = f"{self.env['BACKEND_URL']}/api/credits/{path}"
        headers = {"Authorization": f"Bearer {self.env['SERVICE_API_KEYS']}"}
        headers |= {"Idempotency-Key": key} if key else {}
        return self._insist(lambda: HTTP.post(url, json=body, headers=headers))

    def _insist(self, ask: Any) -> Any:
        """The same request, until it is acknowledged."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = ask()
                if answer.is_success:
                    return answer.json()
                assert answer.status_code >= 500, answer.text
            except httpx.TransportError:
                pass
            self.interrupted += 1
            assert time.monotonic() < deadline, "service has not resumed"
            time.sleep(0.1)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", VICTIMS)
def test_what_was_acknowledged_is_there_once(keeper: Keeper, victim: str) -> None:
    books = Books(keeper.settings.ports["postgres"], "postgres")
    users = [books.new_user() for _ in range(3)]
    with books.desk() as desk:
        for user_id in users:
            desk.grant(user_id, BALANCE)
    load = Load(keeper.env, users, books.rows(ORDERS, AMOUNT, CREDITS, users))

    killed: list[int] = []

    def kill() -> None:
        try:
            for _ in range(ROUNDS):
                time.sleep(LOAD_SECONDS)
                killed.append(keeper.kill(victim))
            time.sleep(LOAD_SECONDS)
        finally:
            load.stopped.set()

    all_at_once(
        kill,
        *[lambda nth=nth: load.spend(nth) for nth in range(SPENDERS)],
        *[lambda nth=nth: load.hold(nth) for nth in range(HOLDERS)],
        *[load.tell] * TELLERS,
    )
    assert len(set(killed)) == ROUNDS and not set(killed) & set(keeper.pids(victim))
    assert load.interrupted > 0
    ledger = books.rows(
        "select coalesce(t.idempotency_key, h.idempotency_key), t.id::text "
        "from public.credit_transactions t left join public.credit_holds h on h.transaction_id = t.id "
        "where t.type = 'spend' and t.user_id = any(%s::uuid[])",
        users,
    )
    assert dict(ledger) == load.spent and len(ledger) == len(load.spent)
    holds = "select distinct status from public.credit_holds where user_id = any(%s::uuid[])"
    assert books.one(holds, users) == "captured"
    credited = books.rows(
        "select payment_id::text from public.credit_transactions "
        "where type = 'purchase' and user_id = any(%s::uuid[])",
        users,
    )
    assert sorted(payment_id for (payment_id,) in credited) == sorted(load.told)
    assert books.broken_laws() == []
