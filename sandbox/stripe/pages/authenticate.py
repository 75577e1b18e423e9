"""3D Secure for an intent without a checkout page: in Stripe.js's overlay, or by a redirect."""

from contextlib import suppress
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..errors import InvalidRequest
from ..flows import authentication
from ..money import format_amount
from ..store import Object, Transaction
from ..world import World
from .texts import TEXTS, language_of


def blueprint(world: World) -> Blueprint:
    pages = Blueprint("authenticate", __name__)

    @pages.get("/authenticate/<intent_id>")
    def show(intent_id: str) -> str | Response:
        with world.store.transaction() as tx:
            intent = _intent(tx, intent_id)
        if intent["status"] != "requires_action":
            return _over(intent)
        return _page("intent_challenge.html", action=request.full_path, total=_total(intent))

    @pages.post("/authenticate/<intent_id>")
    def answer(intent_id: str) -> str | Response:
        with world.store.transaction() as tx:
            intent = _intent(tx, intent_id)
            succeeded = request.form.get("outcome") == "complete"
            with suppress(InvalidRequest):  # answered already, in another tab or by a second click
                intent = authentication.answer(tx, intent, succeeded=succeeded)
        return _over(intent)

    return pages


def _intent(tx: Transaction, intent_id: str) -> Object:
    """Raises NotFound for a wrong client secret."""
    intent = authentication.pending(tx, intent_id, request.args.get("client_secret"))
    if intent is None:
        raise NotFound
    return intent


def _over(intent: Object) -> str | Response:
    """Back to the shop, or a word to Stripe.js."""
    return_url = intent.get("_return_url")
    if not return_url or intent.get("_uses_stripe_sdk"):
        return _page("authenticated.html")
    kind = intent["object"]
    has_succeeded = intent["status"] in ("succeeded", "processing")
    about = {
        kind: intent["id"],
        f"{kind}_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if has_succeeded else "failed",
    }
    parts = urlsplit(return_url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *about.items()])
    return redirect(urlunsplit(parts._replace(query=query)), 303)


def _total(intent: Object) -> str | None:
    """Nothing to pay where a card is only saved."""
    if "amount" not in intent:
        return None
    return format_amount(intent["amount"], intent["currency"], _language())


def _page(template: str, **values: str | None) -> str:
    language = _language()
    return render_template(template, text=TEXTS[language], language=language, **values)


def _language() -> str:
    return language_of(None, request.accept_languages.best)
