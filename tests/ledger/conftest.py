"""Each test of the ledger has books of its own; afterwards they balance."""

from collections.abc import Iterator

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
