"""The hosted checkout page, and the same page for an embedding frame.

Every step is a form and a redirect, so that a reload repeats nothing.
"""

from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..errors import CardError, InvalidRequest
from ..flows import checkout, checkout_sums, saved_cards
from ..flows.test_clocks import time_of
from ..store import Object, Transaction
from ..world import World
from . import checkout_form
from .checkout_view import View
from .texts import TEXTS, language_of

Page = Response | tuple[str, int] | str


def blueprint(world: World) -> Blueprint:
    pages = Blueprint("checkout", __name__)

    @pages.get("/c/pay/<session_id>")
    def show(session_id: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx, session_id)
        if view.session["status"] != "open":
            return _ended(view)
        return _checkout(view, _known(view), {})

    @pages.post("/c/pay/<session_id>")
    def pay(session_id: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx, session_id)
            if view.session["status"] != "open":
                return _ended(view, just_now=True)
            with time_of(tx, _customer(tx, view.session)):
                return _pay(tx, view)

    @pages.post("/c/pay/<session_id>/code")
    def code(session_id: str) -> Page:
        """`code`: a promotion code, empty to take the one in use away."""
        with world.store.transaction() as tx:
            view = _view(tx, session_id)
            if view.session["status"] != "open":
                return _ended(view)
            try:
                _use_code(tx, view.session, request.form.get("code", "").strip())
            except InvalidRequest as error:
                return _checkout(view, _known(view), {"code": str(error.code)}), 422
        return redirect(view.link("show"), 303)

    @pages.post("/c/pay/<session_id>/address")
    def address(session_id: str) -> Page:
        """The buyer chose a country: the page that comes back counts the tax."""
        with world.store.transaction() as tx:
            view = _view(tx, session_id)
            if view.session["status"] != "open":
                return _ended(view)
            checkout_sums.locate(tx, view.session, checkout_form.read_address(request.form))
        return _checkout(view, request.form, {})

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
                with time_of(tx, _customer(tx, view.session)):
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
    with time_of(tx, _customer(tx, session)):
        checkout.expire_if_over(tx, session)
    language = language_of(session["locale"], request.accept_languages.best)
    offers = checkout_sums.offers_of(tx, session)
    promotions = [offer.promotion_code for offer in offers if offer.promotion_code]
    code = promotions[0]["code"] if promotions else None
    return View(session, language, _saved(tx, session), code)


def _customer(tx: Transaction, session: Object) -> Object | None:
    return tx.get("customer", session["customer"] or "")


def _saved(tx: Transaction, session: Object) -> list[Object]:
    """The cards that the customer has agreed to see again."""
    if not session["customer"]:
        return []
    options = session["saved_payment_method_options"] or {}
    shown = options.get("allow_redisplay_filters") or []
    cards = saved_cards.of_customer(tx, session["customer"])
    return [card for card in cards if card["type"] == "card" and card["allow_redisplay"] in shown]


def _pay(tx: Transaction, view: View) -> Page:
    session = view.session
    form = checkout_form.read(
        request.form,
        view.offered,
        view.saved,
        needs_method=view.needs_method,
        needs_address=view.needs_address,
    )
    if form.errors:
        return _checkout(view, request.form, form.errors), 422
    checkout_sums.locate(tx, session, form.details["address"])
    shown = request.form.get("shown_total", str(session["amount_total"]))
    if shown != str(session["amount_total"]):
        return _checkout(view, request.form, {"total": "total_changed"}), 422
    if view.is_free:
        try:
            checkout.accept(tx, session, form.method, form.details)
        except CardError as error:
            tx.change(session, _last_error=error.body()["error"])
            return redirect(view.link("show"), 303)
        return _ended(view, just_now=True)
    if form.method is None:
        return _checkout(view, request.form, {"number": "required"}), 422
    intent = checkout.pay(tx, session, form.method, form.details, save=form.save and view.can_save)
    return _next(view, intent)


def _use_code(tx: Transaction, session: Object, code: str) -> None:
    with time_of(tx, _customer(tx, session)):
        if code:
            checkout_sums.use_code(tx, session, code)
        else:
            checkout_sums.use_offers(tx, session, [])


def _known(view: View) -> dict[str, Any]:
    """What need not be typed again."""
    details = view.session["customer_details"] or {}
    address = details.get("address") or {}
    return {
        "email": details.get("email"),
        "name": details.get("name"),
        "country": address.get("country"),
        "postal_code": address.get("postal_code"),
    }


def _next(view: View, intent: Object) -> Page:
    if view.session["status"] == "complete":
        return _ended(view, just_now=True)
    step = "challenge" if intent["status"] == "requires_action" else "show"
    return redirect(view.link(step), 303)


def _checkout(view: View, values: Any, errors: dict[str, str]) -> str:
    countries = checkout_form.COUNTRIES
    return render_template(
        "checkout.html",
        view=view,
        values=values,
        errors=errors,
        countries=countries,
        text=view.text,
        language=view.language,
    )


def _ended(view: View, *, just_now: bool = False) -> Page:
    """Complete or expired. Right after paying, the hosted page goes back to the shop by itself."""
    if just_now and view.session["status"] == "complete" and not view.is_embedded:
        return redirect(view.return_url or "/", 303)
    return render_template("ended.html", view=view, just_now=just_now)
