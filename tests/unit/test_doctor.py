"""What the doctor makes of what it sees: every finding names its cure, and nothing right is a finding."""

import copy
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backend.services.doctor import clock, environment, examine, stripe_account, supabase_project
from backend.services.doctor.finding import Finding
from backend.services.doctor.migrations import Made, made_by_files
from backend.services.webhook_setup import EVENTS, MARK, mark_of
from tests import shop

VERSION = "2026-10-28.endive"
MADE = Made(
    versions=["20260101000000", "20260102000000"],
    relations={"orders", "shown_orders"},
    functions={"list_orders", "order"},
    grants={
        ("orders", "authenticated"),
        ("shown_orders", "authenticated"),
        ("list_orders", "anon"),
    },
    hashes={"public.order": "a1", "private.settle": "b2"},
)
REPORT: dict[str, Any] = {
    "migrations": MADE.versions,
    "roles": {
        name: {"bypasses_row_security": name == "service_role", "authenticator_may_become": True}
        for name in ("anon", "authenticated", "service_role")
    },
    "relations": [
        {
            "name": "orders", "is_table": True, "row_security": True, "security_invoker": False,
            "policies": 1, "grants": {"authenticated": ["select"]},
        },
        {
            "name": "shown_orders", "is_table": False, "row_security": False,
            "security_invoker": True, "policies": 0, "grants": {"authenticated": ["select"]},
        },
        {
            "name": "of_the_host_app", "is_table": True, "row_security": False,
            "security_invoker": False, "policies": 0, "grants": {"anon": ["insert", "select"]},
        },
    ],
    "functions": [
        {"name": "list_orders", "search_path_is_pinned": True, "callers": ["anon"]},
        {"name": "order", "search_path_is_pinned": True, "callers": []},
        {"name": "of_the_host_app", "search_path_is_pinned": False, "callers": ["anon"]},
    ],
    "function_hashes": {"public.order": ["a0", "a1"], "private.settle": ["b2"], "public.theirs": ["c"]},
    "private_schema_open_to": [],
    "default_privileges_open_to": [],
    "ledger_is_append_only": True,
    "holds_test_credits": False,
    "failed_events": 0,
    "last_event_at": None,
    "broken_laws": {"count": 0, "first": []},
}  # fmt: skip


