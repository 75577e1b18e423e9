"""Cleanup: payments that nobody will finish, subscriptions of erased users, old records."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from typing import Any

from backend.config import BATCH_SECONDS_MAX, Settings
from backend.errors import StripeFailed, StripeUnavailable
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import REFUSED, Database
from backend.services import facts, inquiry

log = logging.getLogger("topup.cleanup")

BATCH = 50
RECORDS_BATCH = 5000


class Cleanup:
    def __init__(self, settings: Settings, database: Database, stripe: StripeApi) -> None:
        self._settings = settings
        self._database = database
        self._stripe = stripe

    def run(self) -> dict[str, Any]:
        """{payments_ended, payments_left, subscriptions_ended, unavailable, refused, keys_deleted,
        events_deleted, done}.

        What Stripe could not answer stays for the next run. Left is what a bank is at work on, or
        a buyer with a voucher; refused is for a person to look at, and holds up nothing else.
        """
        deadline = time.monotonic() + BATCH_SECONDS_MAX
        counts = Counter(
            payments_ended=0, payments_left=0, subscriptions_ended=0, unavailable=0, refused=0
        )
        unplaced = self._database.as_service(
            "expire_unplaced_payments", livemode=self._settings.livemode, limit=BATCH
        )
        counts["payments_ended"] = unplaced
        is_late = False
        for end, thing_id in self._abandoned():
            if is_late := time.monotonic() > deadline:
                break
            try:
                counts[end()] += 1
            except StripeUnavailable:
                counts["unavailable"] += 1
            except (StripeFailed, *facts.UNREADABLE, *REFUSED):
                log.exception("what can't be ended", extra={"id": thing_id})
                counts["refused"] += 1
        old = self._database.as_service("delete_old_records", limit=RECORDS_BATCH)
        is_rest = is_late or counts["unavailable"] > 0 or unplaced == BATCH
        return {**counts, **old, "done": not is_rest and max(old.values()) < RECORDS_BATCH}

    def _abandoned(self) -> Iterator[tuple[Callable[[], str], str]]:
        """How to end each, and its id. Subscriptions first: they go on costing somebody."""
        for subscription_id in self._pages("list_abandoned_subscriptions", str):
            yield partial(self._end_subscription, subscription_id), subscription_id
        for payment in self._pages("list_abandoned_payments", itemgetter("payment_id")):
            yield partial(self._end_payment, payment), payment["payment_id"]

    def _pages(self, function: str, id_of: Callable[[Any], str]) -> Iterator[Any]:
        """All that the function lists, page after page."""
        after = None
        while True:
            page = self._database.as_service(
                function, livemode=self._settings.livemode, limit=BATCH, after=after
            )
            yield from page
            if len(page) < BATCH:
                break
            after = id_of(page[-1])

    def _end_payment(self, payment: dict[str, Any]) -> str:
        """Close it at Stripe if it is open there, and record how it ended."""
        try:
            learnt = inquiry.ask(self._stripe, payment)
        except StripeRejected as rejection:
            if not rejection.is_missing:
                raise
            learnt = {"payment_id": payment["payment_id"], "ended": "expired"}
        if learnt and not learnt.get("paid") and not learnt.get("ended"):
            learnt = self._close(payment, learnt)
        recorded = self._database.as_service("record_facts", facts=learnt)
        is_open = recorded["status"] in ("pending", "processing")
        return "payments_left" if is_open else "payments_ended"

    def _close(self, payment: dict[str, Any], learnt: facts.Facts) -> facts.Facts:
        if learnt.get("processing"):
            return learnt  # a bank is at work, and may take days
        try:
            if session_id := payment["stripe_checkout_session_id"]:
                session = self._stripe.expire_checkout_session(session_id)
                return facts.of_checkout_session(session)
            if _waits_for_its_buyer(learnt):
                return learnt
            intent = self._stripe.cancel_payment_intent(
                payment["stripe_payment_intent_id"], "abandoned"
            )
            return facts.of_payment_intent(intent)
        except StripeRejected:  # somebody was faster
            return inquiry.ask(self._stripe, payment) or learnt

    def _end_subscription(self, subscription_id: str) -> str:
        """Its user has been erased: nobody may go on paying for him."""
        asked_at = time.time()
        try:
            subscription = self._stripe.end_subscription(subscription_id)
        except StripeRejected as rejection:
            if rejection.is_missing:
                return self._record_gone(subscription_id)
            subscription = self._stripe.retrieve_subscription(subscription_id)
        learnt = facts.of_subscription(subscription, asked_at)
        self._database.as_service("record_facts", facts=learnt)
        return "subscriptions_ended"

    def _record_gone(self, subscription_id: str) -> str:
        """Stripe does not know it any more, so nobody pays for it."""
        now = datetime.now(UTC).isoformat()
        gone = {"id": subscription_id, "status": "canceled", "cancel_at_period_end": False}
        learnt = {"subscription": gone | {"ended_at": now, "learnt_at": now}}
        self._database.as_service("record_facts", facts=learnt)
        return "subscriptions_ended"


def _waits_for_its_buyer(learnt: facts.Facts) -> bool:
    """He has a voucher in his hand, or a transfer to make."""
    ends_at = learnt.get("expires_at")
    return ends_at is not None and datetime.fromisoformat(ends_at) > datetime.now(UTC)
