"""The example route: what an app gets from `hold` when it mounts its own work on the backend."""

import io
import time
from collections.abc import Callable
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import httpx
import psycopg
import pytest
from docx import Document

from examples import docx_words
from tests.backend.server import give
from tests.people import Person

COST = 2  # credits per started thousand words
TEXT, RELATIONS, TYPES = "word/document.xml", "_rels/.rels", "[Content_Types].xml"
NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)


def saved(document: Document) -> io.BytesIO:
    file = io.BytesIO()
    document.save(file)
    file.seek(0)
    return file


def a_document(words: int) -> io.BytesIO:
    document = Document()
    document.add_paragraph("word " * words)
    return saved(document)


def parts_of(file: io.BytesIO) -> dict[str, bytes]:
    with ZipFile(file) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def zipped(parts: dict[str, bytes], method: int = ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with ZipFile(file, "w", method) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    file.seek(0)
    return file


def with_part(name: str, data: bytes | None) -> io.BytesIO:
    """A document with one part replaced; None leaves it out."""
    parts = parts_of(a_document(1)) | {name: data}
    return zipped({name: data for name, data in parts.items() if data is not None})


def with_body(xml: str) -> io.BytesIO:
    return with_part(TEXT, f"<w:document {NAMESPACES}><w:body>{xml}</w:body></w:document>".encode())


def with_text_at(name: str, words: int) -> io.BytesIO:
    """Its text is where the relationships say, not where every writer has it."""
    renamed = name.removeprefix("word/").encode()
    parts = parts_of(a_document(words))
    text = parts[TEXT]
    for where in (RELATIONS, TYPES):
        parts[where] = parts[where].replace(b"word/document.xml", b"word/" + renamed)
    parts["word/_rels/" + renamed.decode() + ".rels"] = parts["word/_rels/document.xml.rels"]
    return zipped(parts | {TEXT: parts_of(a_document(1))[TEXT], name: text})


def count(person: Person, file: io.BytesIO, **options: object) -> httpx.Response:
    return person.request("POST", "/api/examples/word-count", files={"file": file}, **options)


def purse(person: Person) -> tuple[int, int]:
    """(available, held) credits."""
    credits = person.get("/api/credits").json()
    return credits["available"], credits["held"]


def holds(database: psycopg.Connection[dict], person: Person) -> list[dict]:
    """His holds as (quantity, status, seconds to live)."""
    return database.execute(
        "select quantity, status, extract(epoch from expires_at - created_at)::int as seconds "
        "from credit_holds where user_id = %s",
        [person.id],
    ).fetchall()


def test_words_are_paid_by_the_started_thousand(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 100)
    for words, units in ((0, 1), (1, 1), (1000, 1), (1001, 2), (5000, 5)):
        before = buyer.available
        answer = count(buyer, a_document(words))
        assert answer.json() == {"words": words, "credits": units * COST}
        assert buyer.available == before - units * COST


def test_who_has_credits_for_one_unit_can_have_few_words_counted(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, COST)
    assert count(buyer, a_document(1)).json() == {"words": 1, "credits": COST}
    assert purse(buyer) == (0, 0)


def test_what_was_held_for_markup_is_given_back(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 100)
    bold = "<w:p><w:r><w:rPr><w:b/><w:i/></w:rPr><w:t>word</w:t></w:r></w:p>"
    answer = count(buyer, with_body(bold * 500))
    assert answer.json() == {"words": 500, "credits": COST}
    (hold,) = holds(database, buyer)
    assert hold["quantity"] > 1
    assert (hold["status"], hold["seconds"], purse(buyer)) == ("captured", 60, (100 - COST, 0))


def test_text_that_zips_well_is_paid_like_any_other(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 1000)
    answer = count(buyer, with_body("<w:p><w:r><w:t>" + "a " * 200_000 + "</w:t></w:r></w:p>"))
    assert answer.json() == {"words": 200_000, "credits": 200 * COST}


def test_words_in_tables_are_counted_where_they_are_written(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 100)
    document = Document()
    document.add_paragraph("Before the table")
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "one cell across two"
    table.cell(1, 0).text = "left"
    table.cell(1, 1).add_table(rows=1, cols=1).cell(0, 0).text = "within a cell"
    assert count(buyer, saved(document)).json()["words"] == 3 + 4 + 1 + 3


def test_headers_and_footers_are_not_counted(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 100)
    document = Document()
    document.add_paragraph("two words")
    document.sections[0].header.paragraphs[0].text = "and a header"
    document.sections[0].footer.paragraphs[0].text = "and a footer"
    assert count(buyer, saved(document)).json()["words"] == 2


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        ("<w:p/>", 0),
        ("<w:p><w:r><w:t>hal</w:t></w:r><w:r><w:t>ves</w:t></w:r></w:p>", 1),
        ("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>", 3),
        ("<w:p><w:r><w:t>a</w:t></w:r></w:p><w:p><w:r><w:t>b</w:t></w:r></w:p>", 2),
        ("<w:p><w:ins><w:r><w:t>in</w:t></w:r></w:ins></w:p>", 1),
        ("<w:p><w:del><w:r><w:delText>out</w:delText></w:r></w:del></w:p>", 0),
        (
            "<w:sdt><w:sdtContent><w:p><w:r><w:t>of a field</w:t></w:r></w:p></w:sdtContent></w:sdt>",
            3,
        ),
        (
            "<w:p><w:r><mc:AlternateContent>"
            "<mc:Choice><w:txbxContent><w:p><w:r><w:t>a box</w:t></w:r></w:p></w:txbxContent></mc:Choice>"
            "<mc:Fallback><w:txbxContent><w:p><w:r><w:t>a box</w:t></w:r></w:p></w:txbxContent></mc:Fallback>"
            "</mc:AlternateContent></w:r></w:p>",
            2,
        ),
        ("<w:p><w:r><w:t>a&#32;b<![CDATA[ c > d ]]>\N{NO-BREAK SPACE}e</w:t></w:r></w:p>", 6),
    ],
)
def test_a_word_is_what_a_reader_sees_as_one(
    buyer: Person, database: psycopg.Connection[dict], xml: str, words: int
) -> None:
    give(database, buyer, COST)
    assert count(buyer, with_body(xml)).json() == {"words": words, "credits": COST}


