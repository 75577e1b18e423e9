"""The hosted checkout page, and the same page for an embedding frame.

Every step is a form and a redirect, so that a reload repeats nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..errors import InvalidRequest
from ..flows import checkout
from ..money import format_amount
from ..objects.checkout_session import customer_details
from ..objects.payment_method import new_bank_method, new_card_method
from ..store import Object, Transaction
from ..world import World
from . import card_form
from .texts import TEXTS, language_of

Page = Response | tuple[str, int] | str


@dataclass(frozen=True)
class View:
    """What the templates know of a session."""

    session: Object
    language: str

    @property
    def text(self) -> Mapping[str, str]:
        return TEXTS[self.language]

    @property
    def is_embedded(self) -> bool:
        return bool(self.session["ui_mode"] == "embedded_page")

    @property
    def offered(self) -> list[str]:
        return list(self.session["payment_method_types"])

    @property
    def items(self) -> list[dict[str, Any]]:
        return [
            {
                "name": item["description"],
                "description": item["_product_description"],
                "quantity": item["quantity"],
                "total": self.money(item["amount_total"]),
            }
            for item in self.session["_line_items"]
        ]

    @property
    def total(self) -> str:
        return self.money(self.session["amount_total"])

    @property
    def failure(self) -> str | None:
        """Why the last try failed, for the buyer."""
        error = self.session["_last_error"]
        if not error:
            return None
        known = self.text.get(error.get("decline_code")) or self.text.get(error["code"])
        return known or str(error["message"])

    @property
    def return_url(self) -> str | None:
        """Where the buyer goes afterwards, with the session's id put in."""
        url = self.session["return_url"] if self.is_embedded else self.session["success_url"]
        return str(url).replace("{CHECKOUT_SESSION_ID}", self.session["id"]) if url else None

    def money(self, amount: int) -> str:
        return format_amount(amount, self.session["currency"], self.language)

    def link(self, endpoint: str) -> str:
        """A page of this session; an embedded one shows its client secret each time."""
        secret = self.session["client_secret"] if self.is_embedded else None
        return url_for(f"checkout.{endpoint}", session_id=self.session["id"], client_secret=secret)


def blueprint(world: World) -> Blueprint:
    pages = Blueprint("checkout", __name__)

    @pages.get("/c/pay/<session_id>")
    def show(session_id: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx, session_id)
        if view.session["status"] != "open":
            return _ended(view)
        details = view.session["customer_details"] or {}
        return _checkout(view, {"email": details.get("email"), "name": details.get("name")}, {})

    @pages.post("/c/pay/<session_id>")
    def pay(session_id: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx, session_id)
            if view.session["status"] != "open":
                return _ended(view, just_now=True)
            form = card_form.read(request.form, view.offered)
            if form.errors:
                return _checkout(view, request.form, form.errors), 422
            details = customer_details(form.email, form.name)
            intent = checkout.pay(tx, view.session, _method(form), details)
        return _next(view, intent)

    @pages.get("/c/pay/<session_id>/authenticate")
    def challenge(session_id: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx, session_id)
        if view.session["status"] != "open":
            return _ended(view)
        return render_template("authenticate.html", view=view)

    @pages.post("/c/pay/<session_id>/authenticate")
    def authenticate(session_id: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx, session_id)
            if view.session["status"] != "open":
                return _ended(view, just_now=True)
            succeeded = request.form.get("outcome") == "complete"
            try:
                intent = checkout.authenticate(tx, view.session, succeeded=succeeded)
            except InvalidRequest:  # answered already, in another tab or by a second click
                return redirect(view.link("show"), 303)
        return _next(view, intent)

    @pages.errorhandler(NotFound)
    def missing(error: NotFound) -> Page:
        language = language_of(None, request.accept_languages.best)
        return render_template("missing.html", text=TEXTS[language], language=language), 404

    return pages


def _view(tx: Transaction, session_id: str) -> View:
    """Raises NotFound; an embedded session opens only to its client secret."""
    session = tx.get("checkout.session", session_id)
    if session is None:
        raise NotFound
    if session["client_secret"] not in (None, request.args.get("client_secret")):
        raise NotFound
    checkout.expire_if_over(tx, session)
    return View(session, language_of(session["locale"], request.accept_languages.best))


def _method(form: card_form.Form) -> Object:
    if form.card:
        return new_card_method(form.card, form.email, form.name)
    return new_bank_method(form.email, form.name, will_succeed=form.bank_succeeds)


def _next(view: View, intent: Object) -> Page:
    if view.session["status"] == "complete":
        return _ended(view, just_now=True)
    step = "challenge" if intent["status"] == "requires_action" else "show"
    return redirect(view.link(step), 303)


def _checkout(view: View, values: Any, errors: dict[str, str]) -> str:
    return render_template("checkout.html", view=view, values=values, errors=errors)


def _ended(view: View, *, just_now: bool = False) -> Page:
    """Complete or expired. Right after paying, the hosted page goes back to the shop by itself."""
    if just_now and view.session["status"] == "complete" and not view.is_embedded:
        return redirect(view.return_url or "/", 303)
    return render_template("ended.html", view=view, just_now=just_now)
