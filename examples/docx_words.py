"""The words of a .docx that anybody may have made: read within bounds, whatever is in it.

In three steps:

    parts = unzip(upload)       # the files in it by name
    at_most(parts)              # never fewer words than there are; quickly
    count(parts)
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from backend.errors import ValidationError

log = logging.getLogger("topup.examples")

# What a worker can parse in a few seconds and a few hundred megabytes, whatever is in it.
UNZIPPED_BYTES_MAX = 10_000_000
MEMBERS_MAX = 500
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def unzip(stream: Any) -> dict[str, bytes]:
    """The file's parts by name. Raises ValidationError for what is no zip file or too much."""
    with _refusing_what_is_broken():
        packed = ZipFile(stream)
    _require_bounds(packed.infolist())
    with _refusing_what_is_broken():
        # A directory may lie about sizes, and a plain read() would unzip a gigabyte before it
        # notices. So python-docx never sees the upload, only what was read up to a size.
        return {
            member.filename: packed.open(member).read(member.file_size)
            for member in packed.infolist()
        }


def _require_bounds(members: list[ZipInfo]) -> None:
    if len(members) > MEMBERS_MAX:
        raise ValidationError.of("file", f"More than {MEMBERS_MAX} files are zipped in this one.")
    if sum(member.file_size for member in members) > UNZIPPED_BYTES_MAX:
        raise ValidationError.of(
            "file", f"Unzipped, this is more than {UNZIPPED_BYTES_MAX // 1_000_000} MB."
        )
    # All that a .docx may use; zipfile unzips others without a bound, however little is read.
    if any(member.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for member in members):
        raise ValidationError.of("file", "This is zipped in a way that .docx files are not.")


def at_most(parts: dict[str, bytes]) -> int:
    """Never fewer than there are, without a look at what the XML means.

    Each word ends at white space or at markup, and both can be seen. What Word writes has a few of
    those for each word, but dozens of bytes: held by its size, a text would need many times the
    credits that it comes to.
    """
    texts = [data for name, data in parts.items() if name.startswith("word/document")]
    text = b" ".join(texts).decode(errors="replace")
    return _words(text.replace("<", " ").replace("&", " "))


def _words(text: str) -> int:
    # One at a time: a list of them could take fifty times the memory of the text.
    return sum(1 for _ in re.finditer(r"\S+", text))


def count(parts: dict[str, bytes]) -> int:
    """Raises ValidationError for what python-docx can't read."""
    from docx import Document

    with _refusing_what_is_broken():
        return _words(_text(Document(_zip(parts)).element.body))


def _zip(parts: dict[str, bytes]) -> BytesIO:
    file = BytesIO()
    with ZipFile(file, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return file


def _text(body: Any) -> str:
    """In one pass over the body: python-docx's `paragraph.text` passes over tables, and takes a
    minute for a million empty paragraphs."""
    from docx.oxml.ns import qn

    # Word writes text boxes twice, the second time for readers older than 2010. Only the outermost
    # are cleared: to keep hold of one within another makes lxml slow beyond measure.
    fallbacks = body.iter(FALLBACK)
    for outer in [one for one in fallbacks if next(one.iterancestors(FALLBACK), None) is None]:
        outer.clear()
    text = qn("w:t")
    ends_of_words = [qn(name) for name in ("w:p", "w:tab", "w:br", "w:cr")]
    elements = body.iter(text, *ends_of_words)
    return "".join(element.text or "" if element.tag == text else " " for element in elements)


@contextmanager
def _refusing_what_is_broken() -> Iterator[None]:
    """Whatever goes wrong inside is the file's fault: ValidationError.

    Neither zipfile nor python-docx has one error for that. A flipped byte, a password or a missing
    element show as whatever the code trips over, from KeyError to zlib.error.
    """
    try:
        yield
    except Exception as error:
        log.info("a file that can't be read", exc_info=True)
        raise ValidationError.of("file", "This is not a .docx that can be read.") from error
