"""What the database refuses, and what only passes by, in this API's words."""

import pytest

from backend.errors import DatabaseUnavailable, IdempotencyConflict, Unauthorized
from backend.gateways.supabase import DatabaseError, _problem, _read

PASSING = [
    "08006", "40001", "40P01", "53300", "55P03", "57014", "57P01",
    "PGRST000", "PGRST001", "PGRST002", "PGRST003",
]  # fmt: skip


@pytest.mark.parametrize("code", PASSING)
def test_what_passes_may_be_asked_for_again(code: str) -> None:
    assert isinstance(_problem(500, {"code": code, "message": "x"}), DatabaseUnavailable)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("23505", IdempotencyConflict),
        ("PGRST301", Unauthorized),
        ("PGRST303", Unauthorized),
        ("42883", DatabaseError),
    ],
)
def test_other_refusals_are_told_apart(code: str, kind: type[Exception]) -> None:
    assert type(_problem(400, {"code": code, "message": "x"})) is kind


@pytest.mark.parametrize("page", [b"<html>", b"", b"[]", b'"x"'])
def test_a_proxys_page_is_an_outage(page: bytes) -> None:
    with pytest.raises(DatabaseUnavailable):
        _read(502, page)