def test_every_separator_of_words_is_held_for(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    """Nothing a writer may do makes a text come to more than was held for it."""
    give(database, buyer, 100)
    for apart in (" ", "&#32;", "\N{NO-BREAK SPACE}", "</w:t><w:tab/><w:t>", "<![CDATA[ ]]>"):
        text = f"<w:p><w:r><w:t>{apart.join('a' * 2500)}</w:t></w:r></w:p>"
        assert count(buyer, with_body(text)).json() == {"words": 2500, "credits": 3 * COST}


def with_flipped_bytes() -> io.BytesIO:
    raw = bytearray(a_document(300).getvalue())
    with ZipFile(io.BytesIO(raw)) as packed:
        member = packed.getinfo(TEXT)
    start = member.header_offset + 30 + len(TEXT)
    raw[start : start + 40] = bytes(byte ^ 0xFF for byte in raw[start : start + 40])
    return io.BytesIO(raw)


def encrypted() -> io.BytesIO:
    """Every member says that it needs a password."""
    raw = bytearray(a_document(1).getvalue())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(signature)
        while at >= 0:
            raw[at + flags] |= 1
            at = raw.find(signature, at + 4)
    return io.BytesIO(raw)


def chained(parts: int) -> io.BytesIO:
    """Each part's relationships lead to the next: python-docx follows them by recursion."""
    chain = parts_of(a_document(1))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    relation = '<Relationship Id="rId{0}" Type="{1}" Target="{2}"/>'
    opening = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    chain[RELATIONS] = chain[RELATIONS].replace(
        b"</Relationships>", relation.format("X", kind, "p0.xml").encode() + b"</Relationships>"
    )
    for nth in range(parts):
        following = relation.format(1, kind, f"p{nth + 1}.xml") if nth + 1 < parts else ""
        chain[f"p{nth}.xml"] = b"<p/>"
        chain[f"_rels/p{nth}.xml.rels"] = f"{opening}{following}</Relationships>".encode()
    return zipped(chain)


# What is seen before anything is held.
NO_ZIP: dict[str, Callable[[], io.BytesIO]] = {
    "nothing": io.BytesIO,
    "no zip": lambda: io.BytesIO(b"Dear reader,"),
    "a beginning": lambda: io.BytesIO(b"PK\x03\x04 and then nothing that Word wrote"),
    "the first half": lambda: io.BytesIO(a_document(1).getvalue()[:9000]),
    "flipped bytes": with_flipped_bytes,
    "a password": encrypted,
    "bzip2": lambda: zipped(parts_of(a_document(1)), ZIP_BZIP2),
    "lzma": lambda: zipped(parts_of(a_document(1)), ZIP_LZMA),
}
# What is seen in the middle of the work.
NO_DOCX: dict[str, Callable[[], io.BytesIO]] = {
    "an empty zip": lambda: zipped({}),
    "no text": lambda: with_part(TEXT, None),
    "an empty text": lambda: with_part(TEXT, b""),
    "half a text": lambda: with_part(TEXT, b"<w:document><w:bo"),
    "no XML": lambda: with_part(TEXT, b"\x00\xff\xfe Dear reader"),
    "no body": lambda: with_part(TEXT, f"<w:document {NAMESPACES}/>".encode()),
    "another root": lambda: with_part(TEXT, b"<html/>"),
    "entities in entities": lambda: with_part(
        TEXT,
        b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b'<d a="&b;&b;">&b;</d>',
    ),
    "no relations": lambda: with_part(RELATIONS, None),
    "empty relations": lambda: with_part(RELATIONS, b""),
    "half of the relations": lambda: with_part(RELATIONS, b"<Relationships"),
    "no relation": lambda: with_part(RELATIONS, b"<Relationships/>"),
    "broken relations of the text": lambda: with_part("word/_rels/document.xml.rels", b"<"),
    "relations to nothing": lambda: with_part("word/styles.xml", None),
    "broken styles": lambda: with_part("word/styles.xml", b"<w:styles"),
    "no types": lambda: with_part(TYPES, None),
    "empty types": lambda: with_part(TYPES, b""),
    "half of the types": lambda: with_part(TYPES, b"<Types><Over"),
    "no type": lambda: with_part(TYPES, b"<Types/>"),
    "another type": lambda: with_part(
        TYPES, parts_of(a_document(1))[TYPES].replace(b"document.main", b"template.main")
    ),
}


@pytest.mark.parametrize("broken", NO_ZIP | NO_DOCX)
def test_a_broken_file_costs_nothing(
    buyer: Person, database: psycopg.Connection[dict], broken: str
) -> None:
    give(database, buyer, 100)
    answer = count(buyer, (NO_ZIP | NO_DOCX)[broken]())
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "validation_error")
    assert [error["field"] for error in problem["errors"]] == ["file"]
    assert purse(buyer) == (100, 0)
    released = [] if broken in NO_ZIP else ["released"]
    assert [hold["status"] for hold in holds(database, buyer)] == released


