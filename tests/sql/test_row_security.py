"""Straight through PostgREST with one's own token: everybody sees his own rows and no others."""

from typing import Any

import httpx
import psycopg
import pytest

from tests.people import Person
from tests.sql.books import Books, dispute, refund
from tests.sql.test_grants import FUNCTIONS, RELATIONS, relations_that

Connection = psycopg.Connection[dict]
REFUSED = (401, 403, 404, 405)


@pytest.fixture
def rich(buyer: Person, books: Books) -> Person:
    """Somebody with a row of each kind."""
    payment_id, _ = books.buy(buyer.id, "starter")
    books.record(refund(payment_id, 100) | {"customer_id": f"cus_{payment_id}"})
    books.record(dispute(payment_id, "needs_response", 399))
    books.buy(buyer.id, "creator")
    books.spend(buyer.id, 10)
    books.call(
        "hold",
        p_user_id=buyer.id,
        p_feature="test",
        p_quantity=5,
        p_ttl_seconds=600,
        p_idempotency_key=payment_id,
        p_request_id=None,
    )
    give_card_and_subscription(books, buyer.id, f"cus_{payment_id}")
    return buyer


def give_card_and_subscription(books: Books, user_id: str, customer_id: str) -> None:
    price_id, now = f"price_{customer_id}", "2026-11-21T12:00:00Z"
    sold = {"p_package_id": "monthly", "p_currency": "usd", "p_amount": 899, "p_credits": 1000}
    books.call("record_price", p_price_id=price_id, p_livemode=False, **sold)
    card = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034}
    standing = {"status": "past_due", "created_at": now, "learnt_at": now}
    ids = {"customer_id": customer_id, "price_id": price_id, "cancel_at_period_end": False}
    books.record(
        {
            "payment_methods": [{"id": f"pm_{customer_id}", "customer_id": customer_id} | card],
            "subscription": {"id": f"sub_{customer_id}"} | ids | standing,
        }
    )
    books.call(
        "set_auto_recharge",
        p_user_id=user_id,
        p_livemode=False,
        p_enabled=True,
        p_threshold=10,
        p_package_id="starter",
        p_currency="usd",
        p_default_currency="usd",
        p_monthly_limit=5000,
    )


def anonymously(person: Person, method: str, path: str, **options: Any) -> httpx.Response:
    """With the publishable key alone."""
    key = person.env["SUPABASE_ANON_KEY"]
    return person.postgrest(
        method,
        path,
        headers={"Authorization": f"Bearer {key}"} | options.pop("headers", {}),
        **options,
    )


def tables(database: Connection) -> list[str]:
    return sorted(row["name"] for row in database.execute(RELATIONS))


def of_users(database: Connection) -> list[str]:
    """The relations whose rows belong to a user."""
    columns = database.execute(
        "select table_name from information_schema.columns "
        "where table_schema = 'public' and column_name = 'user_id'"
    )
    readable = relations_that(database, "authenticated", "select")
    return sorted({row["table_name"] for row in columns} & readable)


def test_everybody_sees_his_own_rows_alone(
    rich: Person, stranger: Person, database: Connection
) -> None:
    names = of_users(database)
    assert {"user_credits", "credit_lots", "credit_transactions", "payment_orders"} <= set(names)
    for name in names:
        own = rich.postgrest("GET", name)
        assert own.status_code == 200, own.text
        assert {row["user_id"] for row in own.json()} == {rich.id}, name
        assert stranger.postgrest("GET", f"{name}?user_id=eq.{rich.id}").json() == []
        assert stranger.postgrest("GET", name).json() == []


def test_a_stranger_learns_nothing_by_counting_or_embedding(rich: Person, stranger: Person) -> None:
    counted = stranger.postgrest("HEAD", "payment_orders", headers={"Prefer": "count=exact"})
    assert counted.headers["Content-Range"] == "*/0"
    embedded = stranger.postgrest("GET", "credit_packages?select=id,payment_orders(*)").json()
    assert [row for row in embedded if row["payment_orders"]] == []


