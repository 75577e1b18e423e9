"""Reconciliation: ask Stripe for the objects, not only the events, and repair what was lost.

Stripe's lists are read page by page, newest first. A page becomes facts, one call to the database
says which of them the books do not hold, and those alone are merged, as any webhook would have
merged them. How far a run has got is written down after each page, so that the next call goes on
from there.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backend.config import BATCH_SECONDS_MAX, Settings
from backend.gateways.stripe_api import LISTS, StripeApi, StripeObject
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import REFUSED, Database, DatabaseError
from backend.services import facts
from backend.services.facts import Facts

log = logging.getLogger("topup.reconciliation")

# A scheduled run looks this far back: a payment's end is known after some days.
WINDOW_SECONDS = 30 * 86_400
# These end long after they began: a dispute is decided, a refund fails, an open invoice is paid.
SLOW = {"refunds": 180 * 86_400, "disputes": 180 * 86_400, "invoices": 90 * 86_400}
PAGES_MAX = 10_000  # a million objects of one list
UNREADABLE = "unreadable"

READINGS: dict[str, Callable[[StripeObject], Facts | None]] = {
    "checkout.sessions": facts.of_checkout_session,
    "payment_intents": facts.of_payment_intent,
    "invoices": facts.of_invoice,
    "subscriptions": facts.of_subscription,
    "refunds": facts.of_refund,
    "disputes": facts.of_dispute,
}
RESOURCES = list(LISTS)
Progress = Callable[[str, dict[str, int]], None]


@dataclass(frozen=True)
class Page:
    """What Stripe had in one list at `asked_at` (RFC 3339), up to the object `last_id`."""

    resource: str
    objects: list[StripeObject]
    last_id: str | None
    asked_at: str


class Reconciliation:
    def __init__(self, settings: Settings, database: Database, stripe: StripeApi) -> None:
        self._settings = settings
        self._database = database
        self._stripe = stripe

    def run(self) -> dict[str, Any]:
        """One bounded piece of a run, for a job: {checked, repaired, refused, drift, since, done}.

        `drift` counts what had drifted, by kind; `done` is false when the next call should go on.
        """
        deadline = time.monotonic() + BATCH_SECONDS_MAX
        place = self._begin()
        counts = Counter(place["counts"])
        pages = self._pages(_seconds(place["since"]), place["resource"], place["starting_after"])
        for page in pages:
            counts.update(self._compare(page, repair=True))
            self._note(page.resource, page.last_id, counts)
            if time.monotonic() > deadline:
                return _report(counts, place["since"], done=False)
        self._note(None, None, counts)
        return _report(counts, place["since"], done=True)

    def run_whole(self, since: datetime, dry_run: bool, progress: Progress) -> dict[str, Any]:
        """All of it from `since` on, for a person who watches; `dry_run` repairs nothing.

        `progress(resource, counts)` is called after each page.
        """
        counts: Counter[str] = Counter()
        for page in self._pages(int(since.timestamp()), None, None):
            counts.update(self._compare(page, repair=not dry_run))
            progress(page.resource, dict(counts))
        return _report(counts, since.isoformat(), done=True)

    def _pages(
        self, since: int, resource: str | None, starting_after: str | None
    ) -> Iterator[Page]:
        """Every page of every list, from the place where a run was cut off."""
        for name in RESOURCES[RESOURCES.index(resource) if resource else 0 :]:
            last_id = starting_after if name == resource else None
            for _ in range(PAGES_MAX):
                oldest = min(since, int(time.time()) - SLOW.get(name, 0))
                asked_at = datetime.now(UTC).isoformat()
                try:
                    objects, has_more = self._stripe.page_of(name, oldest, last_id)
                except StripeRejected as rejection:
                    if rejection.param != "starting_after":
                        raise
                    last_id = None  # the last object read was deleted: from the beginning again
                    continue
                last_id = objects[-1]["id"] if objects else last_id
                yield Page(name, objects, last_id, asked_at)
                if not has_more:
                    break

    def _compare(self, page: Page, repair: bool) -> Counter[str]:
        """Counts: checked, repaired, refused, and drift:<kind> for each kind."""
        readings, unreadable = self._read(page)
        kinds = self._drift_of(readings)
        counts = Counter(checked=len(page.objects), refused=unreadable + kinds.count(UNREADABLE))
        drift = {n: kind for n, kind in enumerate(kinds) if kind and kind != UNREADABLE}
        counts.update(f"drift:{kind}" for kind in drift.values())
        if repair:
            counts.update(self._repair([readings[n] for n in drift]))
        return counts

    def _repair(self, drifted: list[Facts]) -> Counter[str]:
        """Merge each. What differs even then, or was flagged, is refused: a person must look."""
        if not drifted:
            return Counter()
        payments = [self._merge(learnt) for learnt in drifted]
        still = self._drift_of(drifted)
        refused = sum(
            kind is not None or _is_flagged(payment)
            for kind, payment in zip(still, payments, strict=True)
        )
        return Counter(repaired=len(drifted) - refused, refused=refused)

    # One object that can't be read, compared or merged must not hold up all that come after it.

    def _drift_of(self, readings: list[Facts]) -> list[str | None]:
        """How each differs from the books; None: it does not; UNREADABLE: nobody can say."""
        if not readings:
            return []
        try:
            return self._database.as_service("find_drift", facts=readings)
        except DatabaseError as error:
            if not error.is_about_data:
                raise
            if len(readings) > 1:
                return [kind for learnt in readings for kind in self._drift_of([learnt])]
            log.exception("facts that can't be compared", extra=_ids_in(readings[0]))
            return [UNREADABLE]

    def _merge(self, learnt: Facts) -> dict[str, Any] | None:
        try:
            return self._database.as_service("record_facts", facts=learnt)
        except REFUSED:
            log.exception("facts that can't be merged", extra=_ids_in(learnt))
            return None

    def _read(self, page: Page) -> tuple[list[Facts], int]:
        """The facts of a page's objects, and how many can't be read."""
        readings, unreadable = [], 0
        for found in page.objects:
            try:
                learnt = self._reading_of(page, found)
            except facts.UNREADABLE:
                log.exception("unreadable object", extra={"stripe_id": found.get("id")})
                unreadable += 1
            else:
                readings += [learnt] if learnt else []
        return readings, unreadable

    def _reading_of(self, page: Page, found: StripeObject) -> Facts | None:
        if page.resource == "invoices" and found["lines"]["has_more"]:
            found = self._stripe.retrieve_invoice(found["id"])  # a list shows the first lines only
        learnt = READINGS[page.resource](found)
        if learnt and "subscription" in learnt:  # what was told since then is newer
            learnt["subscription"]["learnt_at"] = page.asked_at
        return learnt

    def _begin(self) -> dict[str, Any]:
        return self._database.as_service(
            "begin_reconciliation",
            livemode=self._settings.livemode,
            since=facts.time_of(int(time.time()) - WINDOW_SECONDS),
        )

    def _note(self, resource: str | None, starting_after: str | None, counts: Counter[str]) -> None:
        self._database.as_service(
            "note_reconciliation",
            livemode=self._settings.livemode,
            resource=resource,
            starting_after=starting_after,
            counts=counts,
        )


def _is_flagged(payment: dict[str, Any] | None) -> bool:
    error = (payment or {}).get("error") or {}
    return error.get("code") == "amount_mismatch"


def _ids_in(learnt: Facts) -> dict[str, Any]:
    """What a person finds it by. The rest may hold links that open to whoever has them."""
    parts = [
        learnt.get("invoice"), learnt.get("subscription"),
        *learnt.get("refunds", []), *learnt.get("disputes", []),
    ]  # fmt: skip
    return {
        "stripe_ids": [part.get("id") for part in parts if part],
        **{name: value for name, value in learnt.items() if name.endswith("_id")},
    }


def _report(counts: Counter[str], since: str, done: bool) -> dict[str, Any]:
    drift = {
        name.removeprefix("drift:"): count
        for name, count in counts.items()
        if name.startswith("drift:")
    }
    told = {name: counts[name] for name in ("checked", "repaired", "refused")}
    return {**told, "drift": drift, "since": since, "done": done}


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
