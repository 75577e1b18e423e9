"""Fills the shop's database: users with lots, orders to be paid, and users with a long past."""

from hashlib import md5
from pathlib import Path
from uuid import UUID

import psycopg

SQL = Path(__file__).resolve().parent / "sql"
# The crowd that the load falls on: 'user1' to 'user10000', each with this many ledger rows.
USERS = 10_000
USER_NAME = "user"
ROWS_OF_A_USER = 10
BALANCE = 1_000_000_000


def user_id(name: str, n: int) -> str:
    """The id of user `<name><n>`, counted from 1."""
    return str(UUID(md5(f"{name}{n}".encode(), usedforsecurity=False).hexdigest()))


def order_id(n: int) -> str:
    """The id of an order, counted from 1."""
    return user_id("order", n)


def create_schema(connection: psycopg.Connection) -> None:
    """Schema `bench`: the smallest credit function, and what seeds the books."""
    for name in ("smallest", "seed"):
        connection.execute((SQL / f"{name}.sql").read_text())


def drop_schema(connection: psycopg.Connection) -> None:
    connection.execute("drop schema bench cascade")


def seed_users(connection: psycopg.Connection, name: str, users: int, rows: int) -> None:
    """Users `<name>1`…, each with `rows` ledger rows."""
    connection.execute("select bench.seed_users(%s, %s, %s)", [name, users, rows])


def seed_crowd(connection: psycopg.Connection, orders: int) -> None:
    """The crowd, in our books and in the smallest ones, and `orders` to be paid by it."""
    seed_users(connection, USER_NAME, USERS, ROWS_OF_A_USER)
    connection.execute("select bench.seed_orders(%s, %s, %s)", [USER_NAME, USERS, orders])
    connection.execute(
        "insert into bench.balances select md5(%s || n)::uuid, %s from generate_series(1, %s) n",
        [USER_NAME, BALANCE, USERS],
    )


def settle_down(connection: psycopg.Connection) -> None:
    """Statistics and visibility maps as a database has them that was not filled a second ago."""
    connection.execute(
        "vacuum (analyze) public.user_credits, private.credit_lots, public.credit_transactions,"
        " public.payment_orders, public.stripe_customers, auth.users, bench.balances"
    )
