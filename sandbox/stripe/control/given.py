"""What a lever is pulled with."""

from typing import Any

from flask import request


def given_json() -> dict[str, Any]:
    """The body; nothing for none."""
    return request.get_json(silent=True) or {}
