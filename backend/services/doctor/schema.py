"""The schema: roles, migrations, row security, and who may do what, against the migration files."""

from collections.abc import Iterator
from typing import Any

from backend.services.doctor.finding import Finding
from backend.services.doctor.migrations import CALLERS, Made

AREA = "database"
MIGRATE = "make migrate URL=postgresql://… (the connection string in Supabase's Dashboard)"
BY_HAND = (
    'psql -1 -v ON_ERROR_STOP=1 "$URL" -f sql/supabase/migrations/…, each file that is missing.\n'
    "Or `supabase migration repair`, so that make migrate knows what is there: docs/database.md."
)
ROLES = (*CALLERS, "service_role")

Report = dict[str, Any]  # what health_report() answers


def judge_schema(report: Report, made: Made | None) -> Iterator[Finding]:
    """What the report means, against what the migration files make."""
    yield from _roles(report)
    if made is None:
        yield Finding(AREA, "migrations", "skipped", "The files in sql/ are not on this machine.")
    else:
        yield _migrations(report, made)
        yield from _functions(report, made)
        yield from _tables(report, made)
        yield from _grants(report, made)


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
    applied = set(report["migrations"] or [])  # of the host app, too, where it uses the same CLI
    is_by_hand = _is_by_hand(report, made)
    if is_by_hand and not missing:
        return Finding.ok(AREA, "migrations", "All tables and functions are there, by hand.")
    not_applied = sorted(set(made.versions) - applied)
    if not_applied and not is_by_hand:
        return Finding.problem(
            AREA, "migrations", f"Not applied: {', '.join(not_applied)}.", MIGRATE
        )
    if missing:
        return Finding.problem(AREA, "migrations", f"Missing: {', '.join(missing)}.", BY_HAND)
    newer = sorted(version for version in applied if version > made.versions[-1])
    if newer:
        return Finding.warning(
            AREA,
            "migrations",
            f"The database is ahead of this code: {', '.join(newer)}.",
            "Deploy the code that they came with, if they are this shop's.",
        )
    return Finding.ok(AREA, "migrations", f"All {len(made.versions)} are applied.")


def _is_by_hand(report: Report, made: Made) -> bool:
    """The CLI knows of none of ours: make migrate would begin with the first and stop at it."""
    return set(report["migrations"] or []).isdisjoint(made.versions)


def _functions(report: Report, made: Made) -> Iterator[Finding]:
    loose = [
        each["name"]
        for each in report["functions"]
        if each["name"] in made.functions and not each["search_path_is_pinned"]
    ]
    if loose:
        yield Finding.problem(
            AREA,
            "search_path",
            f"They may be made to use somebody else's tables: {', '.join(loose)}.",
            "\n".join(f"alter function public.{name} set search_path = '';" for name in loose),
        )
    yield from _texts(report, made)


def _texts(report: Report, made: Made) -> Iterator[Finding]:
    """Applied by hand, a file that only replaces functions is easily forgotten."""
    if report["function_hashes"] is None:
        return  # that function is missing, which was said above
    there = report["function_hashes"]
    others = sorted(name for name, md5 in made.hashes.items() if md5 not in there.get(name, []))
    if others:
        yield Finding.problem(
            AREA,
            "functions",
            f"Missing, or not as the files in sql/ have them: {', '.join(others)}.",
            _cure_of_functions(report, made),
        )
    else:
        yield Finding.ok(AREA, "functions", f"All {len(made.hashes)} are as the files have them.")


def _cure_of_functions(report: Report, made: Made) -> str:
    if _is_by_hand(report, made):
        return BY_HAND
    by_hand = "by hand the files that docs/database.md names for them."
    is_up_to_date = set(made.versions) <= set(report["migrations"] or [])
    return f"Apply {by_hand}" if is_up_to_date else f"{MIGRATE}; or {by_hand}"


def _tables(report: Report, made: Made) -> Iterator[Finding]:
    ours = [each for each in report["relations"] if each["name"] in made.relations]
    tables = [each for each in ours if each["is_table"]]
    open_tables = [_address(each) for each in tables if not each["row_security"]]
    bare = [_address(each) for each in tables if each["row_security"] and not each["policies"]]
    blind = [
        _address(each) for each in ours if not each["is_table"] and not each["security_invoker"]
    ]
    if open_tables:
        yield Finding.problem(
            AREA,
            "row security",
            f"It is off for {', '.join(open_tables)}.",
            "\n".join(f"alter table {t} enable row level security;" for t in open_tables),
        )
    if blind:
        yield Finding.problem(
            AREA,
            "row security",
            f"These views show everybody's rows: {', '.join(blind)}.",
            "\n".join(f"alter view {v} set (security_invoker = true);" for v in blind),
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


def _address(relation: dict[str, Any]) -> str:
    """In a database before the lots moved all were in one schema, and none was named."""
    return f"{relation.get('schema', 'public')}.{relation['name']}"


def _grants(report: Report, made: Made) -> Iterator[Finding]:
    """What users and visitors may do beyond what the files grant."""
    wide = [
        f"revoke {privilege} on {_address(each)} from {caller};"
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