def test_a_stranger_learns_nothing_by_functions(
    rich: Person, stranger: Person, database: Connection
) -> None:
    [payment, *_] = rich.postgrest("GET", "payments").json()
    asked = {"p_payment_id": payment["payment_id"]}
    assert stranger.postgrest("POST", "rpc/get_payment", json=asked).status_code == 404
    pages = [
        stranger.postgrest("POST", f"rpc/{name}", json={"p_limit": 100}).json()
        for name in ("list_payments", "list_transactions")
    ]
    assert pages == [{"rows": [], "next_cursor": None}] * 2
    assert stranger.postgrest("POST", "rpc/list_open_payments", json={}).json() == []
    assert stranger.postgrest("POST", "rpc/get_credits", json={}).json()["balance"] == 0


def test_the_anonymous_key_reads_packages_and_nothing_else(
    rich: Person, database: Connection
) -> None:
    for name in tables(database):
        answer = anonymously(rich, "GET", name)
        if name in ("credit_packages", "credit_package_prices"):
            assert answer.json()
        else:
            assert answer.status_code in REFUSED, f"{name}: {answer.text}"


def test_an_inactive_package_is_nobodys_to_read(rich: Person, database: Connection) -> None:
    database.execute("update credit_packages set active = false where id = 'premium'")
    seen = [
        anonymously(rich, "GET", "credit_packages?id=eq.premium").json(),
        rich.postgrest("GET", "credit_packages?id=eq.premium").json(),
    ]
    database.execute("update credit_packages set active = true where id = 'premium'")
    assert seen == [[], []]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_nobody_writes_a_table_with_a_users_token_or_without_one(
    rich: Person, database: Connection, method: str
) -> None:
    """Least of all his own balance."""
    for name in tables(database):
        query = f"{name}?user_id=eq.{rich.id}" if method in ("PATCH", "DELETE") else name
        for ask in (rich.postgrest, lambda *a, **k: anonymously(rich, *a, **k)):
            answer = ask(method, query, json={"balance": 10**6})
            assert not answer.is_success, f"{method} {name}: {answer.text}"
    assert rich.postgrest("GET", "user_credits?select=balance").json() == [{"balance": 1490}]


def test_nobody_calls_the_services_functions(rich: Person, database: Connection) -> None:
    functions = database.execute(
        f"select * from ({FUNCTIONS}) f where schema = 'public' "
        "and not has_function_privilege('authenticated', oid, 'execute')"
    ).fetchall()
    assert len(functions) > 5
    for function in functions:
        names = database.execute(
            "select coalesce(proargnames, '{}') as names from pg_proc where oid = %s",
            [function["oid"]],
        ).fetchone()
        arguments = dict.fromkeys(names["names"])  # type: ignore[index]
        for ask in (rich.postgrest, lambda *a, **k: anonymously(rich, *a, **k)):
            answer = ask("POST", f"rpc/{function['proname']}", json=arguments)
            assert answer.status_code in REFUSED, f"{function['name']}: {answer.text}"


@pytest.mark.parametrize("function", ["private.audit", "audit", "settle", "private.grant_credits"])
def test_what_is_private_is_not_there(rich: Person, function: str) -> None:
    assert rich.postgrest("POST", f"rpc/{function}", json={}).status_code == 404
    answer = rich.postgrest(
        "POST", f"rpc/{function}", json={}, headers={"Content-Profile": "private"}
    )
    assert answer.status_code in (404, 406)


def test_a_token_of_nobody_sees_nothing(rich: Person, database: Connection) -> None:
    """auth.uid() is null then, and null equals nothing."""
    with database.transaction(force_rollback=True):
        database.execute("set local role authenticated")
        for claims in ("", "{}", '{"sub": null}'):
            database.execute("select set_config('request.jwt.claims', %s, true)", [claims])
            for name in ("user_credits", "payment_orders", "credit_transactions", "payments"):
                assert database.execute(f"select * from public.{name}").fetchall() == []
