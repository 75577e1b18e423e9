"""A living example: an app that mounts a route of its own on this backend, and charges for it.

    gunicorn -c gunicorn.conf.py examples.word_count:app     # needs requirements-dev.txt

`POST /api/examples/word-count` takes a .docx, counts its words and costs credits per started
thousand of them. How many there are is known only when the work is done, so it holds what the
text may come to, captures what it came to, and releases everything when the file is broken.
"""

from typing import Any

from flask import Flask, request

from backend.app import app as backend
from backend.auth import policy
from backend.costs import hold
from backend.errors import ValidationError
from examples import docx_words

FEATURE = "docx_processing"
UPLOAD_BYTES_MAX = 2_000_000
WORDS_PER_UNIT = 1000
# Counting takes seconds. Should the worker die meanwhile, the credits are soon free again.
HOLD_SECONDS = 60


@policy("user")
def word_count() -> dict[str, Any]:
    """{words, credits}; 402 before the work begins if it can't be paid, 422 for a broken file.

    Words are those of paragraphs, tables and text boxes. Headers, footers, notes and comments are
    not counted.
    """
    request.max_content_length = UPLOAD_BYTES_MAX
    upload = request.files.get("file")
    if upload is None:
        raise ValidationError.of("file", "Send a .docx as the form field `file`.")
    parts = docx_words.unzip(upload.stream)

    with hold(FEATURE, _started_units(docx_words.at_most(parts)), ttl_seconds=HOLD_SECONDS) as held:
        words = docx_words.count(parts)
        # Should a forged file come to more than was held, then this refuses: nobody pays more than
        # was held, and nobody gets more than he pays.
        captured = held.capture(_started_units(words))
    return {"words": words, "credits": captured["amount"]}


def mount(app: Flask) -> Flask:
    """Add the route to a backend."""
    app.add_url_rule("/api/examples/word-count", view_func=word_count, methods=["POST"])
    return app


def _started_units(words: int) -> int:
    return max(1, -(-words // WORDS_PER_UNIT))


app = mount(backend)
