"""The books: whether they are right, what money is in them, and what Stripe's events came to."""

from collections.abc import Iterator

from backend.services.doctor.finding import Finding
from backend.services.doctor.schema import AREA, Report


def judge_books(report: Report, livemode: bool) -> Iterator[Finding]:
    """What the report means, for a shop of this mode."""
    yield _ledger(report)
    yield _money(report, livemode)
    yield _laws(report)
    yield _inbox(report)


def _ledger(report: Report) -> Finding:
    if report["ledger_is_append_only"]:
        return Finding.ok(AREA, "ledger", "Nobody can change it.")
    return Finding.problem(
        AREA,
        "ledger",
        "Its trigger is off, so its rows can be changed.",
        "alter table public.credit_transactions enable trigger user;",
    )


def _money(report: Report, livemode: bool) -> Finding:
    """The ledger does not tell test credits from bought ones: both can be spent."""
    if livemode and report["holds_test_credits"]:
        return Finding.warning(
            AREA,
            "test money",
            "Credits that were bought with test money can be spent here.",
            "Take them back (POST /api/admin/credits/grant, below zero), or go live with a Supabase"
            " project of its own. Never let a test deployment use this one.",
        )
    return Finding.ok(AREA, "test money", "It has bought nothing that live credits would pay for.")


def _laws(report: Report) -> Finding:
    laws = report["broken_laws"]
    if laws is None:
        return Finding.warning(
            AREA,
            "audit",
            "The books are too long to be read in time.",
            "Run it yourself: select * from private.audit();",
        )
    if not laws["count"]:
        return Finding.ok(AREA, "audit", "The books are right.")
    first = "\n".join(f"{law['law']}: {law['subject']} ({law['detail']})" for law in laws["first"])
    return Finding.problem(
        AREA,
        "audit",
        f"The books are wrong in {laws['count']} places. Stop selling until you know why.",
        f"See all with private.audit(). The first:\n{first}",
    )


def _inbox(report: Report) -> Finding:
    if report["failed_events"]:
        return Finding.warning(
            AREA,
            "inbox",
            f"{report['failed_events']} of Stripe's events could not be used.",
            "flask events list --status failed",
        )
    heard = (report["last_event_at"] or "")[:19]
    said = f"Last heard from Stripe at {heard} UTC." if heard else "Stripe has sent nothing yet."
    return Finding.ok(AREA, "inbox", said)
