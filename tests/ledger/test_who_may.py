"""Every object × every caller × every verb is as who_may.toml says: by real attempts."""

import json
import tomllib
import uuid
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.ledger.books import Books, Server, new_id, new_key
from tests.ledger.lives import AMOUNT

MATRIX = tomllib.loads(Path(__file__).with_name("who_may.toml").read_text())
CALLERS = ("anonymous", "owner", "stranger", "admin", "service")
ROLES = {"anonymous": "anon", "service": "service_role"}
WRITES = {
    "insert": "insert into {table} default values",
    "update": "update {table} set {column} = {column}",
    "delete": "delete from {table}",
    "truncate": "truncate {table} cascade",
}
# One column is as bad as the table.
CHECKS = dict.fromkeys(["insert", "update", "references"], "has_any_column_privilege")
RELATIONS = """
select quote_ident(nspname) || '.' || quote_ident(relname), relkind::text from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
where nspname in ('public', 'private') and relkind not in ('i', 'I', 'c', 't') order by 1
"""
FUNCTIONS = """
select oid::regprocedure::text, prorettype = 'trigger'::regtype from pg_proc
where pronamespace in (select oid from pg_namespace where nspname in ('public', 'private'))
order by 1
"""


def subscription(customer_id: str, price_id: str) -> dict[str, Any]:
    moments = dict.fromkeys(["current_period_end", "created_at", "learnt_at"], "2026-11-21")
    return moments | {
        "id": new_id("sub"),
        "customer_id": customer_id,
        "price_id": price_id,
        "status": "active",
        "cancel_at_period_end": False,
    }


def smaller_plan(price_id: str) -> dict[str, Any]:
    """An invoice that gives back more than it asks for."""
    return {
        "id": new_id("in"),
        "subscription_id": new_id("sub"),
        "billing_reason": "subscription_update",
        "currency": "usd",
        "amount_subtotal": -400,
        "lines": [{"price_id": price_id, "amount": -400}],
    }


