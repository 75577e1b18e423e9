"""`flask doctor` on a running shop: well, and with one thing after the other broken."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.backend.commands import flask

Env = dict[str, str]
Connection = psycopg.Connection[dict]
NOWHERE = "http://127.0.0.1:9"


def examined(env: Env) -> dict[str, Any]:
    ran = flask(env, "doctor", "--json")
    report = json.loads(ran.stdout)
    assert (ran.returncode == 0) == report["ok"], ran.stdout + ran.stderr
    return report


def problems(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (each["area"], each["subject"])
        for each in report["findings"]
        if each["status"] == "problem"
    ]


@contextmanager
def broken(database: Connection, breaking: str, mending: str) -> Iterator[None]:
    database.execute(breaking)
    try:
        yield
    finally:
        database.execute(mending)


def test_a_sandbox_is_well(sandbox: Env) -> None:
    report = examined(sandbox)
    assert problems(report) == []
    seen = {(each["area"], each["subject"]) for each in report["findings"]}
    assert seen >= {
        ("environment", "PAYMENT_ENV"), ("environment", "CRON_SECRET"), ("environment", "ALLOWED_ORIGINS"),
        ("database", "connection"), ("database", "clock"), ("database", "roles"), ("database", "migrations"),
        ("database", "row security"), ("database", "policies"), ("database", "grants"), ("database", "ledger"),
        ("database", "audit"), ("database", "price list"), ("sign-in", "public keys"),
        ("stripe", "account"), ("stripe", "clock"), ("pages", "success.html"),
    }  # fmt: skip


def test_it_is_readable(sandbox: Env) -> None:
    ran = flask(sandbox, "doctor")
    assert ran.returncode == 0
    assert "\x1b" not in ran.stdout, "no colours where nobody sees them"
    assert ran.stdout.splitlines()[0] == "environment"
    told = [line for line in ran.stdout.splitlines() if line.startswith(("  ok", "  warning"))]
    sentences = [re.split(" {2,}", line.strip(), maxsplit=2)[2] for line in told]
    assert len({line.index(sentence) for line, sentence in zip(told, sentences, strict=True)}) == 1
    assert max(map(len, told)) <= 110
    assert not [secret for secret in secrets(sandbox) if secret in ran.stdout + ran.stderr]


def secrets(env: Env) -> list[str]:
    return [value for name, value in env.items() if "SECRET" in name or name == "SERVICE_API_KEYS"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"STRIPE_SECRET_KEY": "sk_test_wrong"}, ("stripe", "STRIPE_SECRET_KEY")),
        ({"STRIPE_API_BASE": NOWHERE}, ("stripe", "connection")),
        ({"SUPABASE_URL": NOWHERE}, ("database", "connection")),
        ({"SUPABASE_SECRET_KEY": "sb_secret_wrong"}, ("database", "SUPABASE_SECRET_KEY")),
        (
            {"SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x"},
            ("database", "SUPABASE_PUBLISHABLE_KEY"),
        ),
        ({"SUPABASE_JWKS_URL": NOWHERE, "SUPABASE_JWT_SECRET": ""}, ("sign-in", "public keys")),
        ({"STRIPE_WEBHOOK_SECRET": ""}, ("environment", "STRIPE_WEBHOOK_SECRET")),
    ],
    ids=str,
)
def test_one_wrong_variable_is_one_problem(
    sandbox: Env, changed: Env, expected: tuple[str, str]
) -> None:
    """And what does not depend on it is looked at all the same."""
    report = examined(sandbox | changed)
    assert problems(report) == [expected]
    assert {each["area"] for each in report["findings"]} == {
        "environment", "database", "sign-in", "stripe", "pages",
    }  # fmt: skip


@pytest.mark.parametrize(("there", "status"), [("another site", "problem"), ("nobody", "warning")])
def test_buyers_must_find_the_page_that_they_come_back_to(
    sandbox: Env, there: str, status: str
) -> None:
    """A backend that is not deployed yet is no mistake; the app's address in its place is."""
    address = sandbox["SUPABASE_URL"] if there == "another site" else NOWHERE
    report = examined(sandbox | {"FRONTEND_URL": address})
    [found] = [each for each in report["findings"] if each["area"] == "pages"]
    assert (found["subject"], found["status"]) == ("success.html", status)


