"""The database: reachable, as the migrations make it, closed to strangers, and in balance."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backend.config import Settings
from backend.errors import DatabaseUnavailable, Problem, Unauthorized
from backend.gateways.supabase import Database, DatabaseError
from backend.services.doctor import clock
from backend.services.doctor.finding import Finding
from backend.services.doctor.migrations import CALLERS, Made, made_by_files

AREA = "database"
MIGRATE = "make migrate URL=postgresql://… (the connection string in Supabase's Dashboard)"
ROLES = (*CALLERS, "service_role")

Report = dict[str, Any]


def examine(settings: Settings, database: Database) -> Iterator[Finding]:
    """Two calls: one as the service for the report, one as a visitor for the price list."""
    asked_at = time.time()
    try:
        report = _report(database)
    except (Problem, DatabaseError) as error:
        yield _unreachable(error, settings)
        return
    version = report["server_version"]
    yield Finding.ok(AREA, "connection", f"{settings.supabase_url}, Postgres {version}")
    yield clock.judge(AREA, datetime.fromisoformat(report["now"]), asked_at, time.time())
    yield from judge(report, made_by_files(), settings.livemode)
    yield _price_list(settings, database)


def judge(report: Report, made: Made | None, livemode: bool) -> Iterator[Finding]:
    """What the report means, against what the migration files make."""
    yield from _roles(report)
    if made is None:
        yield Finding(AREA, "migrations", "skipped", "The files in sql/ are not on this machine.")
    else:
        yield _migrations(report, made)
        yield from _tables(report, made)
        yield from _grants(report, made)
    yield _ledger(report)
    yield _money(report, livemode)
    yield _laws(report)
    yield _inbox(report)


def _report(database: Database) -> Report:
    """With the audit; without it where the books are too long to read in time."""
    try:
        return database.as_service("health_report")
    except DatabaseUnavailable:
        return database.as_service("health_report", with_audit=False)


def _unreachable(error: Exception, settings: Settings) -> Finding:
    text = str(error)
    if isinstance(error, DatabaseUnavailable):
        return Finding.problem(
            AREA,
            "connection",
            f"{settings.supabase_url} gives no answer.",
            "Compare SUPABASE_URL with the Dashboard; a paused project is resumed there.",
        )
    if isinstance(error, Unauthorized) or "api key" in text.lower() or "HTTP 401" in text:
        return Finding.problem(
            AREA,
            "SUPABASE_SECRET_KEY",
            f"{settings.supabase_url} refuses it.",
            "Copy it anew from the Dashboard (Project Settings, API keys), for this project.",
        )
    if "42501" in text:
        return Finding.problem(
            AREA,
            "SUPABASE_SECRET_KEY",
            "It is not a secret key: the database does not take it for the service.",
            "Put the key there that begins with sb_secret_ (or the legacy service_role key).",
        )
    if "PGRST106" in text:
        return Finding.problem(
            AREA,
            "exposed schemas",
            "Supabase's API does not expose the schema public.",
            "Add public under Project Settings, Data API, Exposed schemas; never private.",
        )
    if "PGRST202" in text:
        return Finding.problem(
            AREA, "migrations", "Not all of them are applied: health_report() is missing.", MIGRATE
        )
    return Finding.problem(AREA, "connection", text)


def _roles(report: Report) -> Iterator[Finding]:
    wrong = [name for name in ROLES if name not in report["roles"]]
    barred = [
        name
        for name in ROLES
        if name not in wrong and not report["roles"][name]["authenticator_may_become"]
    ]
    if wrong or barred:
        yield Finding.problem(
            AREA,
            "roles",
            f"Missing or out of PostgREST's reach: {', '.join([*wrong, *barred])}.",
            "These come with every Supabase project; this database does not look like one.",
        )
    elif not report["roles"]["service_role"]["bypasses_row_security"]:
        yield Finding.problem(
            AREA,
            "roles",
            "service_role does not bypass row security.",
            "alter role service_role bypassrls;",
        )
    else:
        yield Finding.ok(AREA, "roles", ", ".join(ROLES))


def _migrations(report: Report, made: Made) -> Finding:
    there = {relation["name"] for relation in report["relations"]}
    there |= {function["name"] for function in report["functions"]}
    missing = sorted((made.relations | made.functions) - there)
    if report["migrations"] is None and not missing:
        return Finding.ok(AREA, "migrations", "All tables and functions are there, by hand.")
    not_applied = sorted(set(made.versions) - set(report["migrations"] or []))
    if missing or not_applied:
        what = ", ".join(not_applied if report["migrations"] else missing)
        return Finding.problem(AREA, "migrations", f"Not applied: {what}.", MIGRATE)
    newer = [version for version in report["migrations"] if version > made.versions[-1]]
    if newer:
        return Finding.warning(
            AREA,
            "migrations",
            f"The database is ahead of this code: {', '.join(newer)}.",
            "Deploy the code that they came with, if they are this shop's.",
        )
    return Finding.ok(AREA, "migrations", f"All {len(made.versions)} are applied.")


def _tables(report: Report, made: Made) -> Iterator[Finding]:
    ours = [each for each in report["relations"] if each["name"] in made.relations]
    tables = [each for each in ours if each["is_table"]]
    open_tables = [each["name"] for each in tables if not each["row_security"]]
    bare = [each["name"] for each in tables if each["row_security"] and not each["policies"]]
    blind = [each["name"] for each in ours if not each["is_table"] and not each["security_invoker"]]
    if open_tables:
        yield Finding.problem(
            AREA,
            "row security",
            f"It is off for {', '.join(open_tables)}.",
            "\n".join(f"alter table public.{t} enable row level security;" for t in open_tables),
        )
    if blind:
        yield Finding.problem(
            AREA,
            "row security",
            f"These views show everybody's rows: {', '.join(blind)}.",
            "\n".join(f"alter view public.{v} set (security_invoker = true);" for v in blind),
        )
    if not open_tables and not blind:
        yield Finding.ok(AREA, "row security", f"On for all {len(tables)} tables.")
    if bare:
        yield Finding.problem(
            AREA,
            "policies",
            f"None is left on {', '.join(bare)}, so its owner sees nothing.",
            "Run the `create policy` of the migration that makes the table again.",
        )
    else:
        yield Finding.ok(AREA, "policies", "Each table has its own.")


def _grants(report: Report, made: Made) -> Iterator[Finding]:
    """What users and visitors may do beyond what the files grant."""
    wide = [
        f"revoke {privilege} on public.{each['name']} from {caller};"
        for each in report["relations"]
        if each["name"] in made.relations
        for caller, privileges in each["grants"].items()
        for privilege in privileges
        if privilege != "select" or (each["name"], caller) not in made.grants
    ]
    wide += [
        f"revoke execute on function public.{each['name']} from public, {caller};"
        for each in report["functions"]
        if each["name"] in made.functions
        for caller in each["callers"]
        if (each["name"], caller) not in made.grants
    ]
    wide += [
        f"revoke all on schema private from public, {caller};"
        for caller in report["private_schema_open_to"]
    ]
    if wide:
        yield Finding.problem(
            AREA, "grants", "Users or visitors may do more than they should.", "\n".join(wide)
        )
    else:
        yield Finding.ok(AREA, "grants", "Users and visitors may do what the migrations grant.")
    if opened := report["default_privileges_open_to"]:
        names = ", ".join(opened)
        yield Finding.warning(
            AREA,
            "grants",
            f"The next table that is made will be open to {names}.",
            f"alter default privileges in schema public revoke all on tables from {names};",
        )


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


def _price_list(settings: Settings, database: Database) -> Finding:
    try:
        listed = database.as_anyone("list_packages")
    except (Problem, DatabaseError) as error:
        return Finding.problem(
            AREA,
            "SUPABASE_PUBLISHABLE_KEY",
            f"A visitor can't read the price list with it: {error}",
            "Copy it anew from the Dashboard (Project Settings, API keys), for this project.",
        )
    sold = [package for package in listed if package["currency"] == settings.default_currency]
    if not sold:
        return Finding.warning(
            AREA,
            "price list",
            f"Nothing is sold in {settings.default_currency}, the shop's own currency.",
            "Set DEFAULT_CURRENCY, or add prices: docs/database.md shows how.",
        )
    return Finding.ok(
        AREA, "price list", f"{len(sold)} packages in {settings.default_currency} for visitors."
    )
