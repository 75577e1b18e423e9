"""Cleanup: payments that nobody will finish, subscriptions of erased users, old records."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from backend.config import BATCH_SECONDS_MAX, Settings
from backend.errors import StripeFailed, StripeUnavailable
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import Database
from backend.services import facts, inquiry

BATCH = 50
RECORDS_BATCH = 5000


class Cleanup:
    def __init__(self, settings: Settings, database: Database, stripe: StripeApi) -> None:
        self._settings = settings
        self._database = database
        self._stripe = stripe

    def run(self) -> dict[str, Any]:
        """{payments_ended, subscriptions_ended, unavailable, refused, keys_deleted, events_deleted,
        done}.

        What Stripe could not answer stays for the next run.
        """
        deadline = time.monotonic() + BATCH_SECONDS_MAX
        counts = Counter(payments_ended=0, subscriptions_ended=0, unavailable=0, refused=0)
        livemode = self._settings.livemode
        abandoned = self._database.as_service(
            "list_abandoned_payments", livemode=livemode, limit=BATCH
        )
        subscriptions = self._database.as_service(
            "list_abandoned_subscriptions", livemode=livemode, limit=BATCH
        )
        work: list[tuple[Callable[[Any], str], Any]] = [
            (self._end_payment, payment) for payment in abandoned
        ]
        work += [(self._end_subscription, subscription) for subscription in subscriptions]
        for nth, (end, thing) in enumerate(work):
            if time.monotonic() > deadline:
                counts["unavailable"] += len(work) - nth
                break
            try:
                counts[end(thing)] += 1
            except StripeUnavailable:
                counts["unavailable"] += 1
            except StripeFailed:  # for a person to look at, without holding up the others
                counts["refused"] += 1
        old = self._database.as_service("delete_old_records", limit=RECORDS_BATCH)
        is_done = len(work) < BATCH and not counts["unavailable"]
        return {**counts, **old, "done": is_done and max(old.values()) < RECORDS_BATCH}

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
        self._database.as_service("record_facts", facts=learnt)
        return "payments_ended"

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
