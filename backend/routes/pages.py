"""The pages of frontend/, for servers that have no CDN in front. On Vercel the CDN serves them."""

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from backend.auth import policy
from backend.limits import unlimited

blueprint = Blueprint("pages", __name__)

FRONTEND = Path(__file__).resolve().parent.parent.parent / "frontend"


@blueprint.get("/", defaults={"path": "index.html"})
@blueprint.get("/<path:path>")
@policy("public")
@unlimited
def page(path: str) -> Response:
    """One file, revalidated by its ETag each time: a deployed fix must reach the next click."""
    response = send_from_directory(FRONTEND, path)
    response.cache_control.no_cache = True
    response.cache_control.max_age = None
    return response
