"""What the migration files make: the versions, the tables and functions, and who may use them."""

import hashlib
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
BODY = re.compile(
    r"^create(?: or replace)? function (?P<name>(?:public|private)\.\w+)\("
    r".*?^as \$\$(?P<body>.*?)\$\$;",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Made:
    """`grants` holds (name, caller): reading of a table, calling of a function. `hashes`: by
    "schema.name" the MD5 of a function's last body."""

    versions: list[str] = field(default_factory=list)
    relations: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    grants: set[tuple[str, str]] = field(default_factory=set)
    hashes: dict[str, str] = field(default_factory=dict)


def made_by_files(folder: Path = FOLDER) -> Made | None:
    """What all files together make; None where they did not come with the backend."""
    files = sorted(folder.glob("*.sql"))
    if not files:
        return None
    made = Made(versions=[path.name.split("_")[0] for path in files])
    for path in files:
        text = path.read_text("utf-8")
        for statement in STATEMENT.finditer(COMMENT.sub("", text)):
            _take(statement, made)
        for function in BODY.finditer(text):
            made.hashes[function["name"]] = _md5(function["body"])
    return made


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


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
