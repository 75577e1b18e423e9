"""A buyer's own credits: the balance, the statement, and the statement as a file."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests import shop
from tests.backend.purchase import Purchase, Shop
from tests.people import Person

TRANSACTION = {
    "id", "type", "amount", "balance_after", "feature", "description", "payment_id", "hold_id",
    "expires_at", "metadata", "created_at",
}  # fmt: skip
TRANSACTIONS = "/api/credits/transactions"


def grant(
    database: psycopg.Connection[dict], person: Person, credits: int, description: str = "gift"
) -> None:
    """As the bookkeeper would, in the database's own words."""
    database.execute(
        "with locked as (select private.lock_user_credits(%(user)s)) "
        "select private.grant_credits(jsonb_populate_record(null::public.credit_transactions, "
        "jsonb_build_object('user_id', %(user)s::text, 'type', 'bonus', 'amount', %(credits)s::int,"
        " 'description', %(description)s::text, 'metadata', '{}'::jsonb))) from locked",
        {"user": person.id, "credits": credits, "description": description},
    )


def test_who_never_bought_has_nothing_and_no_error(buyer: Person) -> None:
    credits = buyer.get("/api/credits").json()
    updated_at = datetime.fromisoformat(credits.pop("updated_at"))
    assert abs((updated_at - datetime.now(UTC)).total_seconds()) < 60
    assert credits == {
        "balance": 0,
        "held": 0,
        "available": 0,
        "lifetime_granted": 0,
        "lifetime_spent": 0,
        "expiring": [],
        "low_balance": True,
        "low_balance_threshold": 50,
    }


def test_what_was_bought_is_there_and_expires_in_six_months(purchase: Purchase) -> None:
    credits = purchase.buyer.get("/api/credits").json()
    assert (credits["balance"], credits["held"], credits["available"]) == (500, 0, 500)
    assert (credits["lifetime_granted"], credits["lifetime_spent"]) == (500, 0)
    assert credits["low_balance"] is False
    [expiring] = credits["expiring"]
    assert expiring["credits"] == 500
    days = (datetime.fromisoformat(expiring["expires_at"]) - datetime.now(UTC)).days
    assert 181 <= days <= 184


@pytest.mark.usefixtures("changing_catalog")
def test_a_package_may_never_expire(
    buyer: Person, shop_floor: Shop, database: psycopg.Connection[dict]
) -> None:
    database.execute("update credit_packages set expires_after_days = null where id = 'creator'")
    shop_floor.sell(buyer, "creator")
    credits = buyer.get("/api/credits").json()
    assert (credits["available"], credits["expiring"]) == (1500, [])


def test_what_has_expired_is_not_counted_even_before_anybody_swept(
    purchase: Purchase, shop_floor: Shop, database: psycopg.Connection[dict]
) -> None:
    shop_floor.sell(purchase.buyer, "creator")
    database.execute(
        "update credit_lots set expires_at = now() - interval '1 second' where payment_id = %s",
        [purchase.payment_id],
    )
    credits = purchase.buyer.get("/api/credits").json()
    assert (credits["balance"], credits["available"]) == (1500, 1500)
    assert [lot["credits"] for lot in credits["expiring"]] == [1500]


def test_a_purchase_is_one_line_of_the_statement(purchase: Purchase, stranger: Person) -> None:
    [line] = purchase.buyer.get(TRANSACTIONS).json()["transactions"]
    assert line.keys() == TRANSACTION
    assert (line["type"], line["amount"], line["balance_after"]) == ("purchase", 500, 500)
    assert line["payment_id"] == purchase.payment_id
    assert datetime.fromisoformat(line["created_at"]).utcoffset() is not None
    assert stranger.get(TRANSACTIONS).json() == {"transactions": [], "next_cursor": None}
    assert stranger.available == 0


def test_a_statement_is_read_page_by_page_newest_first(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    for credits in range(1, 6):
        grant(database, buyer, credits)
    seen: list[int] = []
    query = "?limit=2"
    for _ in range(3):
        page = buyer.get(TRANSACTIONS + query).json()
        seen += [line["amount"] for line in page["transactions"]]
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert seen == [5, 4, 3, 2, 1]
    assert page["next_cursor"] is None


def test_a_statement_can_be_asked_for_one_type(
    purchase: Purchase, database: psycopg.Connection[dict]
) -> None:
    grant(database, purchase.buyer, 7)
    for wanted, amounts in (("bonus", [7]), ("purchase", [500]), ("spend", [])):
        page = purchase.buyer.get(f"{TRANSACTIONS}?type={wanted}").json()
        assert [line["amount"] for line in page["transactions"]] == amounts


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1000", "type=theft", "cursor=1", "format=pdf", "user_id=1"]
)
def test_a_wrong_question_is_a_422(buyer: Person, query: str) -> None:
    answer = buyer.get(f"{TRANSACTIONS}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


def test_somebody_elses_line_is_no_cursor(purchase: Purchase, stranger: Person) -> None:
    [line] = purchase.buyer.get(TRANSACTIONS).json()["transactions"]
    answer = stranger.get(f"{TRANSACTIONS}?cursor={line['id']}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


def as_csv(person: Person, query: str = "") -> list[dict[str, Any]]:
    answer = person.get(f"{TRANSACTIONS}?format=csv{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def test_a_file_has_every_line_and_every_column(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    for credits in range(1, 4):
        grant(database, buyer, credits)
    lines = as_csv(buyer)
    assert [line["amount"] for line in lines] == ["3", "2", "1"]
    assert lines[0].keys() == TRANSACTION


def test_a_file_longer_than_a_page_is_complete(
    buyer: Person, database: psycopg.Connection[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.credits.EXPORT_PAGE_ROWS", 2)
    for credits in range(1, 6):
        grant(database, buyer, credits)
    client = shop.client(buyer.env)
    answer = client.get(f"{TRANSACTIONS}?format=csv", headers=shop.bearer(buyer.token))
    assert len(answer.text.splitlines()) == 1 + 5


def test_an_empty_file_still_has_its_heading(buyer: Person) -> None:
    assert as_csv(buyer) == []


def test_a_file_can_be_asked_for_one_type(
    purchase: Purchase, database: psycopg.Connection[dict]
) -> None:
    grant(database, purchase.buyer, 7)
    assert [line["amount"] for line in as_csv(purchase.buyer, "&type=bonus")] == ["7"]


@pytest.mark.parametrize("description", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_file_is_a_formula(
    buyer: Person, database: psycopg.Connection[dict], description: str
) -> None:
    grant(database, buyer, 1, description)
    [line] = as_csv(buyer)
    assert line["description"] == f"'{description}"


def test_a_file_keeps_every_letter(buyer: Person, database: psycopg.Connection[dict]) -> None:
    text = 'Frühling, "体验包"\n🎁'
    grant(database, buyer, 1, text)
    assert [line["description"] for line in as_csv(buyer)] == [text]
