"""The pages of frontend/, for servers that have no CDN in front. On Vercel the CDN serves them."""

from pathlib import Path

from flask import Blueprint, Response, send_from_directory
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import PathConverter

from backend.auth import policy
from backend.limits import unlimited

blueprint = Blueprint("pages", __name__)


class PageConverter(PathConverter):
    """Any path but the API's: there, what does not exist is the API's to say."""

    regex = f"(?!api(/|$)){PathConverter.regex}"


@blueprint.record_once
def add_converter(state: BlueprintSetupState) -> None:
    """Rules of this blueprint may say <page:…>."""
    state.app.url_map.converters["page"] = PageConverter


FRONTEND = Path(__file__).resolve().parent.parent.parent / "frontend"


@blueprint.get("/", defaults={"path": "index.html"})
@blueprint.get("/<page:path>")
@unlimited
@policy("public")
def page(path: str) -> Response:
    """One file, revalidated by its ETag each time: a deployed fix must reach the next click."""
    response = send_from_directory(FRONTEND, path)
    # Browsers fetch modules with CORS, and the app in whose header they stand has its own origin.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.cache_control.no_cache = True
    response.cache_control.max_age = None
    return response
