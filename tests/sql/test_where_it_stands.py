"""docs/database.md names every migration and where each replaced function stands now, and what it
tells an admin to type does what it says."""

import re
from collections import defaultdict

import psycopg

from tests.sandbox_process import ROOT

FILES = sorted((ROOT / "sql" / "supabase" / "migrations").glob("*.sql"))
DOC = (ROOT / "docs" / "database.md").read_text()
MADE = re.compile(r"^create (?:or replace )?(?:function|view) (?:public|private)\.(\w+)", re.M)
ROW = re.compile(r"^\| `…(\w+)` \| (.+) \|$", re.M)


def test_every_file_has_its_line_in_its_order() -> None:
    listed = [name for name, _ in ROW.findall(DOC.split("Of these, read the last")[0])]
    assert listed == [path.stem[8:] for path in FILES]


def test_of_what_was_replaced_the_last_file_is_named() -> None:
    makers: dict[str, list[str]] = defaultdict(list)
    for path in FILES:
        for name in dict.fromkeys(MADE.findall(path.read_text())):
            makers[name].append(path.stem[8:])
    valid = {name: files[-1] for name, files in makers.items() if len(files) > 1}
    rows = ROW.findall(DOC.split("Of these, read the last")[1])
    assert {name: file for file, names in rows for name in re.findall(r"`(\w+)`", names)} == valid


def test_prices_packages_and_features_are_changed_and_added_as_it_says(
    database: psycopg.Connection[dict],
) -> None:
    [block] = re.findall(r"## Changing prices\n\n```sql\n(.*?)```", DOC, re.DOTALL)
    with database.transaction(force_rollback=True):
        database.execute(block)
        listed = database.execute("select public.list_packages() as packages").fetchone()
        assert listed is not None
        sold = {(each["id"], each["currency"]): each["amount"] for each in listed["packages"]}
        features = database.execute(
            "select feature, version, credits from public.feature_costs where active"
        ).fetchall()
    assert (sold["starter", "usd"], sold["mini", "usd"], sold["mini", "gbp"]) == (549, 249, 199)
    assert "creator" not in {package for package, _ in sold}
    costs = {row["feature"]: (row["version"], row["credits"]) for row in features}
    assert (costs["docx_processing"], costs["translation"]) == ((2, 3), (1, 4))
