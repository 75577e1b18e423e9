"""A bare Supabase for these tests: without the project's migrations, which change its grants."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox_process import port_range, start_sandbox

BARE_SUPABASE = ("postgres", "postgrest", "auth", "gateway")


@pytest.fixture(scope="session")
def bare_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bare") / "data"


@pytest.fixture(scope="session")
def bare(bare_data: Path) -> Iterator[dict[str, str]]:
    with start_sandbox(port_range(1), bare_data, BARE_SUPABASE) as env:
        yield env
