"""Statements as CSV: what a spreadsheet would run as a formula stays text."""

import csv
from typing import Any

import pytest

from backend.routes.credits import _cell, _csv_line


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_is_a_formula(start: str) -> None:
    assert _cell(f"{start}HYPERLINK(1)") == f"'{start}HYPERLINK(1)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-500, -500),
        (0, 0),
        (None, None),
        ("starter", "starter"),
        ({}, ""),
        ({"note": "体验包"}, '{"note": "体验包"}'),
    ],
)
def test_other_values_are_shown_as_they_are(value: Any, shown: Any) -> None:
    assert _cell(value) == shown


def test_a_line_survives_quotes_commas_and_line_breaks() -> None:
    cells = ['say "hi"', "a,b", "two\nlines", "体验包"]
    assert next(csv.reader([_csv_line(cells)], strict=True)) == cells
