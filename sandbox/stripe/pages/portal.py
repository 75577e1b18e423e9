"""The billing portal: a customer's subscriptions, cards and invoices, and what he may do with them.

Every button is a form that comes back to the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..errors import CardError, InvalidRequest
from ..flows import portal, saved_cards, subscriptions
from ..flows.test_clocks import time_of
from ..money import format_amount
from ..store import Object, Transaction
from ..world import World
from . import checkout_form
from .billing_texts import BILLING_TEXTS
from .checkout_view import every
from .dates import day
from .texts import language_of

Page = Response | tuple[str, int] | str
INVOICES_SHOWN = 24


@dataclass(frozen=True)
class View:
    """What the template knows of a customer."""

    session: Object
    customer: Object
    language: str
    plans: list[dict[str, Any]]
    cards: list[Object]
    invoices: list[Object]

    @property
    def text(self) -> Mapping[str, str]:
        return BILLING_TEXTS[self.language]

    @property
    def default_card(self) -> str | None:
        card: str | None = self.customer["invoice_settings"]["default_payment_method"]
        return card

    def money(self, invoice: Object) -> str:
        return format_amount(invoice["total"], invoice["currency"], self.language)

    def day(self, moment: int) -> str:
        return day(moment, self.language)


def blueprint(world: World) -> Blueprint:
    pages = Blueprint("portal", __name__, url_prefix="/p/session/<token>")

    @pages.get("")
    def show(token: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx)
        return _page(view)

    @pages.post("/plan")
    def change_plan(token: str) -> Page:
        """`subscription`, and `action`: cancel, keep or switch (to `price`)."""
        with world.store.transaction() as tx:
            view = _view(tx)
            subscription = _own(tx, view, "subscription", request.form.get("subscription", ""))
            action = request.form.get("action")
            try:
                with time_of(tx, view.customer):
                    if action == "cancel":
                        portal.cancel(tx, subscription)
                    elif action == "keep":
                        portal.keep(tx, subscription)
                    elif action == "switch":
                        portal.switch(tx, subscription, request.form.get("price", ""))
            except InvalidRequest as error:
                return _page(view, failure=error.message), 422
        return redirect(_url(token), 303)

    @pages.post("/card")
    def change_card(token: str) -> Page:
        """`card` and `action`: default or remove."""
        with world.store.transaction() as tx:
            view = _view(tx)
            card = _own(tx, view, "payment_method", request.form.get("card", ""))
            if request.form.get("action") == "remove":
                saved_cards.detach(tx, card)
            else:
                portal.use_card(tx, view.customer, card)
        return redirect(_url(token), 303)

    @pages.post("/cards")
    def add_card(token: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx)
            fields = {**request.form, "method": "card"}
            fields["email"] = view.customer["email"] or "buyer@example.com"
            form = checkout_form.read(fields, ["card"], [], needs_method=True, needs_address=False)
            if form.errors or form.method is None:
                return _page(view, fields, form.errors), 422
            try:
                saved_cards.require_savable(form.method)
            except CardError as error:
                return _page(view, fields, failure=error.message), 422
            portal.use_card(tx, view.customer, tx.add(form.method))
        return redirect(_url(token), 303)

    return pages


def _view(tx: Transaction) -> View:
    """Raises NotFound for an address that was never given out."""
    token = str((request.view_args or {})["token"])
    session = portal.of_address(tx, f"{tx.settings.api_base}{_url(token)}")
    customer = tx.get("customer", session["customer"]) if session else None
    if session is None or customer is None or customer.get("deleted"):
        raise NotFound
    language = language_of(session["locale"], request.accept_languages.best)
    owned = saved_cards.of_customer(tx, customer["id"])
    return View(
        session,
        customer,
        language,
        [_plan(tx, found, language) for found in portal.subscriptions_of(tx, customer["id"])],
        [method for method in owned if method["type"] == "card"],
        tx.select("invoice", {"customer": customer["id"]}, limit=INVOICES_SHOWN),
    )


def _plan(tx: Transaction, subscription: Object, language: str) -> dict[str, Any]:
    """One subscription as the page shows it."""
    is_over = subscription["status"] in subscriptions.OVER
    offered = [] if is_over else portal.choices(tx, subscription)
    return {
        "id": subscription["id"],
        "status": subscription["status"],
        "name": _name(tx, subscription["items"]["data"][0]["price"]),
        "price": _price(subscription["items"]["data"][0]["price"], language),
        "when": _when(subscription, language),
        "is_over": is_over,
        "is_ending": subscription["cancel_at"] is not None,
        "choices": [
            (price["id"], f"{_name(tx, price)}, {_price(price, language)}") for price in offered
        ],
    }


def _name(tx: Transaction, price: Object) -> str:
    product = tx.get("product", price["product"]) or {"name": price["id"]}
    return str(product["name"])


def _price(price: Object, language: str) -> str:
    amount = format_amount(price["unit_amount"], price["currency"], language)
    return f"{amount} {every(price['recurring'], BILLING_TEXTS[language])}"


def _when(subscription: Object, language: str) -> str:
    text = BILLING_TEXTS[language]
    end = subscriptions.period_of(subscription)[1]
    if subscription["ended_at"]:
        return text["ended_on"].format(day(subscription["ended_at"], language))
    if subscription["cancel_at"]:
        return text["ends_on"].format(day(end, language))
    if subscription["status"] == "trialing":
        return text["trial_until"].format(day(end, language))
    return text["renews_on"].format(day(end, language))


def _own(tx: Transaction, view: View, object_type: str, object_id: str) -> Object:
    """Raises NotFound for what belongs to somebody else."""
    obj = tx.get(object_type, object_id)
    if obj is None or obj["customer"] != view.customer["id"]:
        raise NotFound
    return obj


def _url(token: str) -> str:
    return f"/p/session/{token}"


def _page(
    view: View,
    values: Any = None,
    errors: dict[str, str] | None = None,
    failure: str | None = None,
) -> str:
    return render_template(
        "portal.html",
        view=view,
        values=values or {},
        errors=errors or {},
        failure=failure,
        text=view.text,
        language=view.language,
        base=request.script_root + _url(str((request.view_args or {})["token"])),
    )