def ailments(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """(status, subject) of what is not well; each must say what to do."""
    ill = [each for each in findings if each.status != "ok"]
    assert all(each.cure for each in ill if each.area != "environment"), ill
    return [(each.status, each.subject) for each in ill]


def judged(*path: Any, to: Any) -> list[Finding]:
    """The findings about a healthy database of which one thing is changed."""
    report = copy.deepcopy(REPORT)
    place = report
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    return list(supabase_project.judge(report, MADE, livemode=True))


def test_a_healthy_database_has_nothing() -> None:
    """Whatever tables and functions the host app has beside ours."""
    assert ailments(supabase_project.judge(REPORT, MADE, livemode=True)) == []


@pytest.mark.parametrize(
    ("path", "to", "ailment"),
    [
        (("migrations",), ["20260101000000"], ("problem", "migrations")),
        (("migrations",), [*MADE.versions, "20270101000000"], ("warning", "migrations")),
        (("function_hashes", "public.order"), ["a0"], ("problem", "functions")),
        (("function_hashes", "private.settle"), [], ("problem", "functions")),
        (("relations", 0, "name"), "renamed", ("problem", "migrations")),
        (("functions", 1, "name"), "renamed", ("problem", "migrations")),
        (("relations", 0, "row_security"), False, ("problem", "row security")),
        (("relations", 1, "security_invoker"), False, ("problem", "row security")),
        (("relations", 0, "policies"), 0, ("problem", "policies")),
        (("relations", 0, "grants"), {"anon": ["select"]}, ("problem", "grants")),
        (("relations", 0, "grants"), {"authenticated": ["insert"]}, ("problem", "grants")),
        (("functions", 1, "callers"), ["authenticated"], ("problem", "grants")),
        (("functions", 1, "search_path_is_pinned"), False, ("problem", "search_path")),
        (("private_schema_open_to",), ["anon"], ("problem", "grants")),
        (("default_privileges_open_to",), ["anon"], ("warning", "grants")),
        (("roles", "anon", "authenticator_may_become"), False, ("problem", "roles")),
        (("roles", "service_role", "bypasses_row_security"), False, ("problem", "roles")),
        (("ledger_is_append_only",), False, ("problem", "ledger")),
        (("holds_test_credits",), True, ("warning", "test money")),
        (("failed_events",), 3, ("warning", "inbox")),
        (("broken_laws",), None, ("warning", "audit")),
        (
            ("broken_laws",),
            {"count": 1, "first": [{"law": "a law", "subject": "x", "detail": "y"}]},
            ("problem", "audit"),
        ),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_each_ailment_is_found(path: tuple[Any, ...], to: Any, ailment: tuple[str, str]) -> None:
    assert ailment in ailments(judged(*path, to=to))


def test_where_test_money_is_all_there_is_its_credits_are_no_ailment() -> None:
    report = REPORT | {"holds_test_credits": True}
    assert ailments(supabase_project.judge(report, MADE, livemode=False)) == []


@pytest.mark.parametrize("of_the_host_app", [None, [], ["20250101000000"]])
def test_migrations_that_were_applied_by_hand_are_known_by_what_they_made(
    of_the_host_app: list[str] | None,
) -> None:
    assert ailments(judged("migrations", to=of_the_host_app)) == []


@pytest.mark.parametrize(
    ("known_to_the_cli", "cure"), [([], "psql"), (MADE.versions[:1], "make migrate URL=")]
)
@pytest.mark.parametrize(
    ("path", "to"),
    [(("functions", 1, "name"), "renamed"), (("function_hashes", "public.order"), ["a0"])],
)
def test_what_was_applied_by_hand_is_mended_by_hand(
    known_to_the_cli: list[str], cure: str, path: tuple[Any, ...], to: Any
) -> None:
    """make migrate would begin with the first file, and stop at it."""
    report = copy.deepcopy(REPORT) | {"migrations": known_to_the_cli}
    place: Any = report
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    found = supabase_project.judge(report, MADE, livemode=True)
    assert [each.cure.startswith(cure) for each in found if each.status != "ok"][0]


def test_what_is_gone_though_every_file_was_applied_is_mended_by_hand() -> None:
    """make migrate would find nothing to do."""
    gone = copy.deepcopy(REPORT)
    gone["functions"][1]["name"] = "renamed"
    gone["function_hashes"].pop("public.order")
    found = [each for each in supabase_project.judge(gone, MADE, livemode=True) if each.cure]
    assert [each.subject for each in found] == ["migrations", "functions"]
    assert "order" in found[0].says
    assert not any("make migrate URL" in each.cure for each in found)


def test_without_the_files_the_rest_is_looked_at() -> None:
    subjects = {finding.subject for finding in supabase_project.judge(REPORT, None, livemode=True)}
    assert {"roles", "ledger", "audit"} <= subjects


def test_the_files_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "20260101000000_first.sql").write_text(
        "-- Undo: drop function public.gone;\n"
        "create table public.kept (a int);\n"
        "create table public.dropped (a int);\n"
        "grant select on public.kept, public.dropped\n  to anon, authenticated, service_role;\n"
        "create function public.redone() returns int language sql as 'select 1';\n"
        "grant execute on function public.redone() to authenticated;\n"
    )
    (tmp_path / "20260102000000_second.sql").write_text(
        "drop table public.dropped;\n"
        "drop function public.redone();\n"
        "drop function private.gone(public.kept);\n"
        "create or replace view public.shown as select 1;\n"
        "create function public.redone(a int) returns int language sql as 'select 1';\n"
        "grant execute on function public.redone(int) to service_role;\n"
    )
    made = made_by_files(tmp_path)
    assert made == Made(
        versions=["20260101000000", "20260102000000"],
        relations={"kept", "shown"},
        functions={"redone"},
        grants={("kept", "anon"), ("kept", "authenticated")},
    )
    assert made_by_files(tmp_path / "nowhere") is None


def test_visitors_may_read_the_catalog_and_no_more() -> None:
    """Of the files as they are."""
    made = made_by_files()
    assert made is not None
    assert {name for name, caller in made.grants if caller == "anon"} == {
        "credit_packages", "credit_package_prices", "list_packages",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("theirs", "precision", "status"),
    [
        (1000, 0, "ok"),
        (1005, 0, "ok"),
        (994, 0, "problem"),
        (1007, 0, "problem"),
        (1007, 1, "problem"),
        (994, 1, "ok"),  # 994.99, perhaps
    ],
)
def test_clocks_may_differ_by_a_few_seconds(theirs: int, precision: float, status: str) -> None:
    there = datetime.fromtimestamp(theirs, UTC)
    assert clock.judge("x", there, 1000, 1000, precision).status == status


def test_what_the_way_took_is_no_difference() -> None:
    there = datetime.fromtimestamp(1010, UTC)
    assert clock.judge("x", there, 1000, 1010).status == "ok"
    assert clock.judge("x", there, 1000, 1001).status == "problem"


def endpoint(**changed: Any) -> dict[str, Any]:
    """As `flask stripe-setup` makes it."""
    return {
        "id": "we_1",
        "url": "https://shop.example/api/stripe/webhook",
        "api_version": VERSION,
        "enabled_events": sorted(EVENTS),
        "livemode": False,
        "status": "enabled",
        "metadata": {MARK: mark_of(shop.ENV["STRIPE_WEBHOOK_SECRET"])},
    } | changed


def endpoint_ailments(*endpoints: dict[str, Any]) -> list[tuple[str, str]]:
    return ailments(stripe_account.judge_endpoints(list(endpoints), shop.settings(), VERSION))


def test_a_healthy_endpoint_has_nothing() -> None:
    elsewhere = endpoint(
        id="we_2", url="https://staging.example/api/stripe/webhook", status="disabled"
    )
    assert endpoint_ailments(endpoint(), elsewhere) == []
    assert endpoint_ailments(endpoint(metadata={})) == [], "made by hand, its secret can't be known"


def test_an_endpoint_of_another_address_may_be_another_shops() -> None:
    """Or the backend's own, where the pages are elsewhere: only a person can tell."""
    elsewhere = endpoint(url="https://api.shop.example/api/stripe/webhook")
    [finding] = stripe_account.judge_endpoints([elsewhere], shop.settings(), VERSION)
    assert (finding.status, finding.subject) == ("warning", "we_1")
    assert elsewhere["url"] in finding.says
    assert finding.cure == "flask stripe-setup --url https://shop.example/api/stripe/webhook"


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        ([], [("problem", "webhook")]),
        ([endpoint(url="https://other.example/hooks")], [("problem", "webhook")]),
        ([endpoint(status="disabled")], [("problem", "webhook")]),
        ([endpoint(enabled_events=["refund.created"])], [("problem", "we_1")]),
        ([endpoint(enabled_events=["*"])], [("warning", "we_1")]),
        ([endpoint(enabled_events=[*EVENTS, "plan.created"])], [("warning", "we_1")]),
        ([endpoint(api_version="2024-06-20")], [("warning", "we_1")]),
        ([endpoint(api_version=None)], [("warning", "we_1")]),
        ([endpoint(metadata={MARK: mark_of("whsec_other")})], [("problem", "we_1")]),
        ([endpoint(livemode=True)], [("problem", "we_1")]),
        ([endpoint(), endpoint(id="we_2")], [("warning", "webhook")]),
    ],
)
def test_each_ailment_of_the_endpoint_is_found(
    endpoints: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    assert endpoint_ailments(*endpoints) == expected


LONG = "x" * 32
WELL = shop.ENV | {"CRON_SECRET": LONG, "SERVICE_API_KEYS": LONG}
LIVE_AND_WELL = shop.LIVE_ENV | WELL | {
    name: shop.LIVE_ENV[name]
    for name in ("SUPABASE_URL", "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_API_BASE")
} | {"PROXY_HOPS": "1", "RATELIMIT_STORAGE_URI": "redis://localhost"}  # fmt: skip


@pytest.mark.parametrize("env", [WELL, LIVE_AND_WELL], ids=["test", "live"])
def test_a_healthy_environment_has_nothing(env: dict[str, str]) -> None:
    assert ailments(environment.examine(env)) == []


@pytest.mark.parametrize(
    ("env", "changed", "ailment"),
    [
        (WELL, {"CRON_SECRET": ""}, ("warning", "CRON_SECRET")),
        (WELL, {"CRON_SECRET": "short"}, ("warning", "CRON_SECRET")),
        (WELL, {"PROXY_API_KEY": LONG}, ("warning", "CRON_SECRET")),
        (WELL, {"SERVICE_API_KEYS": f"short,{LONG}"}, ("warning", "SERVICE_API_KEYS")),
        (WELL, {"PAYMENTS_ENABLED": "false"}, ("warning", "PAYMENTS_ENABLED")),
        (WELL, {"FRONTEND_URL": "http://shop.example"}, ("problem", "ALLOWED_ORIGINS")),
        (WELL, {"ALLOWED_ORIGINS": "http://app.example"}, ("problem", "ALLOWED_ORIGINS")),
        (
            LIVE_AND_WELL,
            {"ALLOWED_ORIGINS": "http://localhost:3000"},
            ("problem", "ALLOWED_ORIGINS"),
        ),
        (LIVE_AND_WELL, {"PROXY_HOPS": ""}, ("warning", "PROXY_HOPS")),
        (LIVE_AND_WELL, {"RATELIMIT_STORAGE_URI": ""}, ("warning", "RATELIMIT_STORAGE_URI")),
    ],
    ids=str,
)
def test_each_ailment_of_the_environment_is_found(
    env: dict[str, str], changed: dict[str, str], ailment: tuple[str, str]
) -> None:
    assert ailments(environment.examine(env | changed)) == [ailment]


def test_a_short_key_of_the_proxy_is_an_ailment_beside_the_schedulers() -> None:
    assert ailments(environment.examine(WELL | {"PROXY_API_KEY": "short"})) == [
        ("warning", "CRON_SECRET"), ("warning", "PROXY_API_KEY"),
    ]  # fmt: skip


def test_every_problem_of_the_environment_is_a_finding_of_its_own() -> None:
    broken = shop.ENV | {"SUPABASE_URL": "", "DEFAULT_CURRENCY": "dollars", "PROXY_HOPS": "-1"}
    findings = examine(broken)
    assert [(each.status, each.subject) for each in findings] == [
        ("problem", "SUPABASE_URL"),
        ("problem", "PROXY_HOPS"),
        ("problem", "DEFAULT_CURRENCY"),
        ("skipped", "everything"),
    ]


def test_without_an_environment_it_still_reports() -> None:
    findings = examine({})
    assert len([each for each in findings if each.status == "problem"]) == 7
