"""A living example: an app that mounts a route of its own on this backend, and charges for it.

    gunicorn -c gunicorn.conf.py examples.word_count:app

`POST /api/examples/word-count` takes a .docx, counts its words and costs credits per started
thousand of them. How many there are is known only when the work is done, so it holds what the
file's size allows for, captures what it came to, and releases everything when the file is broken.
"""

from typing import Any
from zipfile import BadZipFile

from flask import Flask, request

from backend.app import app as backend
from backend.auth import policy
from backend.costs import hold
from backend.errors import ValidationError

FEATURE = "docx_processing"
UPLOAD_BYTES_MAX = 2_000_000
WORDS_PER_UNIT = 1000
# A thousand words of prose take more than this, zipped: nobody gets more than was held.
BYTES_PER_UNIT = 2000
UNITS_MAX = 100


@policy("user")
def word_count() -> dict[str, Any]:
    """{words, credits}; 402 before the work begins if it can't be paid."""
    request.max_content_length = UPLOAD_BYTES_MAX
    upload = request.files.get("file")
    if upload is None:
        raise ValidationError.of("file", "Send a .docx as the form field `file`.")
    size_bytes = upload.stream.seek(0, 2)
    upload.stream.seek(0)

    with hold(FEATURE, _started(size_bytes, BYTES_PER_UNIT)) as held:
        words = _count_words(upload.stream)
        units = min(_started(words, WORDS_PER_UNIT), held.answer["quantity"])
        captured = held.capture(units)
    return {"words": words, "credits": captured["amount"]}


def mount(app: Flask) -> Flask:
    """Add the route to a backend."""
    app.add_url_rule("/api/examples/word-count", view_func=word_count, methods=["POST"])
    return app


def _count_words(stream: Any) -> int:
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError

    try:
        document = Document(stream)
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError) as error:
        raise ValidationError.of("file", "This is not a .docx that can be read.") from error
    return sum(len(paragraph.text.split()) for paragraph in document.paragraphs)


def _started(amount: int, size: int) -> int:
    return min(UNITS_MAX, max(1, -(-amount // size)))


app = mount(backend)
