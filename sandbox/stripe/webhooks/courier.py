"""The courier: takes due deliveries from the outbox and posts them, several at a time.

As Stripe does: ten seconds for an answer, any 2xx is success, redirects are failures, and a failure
is tried again with growing pauses. The pauses are seconds here, not hours.
"""

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from ..store import Store, Transaction, public
from ..versions import in_version
from . import outbox
from .signature import sign

ANSWER_SECONDS_MAX = 10.0
PAUSES_SECONDS = (1, 2, 4, 8, 15, 30, 60)
CONCURRENT_MAX = 16
IDLE_SECONDS_MAX = 0.5
KEPT_RESPONSE_LENGTH = 2_000


class Courier:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._client = httpx.Client(
            timeout=ANSWER_SECONDS_MAX,
            limits=httpx.Limits(max_connections=CONCURRENT_MAX),
            trust_env=False,
        )
        self._pool = ThreadPoolExecutor(CONCURRENT_MAX, thread_name_prefix="courier")
        self._work = threading.Event()

    def wake(self) -> None:
        self._work.set()

    def run_forever(self) -> None:
        """Ends with the process."""
        with self._store.transaction() as tx:
            outbox.resume(tx)
        while True:
            self._work.wait(IDLE_SECONDS_MAX)
            self._work.clear()
            with self._store.transaction() as tx:
                due = outbox.claim_due(tx, time.time(), limit=CONCURRENT_MAX * 4)
            for delivery_id in due:
                self._pool.submit(self.send, delivery_id)

    def send_together(self, delivery_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Sends them all at once, on threads of their own; returns the deliveries afterwards."""
        with ThreadPoolExecutor(max(1, min(len(delivery_ids), outbox.COPIES_MAX))) as pool:
            return list(pool.map(self.send, delivery_ids))

    def send_in_order(self, delivery_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Sends each after the answer to the one before; returns the deliveries afterwards."""
        return [self.send(delivery_id) for delivery_id in delivery_ids]

    def send(self, delivery_id: str) -> dict[str, Any]:
        """One attempt, now, whatever the delivery's status is. Returns the delivery afterwards."""
        with self._store.transaction() as tx:
            outbox.set_status(tx, [delivery_id], "sending")
            url, secret, payload = _letter(tx, delivery_id)
        status, text, error = self._post(url, secret, payload)
        with self._store.transaction() as tx:
            _record(tx, delivery_id, status, text, error)
            [delivery] = outbox.find(tx, ids=[delivery_id])
        return delivery

    def _post(
        self, url: str, secret: str, payload: bytes
    ) -> tuple[int | None, str | None, str | None]:
        """The answer's status and text, or the reason why there is none."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": sign(payload, secret, int(time.time())),
        }
        try:
            answer = self._client.post(url, content=payload, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, None, f"{type(error).__name__}: {error}"
        return answer.status_code, answer.text[:KEPT_RESPONSE_LENGTH], None


def _letter(tx: Transaction, delivery_id: str) -> tuple[str, str, bytes]:
    """Where to, signed with what, and the event as it is now, in the endpoint's API version."""
    [delivery] = outbox.find(tx, ids=[delivery_id])
    endpoint = tx.get("webhook_endpoint", delivery["endpoint_id"]) or {}
    event = tx.get("event", delivery["event_id"]) or {}
    event["pending_webhooks"] = outbox.unacknowledged(tx, delivery["event_id"])
    event = in_version(tx, public(event), endpoint.get("api_version"))
    payload = json.dumps(event, indent=2).encode()
    return endpoint.get("url", ""), endpoint.get("_secret", ""), payload


def _record(
    tx: Transaction, delivery_id: str, status: int | None, text: str | None, error: str | None
) -> None:
    [delivery] = outbox.find(tx, ids=[delivery_id])
    attempts = delivery["attempts"] + 1
    at = time.time()
    due = delivery["due"]
    if status is not None and 200 <= status < 300:
        outcome = "succeeded"
    elif attempts <= len(PAUSES_SECONDS):
        outcome, due = "pending", at + PAUSES_SECONDS[attempts - 1]
    else:
        outcome = "failed"
    tx.db.execute(
        "update deliveries set status = ?, attempts = ?, due = ?, response_status = ?, "
        "response_body = ?, error = ?, updated = ? where id = ?",
        (outcome, attempts, due, status, text, error, at, delivery_id),
    )