def test_the_visitors_key_in_the_services_place_is_recognized(sandbox: Env) -> None:
    changed = {"SUPABASE_SECRET_KEY": sandbox["SUPABASE_PUBLISHABLE_KEY"]}
    assert problems(examined(sandbox | changed)) == [("database", "SUPABASE_SECRET_KEY")]


@pytest.mark.parametrize(
    ("subject", "breaking", "mending"),
    [
        (
            "row security",
            "alter table credit_holds disable row level security",
            "alter table credit_holds enable row level security",
        ),
        (
            "row security",
            "alter table private.credit_lots disable row level security",
            "alter table private.credit_lots enable row level security",
        ),
        (
            "row security",
            "alter view payments set (security_invoker = false)",
            "alter view payments set (security_invoker = true)",
        ),
        (
            "grants",
            "grant update (balance) on user_credits to authenticated",
            "revoke update (balance) on user_credits from authenticated",
        ),
        (
            "grants",
            "grant update (remaining) on private.credit_lots to authenticated",
            "revoke update (remaining) on private.credit_lots from authenticated",
        ),
        (
            "grants",
            "grant execute on function get_order(uuid) to public",
            "revoke execute on function get_order(uuid) from public",
        ),
        (
            "search_path",
            "alter function get_order(uuid) reset search_path",
            "alter function get_order set search_path = ''",
        ),
        (
            "grants",
            "grant usage on schema private to anon",
            "revoke usage on schema private from anon",
        ),
        (
            "ledger",
            "alter table credit_transactions disable trigger user",
            "alter table credit_transactions enable trigger user",
        ),
        (
            "policies",
            'drop policy "Users read only their own holds" on credit_holds',
            'create policy "Users read only their own holds" on credit_holds '
            "for select to authenticated using (user_id = (select auth.uid()))",
        ),
    ],
    ids=lambda value: value if value.count(" ") > 1 else None,
)
def test_what_is_open_or_missing_in_the_database_is_found(
    sandbox: Env, database: Connection, subject: str, breaking: str, mending: str
) -> None:
    with broken(database, breaking, mending):
        assert problems(examined(sandbox)) == [("database", subject)]


def test_a_migration_that_is_not_applied_is_named(sandbox: Env, database: Connection) -> None:
    versions = "supabase_migrations.schema_migrations"
    with database.transaction(force_rollback=True):
        row = database.execute(f"delete from {versions} where version = (select max(version) from {versions}) returning *").fetchone()  # fmt: skip
    assert row is not None
    columns = ", ".join(row)
    database.execute(f"delete from {versions} where version = %s", [row["version"]])
    try:
        report = examined(sandbox)
    finally:
        places = ", ".join(["%s"] * len(row))
        database.execute(
            f"insert into {versions} ({columns}) values ({places})", list(row.values())
        )
    assert problems(report) == [("database", "migrations")]
    assert row["version"] in json.dumps(report)


def test_books_that_are_wrong_are_told_with_the_law(
    sandbox: Env, buyer: Any, database: Connection
) -> None:
    database.execute("insert into user_credits (user_id, balance) values (%s, 5)", [buyer.id])
    try:
        report = examined(sandbox)
    finally:
        database.execute("delete from user_credits where user_id = %s", [buyer.id])
    assert problems(report) == [("database", "audit")]
    assert "balance is the sum of the ledger" in json.dumps(report)


def test_without_any_environment_it_reports_and_does_not_crash() -> None:
    ran = flask({}, "doctor")
    assert ran.returncode == 1
    assert "SUPABASE_URL is missing" in ran.stdout
    assert "Traceback" not in ran.stderr


def test_other_commands_say_what_is_missing_and_who_knows_more() -> None:
    ran = flask({}, "refund", "--payment-id", "x", "--yes")
    assert ran.returncode == 1
    assert "SUPABASE_URL is missing" in ran.stderr
    assert "flask doctor" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_all_commands_are_listed_whatever_the_environment(sandbox: Env) -> None:
    for env in (sandbox, {}):
        listed = flask(env, "--help").stdout
        for name in ("doctor", "events", "reconcile", "refund", "stripe-setup"):
            assert f"\n  {name} " in listed
