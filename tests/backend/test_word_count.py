"""The example route: what an app gets from `hold` when it mounts its own work on the backend."""

import io

import httpx
import psycopg
from docx import Document

from tests.backend.server import give
from tests.people import Person

COST = 2  # credits per started thousand words


def a_document(words: int) -> io.BytesIO:
    document, file = Document(), io.BytesIO()
    document.add_paragraph("word " * words)
    document.save(file)
    file.seek(0)
    return file


def count(person: Person, file: io.BytesIO, **options: object) -> httpx.Response:
    return person.request("POST", "/api/examples/word-count", files={"file": file}, **options)


def test_words_are_paid_by_the_started_thousand(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    give(database, buyer, 100)
    for words, units in ((1, 1), (1000, 1), (1001, 2)):
        before = buyer.available
        answer = count(buyer, a_document(words))
        assert answer.json() == {"words": words, "credits": units * COST}
        assert buyer.available == before - units * COST


def test_a_broken_file_costs_nothing(buyer: Person, database: psycopg.Connection[dict]) -> None:
    give(database, buyer, 100)
    answer = count(buyer, io.BytesIO(b"PK\x03\x04 and then nothing that Word wrote"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file")
    credits = buyer.get("/api/credits").json()
    assert (credits["available"], credits["held"]) == (100, 0)


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
