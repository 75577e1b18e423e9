"""The API's description: OpenAPI for programs, and a page that shows it to people.

It is written by hand in backend/specification/, a file for each module of routes beside this one;
tests hold it against what the code answers. The page's script and style lie in frontend/.
"""

import functools
import json
from pathlib import Path
from typing import Any

from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

from backend.auth import policy

blueprint = Blueprint("specification", __name__)

FOLDER = Path(__file__).resolve().parent.parent / "specification"
PARTS = (
    "overview", "errors", "public", "payments", "cards", "subscriptions", "auto_recharge",
    "refunds", "credits", "spending", "admin", "admin_reads", "metrics", "jobs", "webhooks",
    "specification",
)  # fmt: skip


@blueprint.get("/openapi.json")
@policy("visitor")
def openapi() -> Response:
    """OpenAPI 3.1, with an ETag."""
    return _revalidated(_document(), "application/json")


@blueprint.get("/docs")
@policy("visitor")
def docs() -> Response:
    """The page that reads it, with an ETag."""
    return _revalidated(_page(), "text/html; charset=utf-8")


def _revalidated(body: bytes, content_type: str) -> Response:
    """Asked for anew each time, sent anew only when it has changed."""
    response = make_response(body, {"Content-Type": content_type})
    response.cache_control.no_cache = True
    response.add_etag()
    return response.make_conditional(request)


@functools.cache
def _document() -> bytes:
    """All parts in one, read when somebody first asks."""
    whole: dict[str, Any] = {}
    for part in PARTS:
        _add(json.loads((FOLDER / f"{part}.json").read_text("utf-8")), whole)
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _add(part: dict[str, Any], whole: dict[str, Any]) -> None:
    """Objects join, member by member. Raises ValueError where two parts say something different."""
    for name, value in part.items():
        known = whole.setdefault(name, value)
        if known is value:
            continue
        if not isinstance(known, dict) or not isinstance(value, dict):
            raise ValueError(f"{name} is in two parts of the specification.")
        _add(value, known)


@functools.cache
def _page() -> bytes:
    return (FOLDER / "docs.html").read_bytes()
