"""The database: reachable with the shop's keys, and what it says of itself."""

import time
from collections.abc import Iterator
from datetime import datetime

from backend.config import Settings
from backend.errors import DatabaseUnavailable, Problem, Unauthorized
from backend.gateways.supabase import Database, DatabaseError
from backend.services.doctor import clock
from backend.services.doctor.books import judge_books
from backend.services.doctor.finding import Finding
from backend.services.doctor.migrations import Made, made_by_files
from backend.services.doctor.schema import AREA, MIGRATE, Report, judge_schema


def examine(settings: Settings, database: Database) -> Iterator[Finding]:
    """What it reports to the service, and whether a visitor can read the price list."""
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
    yield from judge_schema(report, made)
    yield from judge_books(report, livemode)


def _report(database: Database) -> Report:
    """With the audit; without it where the books are too long to read in time."""
    try:
        report = database.as_service("health_report")
    except DatabaseUnavailable:
        report = database.as_service("health_report", with_audit=False)
    try:
        return report | {"function_hashes": database.as_service("get_function_hashes")}
    except DatabaseError:
        return report | {"function_hashes": None}


def _unreachable(error: Exception, settings: Settings) -> Finding:
    code, status = "", 0
    if isinstance(error, DatabaseError):
        code, status = error.code, error.status
    if isinstance(error, DatabaseUnavailable):
        return Finding.problem(
            AREA,
            "connection",
            f"{settings.supabase_url} gives no answer.",
            "Compare SUPABASE_URL with the Dashboard; a paused project is resumed there.",
        )
    if isinstance(error, Unauthorized) or (status == 401 and not code):
        return Finding.problem(
            AREA,
            "SUPABASE_SECRET_KEY",
            f"{settings.supabase_url} refuses it.",
            "Copy it anew from the Dashboard (Project Settings, API keys), for this project.",
        )
    if code == "42501":
        return Finding.problem(
            AREA,
            "SUPABASE_SECRET_KEY",
            "It is not a secret key: the database does not take it for the service.",
            "Put the key there that begins with sb_secret_ (or the legacy service_role key).",
        )
    if code == "PGRST106":
        return Finding.problem(
            AREA,
            "exposed schemas",
            "Supabase's API does not expose the schema public.",
            "Add public under Project Settings, Data API, Exposed schemas; never private.",
        )
    if code == "PGRST202":
        return Finding.problem(
            AREA, "migrations", "Not all of them are applied: health_report() is missing.", MIGRATE
        )
    return Finding.problem(AREA, "connection", str(error))


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
