"""The tables at which the games are played."""

from collections.abc import Iterator

import pytest

from tests.ledger.books import running_server
from tests.model.play import Table, table
from tests.sandbox_process import port_range


@pytest.fixture(scope="module")
def game_table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with (
        running_server(port_range(4), tmp_path_factory.mktemp("model") / "data") as server,
        server.copy() as books,
        table(books) as game_table,
    ):
        yield game_table