class Cast:
    """The callers, and books in which every table has a row of the owner's."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.owner_id = books.new_user()
        self.connection = books.connect("postgres", search_path="pg_catalog")
        with books.desk() as desk:
            intent_id = desk.buy(self.owner_id)
            desk.refund(intent_id, 100)
            desk.dispute(intent_id, AMOUNT, "won")
            customer_id = desk.customer(self.owner_id)
            desk.card(customer_id)
            desk.recharge(self.owner_id)
            price_id = desk.price()
            desk.facts(subscription=subscription(customer_id, price_id))
            smaller = {"paid": True, "amount": 0, "invoice": smaller_plan(price_id)}
            desk.facts(customer_id=customer_id, currency="usd", **smaller)
            desk.call("begin_reconciliation", livemode=False, since="2026-11-01")
            desk.hold(self.owner_id, 5)
            desk.spend(self.owner_id, 380)  # falls below the threshold: an account event
            event = {"id": new_id("evt"), "type": "test", "livemode": False, "created": 0}
            desk.call("receive_event", event=event, livemode=False, facts=None)
            desk.call("claim_idempotency_key", caller="x", key=new_key(), request_hash="x")

    def objects(self, query: str) -> dict[str, Any]:
        return dict(self.connection.execute(query).fetchall())

    def attempt(self, caller: str, statement: sql.Composed | str) -> list[Any] | None:
        """What this caller gets; None if he has no right. Nothing of it stays."""
        user_id = self.owner_id if caller == "owner" else str(uuid.uuid4())
        claims: dict[str, Any] = {"role": ROLES.get(caller, "authenticated")}
        if caller in ("owner", "stranger", "admin"):
            claims |= {
                "sub": user_id,
                "app_metadata": {"role": "admin"} if caller == "admin" else {},
            }
        try:
            with self.connection.transaction(force_rollback=True):
                self.connection.execute(
                    "select set_config('request.jwt.claims', %s, true), set_config('role', %s, true)",
                    [json.dumps(claims), claims["role"]],
                )
                cursor = self.connection.execute(statement)
                return cursor.fetchall() if cursor.description else []
        except errors.InsufficientPrivilege:
            return None
        except psycopg.Error as error:
            return [error.sqlstate]  # he may; only what he says makes no sense


@pytest.fixture(scope="module")
def cast(server: Server) -> Iterator[Cast]:
    with server.copy() as books:
        cast = Cast(books)
        with cast.connection:
            yield cast


def table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def test_the_matrix_names_everything_there_is_and_nothing_else(cast: Cast) -> None:
    assert set(cast.objects(RELATIONS)) == set(MATRIX["reads"])
    unnamed = [f for f in cast.objects(FUNCTIONS) if not fnmatchcase(f, "private.*")]
    assert set(unnamed) == set(MATRIX["executes"]) - {"private.*"}


def test_every_table_has_a_row_to_be_seen(cast: Cast) -> None:
    for name, kind in cast.objects(RELATIONS).items():
        if kind != "S":
            rows = cast.connection.execute(sql.SQL("select from {}").format(table(name))).rowcount
            assert rows > 0, name


@pytest.mark.parametrize("caller", CALLERS)
def test_reading(cast: Cast, caller: str) -> None:
    for name, kind in cast.objects(RELATIONS).items():
        if kind == "S":
            assert MATRIX["reads"][name] == {}
        everything = cast.connection.execute(sql.SQL("select from {}").format(table(name))).rowcount
        seen = cast.attempt(caller, sql.SQL("select 1 from {}").format(table(name)))
        sees = None if seen is None else {0: "none", everything: "all"}.get(len(seen), "some")
        assert sees == MATRIX["reads"][name].get(caller), (caller, name)


@pytest.mark.parametrize("verb", WRITES)
@pytest.mark.parametrize("caller", CALLERS)
def test_writing(cast: Cast, caller: str, verb: str) -> None:
    """Refused by the grants, before any trigger or policy is asked."""
    for name, kind in cast.objects(RELATIONS).items():
        privileges = {verb} | ({"references", "trigger"} if kind == "r" else set())
        for privilege in privileges if kind != "S" else {"usage", "update"}:
            check = (
                "has_sequence_privilege"
                if kind == "S"
                else CHECKS.get(privilege, "has_table_privilege")
            )
            role = ROLES.get(caller, "authenticated")
            held = cast.connection.execute(f"select {check}(%s, %s, %s)", [role, name, privilege])
            assert held.fetchone() == (False,), (caller, privilege, name)
        if kind == "r":
            [column] = cast.connection.execute(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum = 1",
                [name],
            ).fetchone() or [""]
            statement = sql.SQL(WRITES[verb]).format(
                table=table(name), column=sql.Identifier(column)
            )
            assert cast.attempt(caller, statement) is None, (caller, verb, name)


@pytest.mark.parametrize("caller", CALLERS)
def test_executing(cast: Cast, caller: str) -> None:
    for signature, is_trigger in cast.objects(FUNCTIONS).items():
        name, _, types = signature.removesuffix(")").partition("(")
        allowed = MATRIX["executes"].get(signature, MATRIX["executes"]["private.*"])
        if is_trigger:
            assert allowed == []
            continue
        nulls = ", ".join(f"null::{each}" for each in types.split(",") if each)
        answer = cast.attempt(caller, f"select {name}({nulls})")
        assert (answer is not None) == (caller in allowed), (caller, signature)


@pytest.mark.parametrize("verb", ["update", "delete", "truncate"])
def test_the_ledger_is_append_only_even_to_its_owner(cast: Cast, verb: str) -> None:
    """To the superuser too, unless he turns triggers off and so knows what he does."""
    ledger = table("public.credit_transactions")
    statement = sql.SQL(WRITES[verb]).format(table=ledger, column=sql.Identifier("amount"))
    for role in ("postgres", "supabase_admin"):
        with cast.books.connect(role) as connection, pytest.raises(errors.RestrictViolation):
            connection.execute(statement)
