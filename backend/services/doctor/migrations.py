"""What the migration files make: the versions, the tables and functions, and who may use them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "sql" / "supabase" / "migrations"
CALLERS = ("anon", "authenticated")

COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
# In the order of the text: what is created, dropped, or granted.
STATEMENT = re.compile(
    r"\b(?P<verb>create(?: or replace)?|drop) (?P<kind>table|view|function) "
    r"(?P<names>[^;]*?)(?=[;\n])"
    r"|\bgrant (?P<privilege>select|execute) on (?:function\s+)?(?P<objects>[^;]*?)"
    r"\s+to (?P<callers>[^;]*);"
)
ARGUMENTS = re.compile(r"\([^()]*\)")  # a type among them may be a table's name
NAME = re.compile(r"\bpublic\.(\w+)")


@dataclass
class Made:
    """`grants` holds (name, caller): reading of a table, calling of a function."""

    versions: list[str] = field(default_factory=list)
    relations: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    grants: set[tuple[str, str]] = field(default_factory=set)


def made_by_files(folder: Path = FOLDER) -> Made | None:
    """What all files together make; None where they did not come with the backend."""
    files = sorted(folder.glob("*.sql"))
    if not files:
        return None
    made = Made(versions=[path.name.split("_")[0] for path in files])
    for path in files:
        for statement in STATEMENT.finditer(COMMENT.sub("", path.read_text("utf-8"))):
            _take(statement, made)
    return made


def _take(statement: re.Match[str], made: Made) -> None:
    if statement["privilege"]:
        callers = [name for name in CALLERS if re.search(rf"\b{name}\b", statement["callers"])]
        names = NAME.findall(statement["objects"])
        made.grants |= {(name, caller) for name in names for caller in callers}
        return
    known = made.functions if statement["kind"] == "function" else made.relations
    names = NAME.findall(ARGUMENTS.sub("", statement["names"]))
    if statement["verb"] == "drop":
        known.difference_update(names)
        made.grants = {(name, caller) for name, caller in made.grants if name not in names}
    else:
        known.update(names[:1])
