"""Each test of the ledger has books of its own; afterwards they balance."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.ledger.books import Books, Desk, Server, running_server
from tests.sandbox_process import port_range


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(port_range(3), tmp_path_factory.mktemp("ledger") / "data") as server:
        yield server


@pytest.fixture
def books(server: Server) -> Iterator[Books]:
    with server.copy() as books:
        yield books


@pytest.fixture
def desk(books: Books) -> Iterator[Desk]:
    with books.desk() as desk:
        yield desk


@pytest.fixture
def user_id(books: Books) -> str:
    return books.new_user()


@pytest.fixture
def moved(books: Books) -> Any:
    """Moves rows of one table to a moment, as if they had been written then."""

    def move(table: str, condition: str, **moments: datetime) -> None:
        columns = ", ".join(f"{name} = %s" for name in moments)
        change = f"update public.{table} set {columns} where {condition}"
        with books.connect("postgres") as owner:
            if table == "credit_transactions":
                owner.execute(f"alter table public.{table} disable trigger user")
            owner.execute(change, list(moments.values()))
            owner.execute(f"alter table public.{table} enable trigger user")

    return move