def lying() -> io.BytesIO:
    """Thirty megabytes that the directory says are ten bytes, with the checksum of those ten."""
    huge, tiny = io.BytesIO(zipped({"a": b" " * 30_000_000}).getvalue()), b" " * 10
    with ZipFile(huge) as packed:
        size, checksum = 30_000_000, packed.getinfo("a").CRC
    with ZipFile(zipped({"a": tiny})) as packed:
        tiny_checksum = packed.getinfo("a").CRC
    raw = huge.getvalue()
    for true, said in ((size, len(tiny)), (checksum, tiny_checksum)):
        raw = raw.replace(true.to_bytes(4, "little"), said.to_bytes(4, "little"))
    return io.BytesIO(raw)


@pytest.mark.parametrize(
    ("bomb", "says"),
    [
        (lambda: zipped({"a": b" " * 100_000_000}), "Unzipped, this is more than 10 MB."),
        (lambda: with_part(TEXT, b" " * 10_000_000), "Unzipped, this is more than 10 MB."),
        (
            lambda: zipped({str(nth): b" " * 100_000 for nth in range(101)}),
            "Unzipped, this is more than 10 MB.",
        ),
        (
            lambda: zipped({str(nth): b"" for nth in range(501)}),
            "More than 500 files are zipped in this one.",
        ),
        (lying, "This is not a .docx that can be read."),
    ],
)
def test_a_small_file_that_unzips_to_a_huge_one_is_refused(
    buyer: Person,
    database: psycopg.Connection[dict],
    bomb: Callable[[], io.BytesIO],
    says: str,
) -> None:
    give(database, buyer, 100)
    answer = count(buyer, bomb())
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["errors"] == [{"field": "file", "message": says}]
    assert purse(buyer) == (100, 0)


def test_no_more_is_unzipped_than_the_directory_says() -> None:
    assert docx_words.unzip(lying()) == {"a": b" " * 10}


@pytest.mark.parametrize(
    "xml",
    [
        "<w:p/>" * 1_000_000,
        "<mc:Fallback/>" * 500_000,
        "<mc:Fallback>" * 200 + "<w:p/>" * 1_000_000 + "</mc:Fallback>" * 200,
    ],
    ids=["paragraphs", "fallbacks", "fallbacks in fallbacks"],
)
def test_a_million_empty_elements_are_passed_in_seconds(
    buyer: Person, database: psycopg.Connection[dict], xml: str
) -> None:
    """Each would take minutes, if it were asked for its text or held on to."""
    give(database, buyer, 3000)
    started = time.monotonic()
    assert count(buyer, with_body(xml), timeout=60).json() == {"words": 0, "credits": COST}
    assert time.monotonic() - started < 30


def test_the_longest_chain_of_parts_is_followed(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 100)
    assert count(buyer, chained(240)).json() == {"words": 1, "credits": COST}


def test_a_text_of_another_name_is_counted(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    """Word on the web calls it document2.xml."""
    give(database, buyer, 100)
    answer = count(buyer, with_text_at("word/document2.xml", 3000))
    assert answer.json() == {"words": 3000, "credits": 3 * COST}


def test_a_text_that_hides_from_the_hold_is_not_counted(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 100)
    answer = count(buyer, with_text_at("word/hidden.xml", 3000))
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert purse(buyer) == (100, 0)
    assert [hold["status"] for hold in holds(database, buyer)] == ["released"]


def test_who_can_not_pay_gets_no_work(buyer: Person) -> None:
    answer = count(buyer, a_document(10))
    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_credits")


def test_one_key_pays_for_one_piece_of_work(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 100)
    key = {"Idempotency-Key": "my-document"}
    assert count(buyer, a_document(10), headers=key).status_code == 200
    again = count(buyer, a_document(10), headers=key)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_conflict")
    assert buyer.available == 100 - COST
