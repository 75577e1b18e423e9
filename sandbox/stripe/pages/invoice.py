"""The hosted invoice: what was billed, and a form to pay it while it is open.

3D Secure happens on the page that every intent has; it comes back here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from .. import billing_periods
from ..flows import invoices, saved_cards
from ..flows.test_clocks import time_of
from ..money import format_amount
from ..store import Object, Transaction
from ..world import World
from . import checkout_form, invoice_pdf
from .billing_texts import BILLING_TEXTS
from .checkout_view import failure_text
from .dates import day
from .texts import language_of

Page = AnyResponse | tuple[str, int] | str


@dataclass(frozen=True)
class View:
    """What the template knows of an invoice."""

    invoice: Object
    language: str
    saved: list[Object]

    @property
    def text(self) -> Mapping[str, str]:
        return BILLING_TEXTS[self.language]

    @property
    def is_payable(self) -> bool:
        return self.invoice["status"] in invoices.COLLECTABLE

    @property
    def heading(self) -> str:
        paid_at = self.invoice["status_transitions"]["paid_at"]
        return self.text[f"invoice_{self.invoice['status']}"].format(day(paid_at, self.language))

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """(what, when, how much)"""
        return [
            (line["description"], self._period(line["period"]), self.money(line["amount"]))
            for line in self.invoice["lines"]["data"]
        ]

    @property
    def sums(self) -> list[tuple[str, str]]:
        """What stands between the lines and the amount due."""
        invoice, text = self.invoice, self.text
        discount = sum(part["amount"] for part in invoice["total_discount_amounts"])
        tax = sum(part["amount"] for part in invoice["total_taxes"])
        balance = invoice["amount_due"] - invoice["total"]
        rows = [(text["subtotal"], invoice["subtotal"])]
        rows += [(text["promotion_code"], -discount)] if discount else []
        rows += [(text["tax"], tax)] if tax else []
        rows += [(text["applied_balance"], balance)] if balance else []
        return [(name, self.money(amount)) for name, amount in rows]

    @property
    def total(self) -> str:
        return self.money(self.invoice["amount_due"])

    @property
    def issued(self) -> str:
        return day(self.invoice["effective_at"] or self.invoice["created"], self.language)

    @property
    def failure(self) -> str | None:
        return failure_text(self.invoice["_last_error"], self.text) if self.is_payable else None

    def money(self, amount: int) -> str:
        return format_amount(amount, self.invoice["currency"], self.language)

    def _period(self, period: Object) -> str:
        if period["end"] - period["start"] < billing_periods.DAY_SECONDS:
            return ""
        return f"{day(period['start'], self.language)} – {day(period['end'], self.language)}"


def blueprint(world: World) -> Blueprint:
    pages = Blueprint("invoice", __name__, url_prefix="/i")

    @pages.get("/<invoice_id>/<token>")
    def show(invoice_id: str, token: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx, invoice_id, token)
        return _page(view, {"email": view.invoice["customer_email"]}, {})

    @pages.post("/<invoice_id>/<token>")
    def pay(invoice_id: str, token: str) -> Page:
        with world.store.transaction() as tx:
            view = _view(tx, invoice_id, token)
            if not view.is_payable:
                return redirect(request.path, 303)
            fields = {**request.form, "email": view.invoice["customer_email"] or "a@example.com"}
            form = checkout_form.read(
                fields, ["card"], view.saved, needs_method=True, needs_address=False
            )
            if form.errors or form.method is None:
                return _page(view, fields, form.errors), 422
            with time_of(tx, view.invoice):
                intent = invoices.pay_as_buyer(tx, view.invoice, form.method)
        if intent["status"] == "requires_action":
            return redirect(intent["next_action"]["redirect_to_url"]["url"], 303)
        return redirect(request.path, 303)

    @pages.get("/<invoice_id>/<token>/pdf")
    def pdf(invoice_id: str, token: str) -> Response:
        with world.store.transaction() as tx:
            view = _view(tx, invoice_id, token)
        english = View(view.invoice, "en", [])
        rows = [f"{what}   {money}" for what, _, money in english.lines]
        rows += [f"{name}   {money}" for name, money in english.sums]
        title = f"{english.text['invoice']} {view.invoice['number']}"
        body = invoice_pdf.render(
            [title, english.issued, "", *rows, "", english.heading, english.total]
        )
        name = f"attachment; filename=Invoice-{view.invoice['number']}.pdf"
        return Response(body, mimetype="application/pdf", headers={"Content-Disposition": name})

    return pages


def _view(tx: Transaction, invoice_id: str, token: str) -> View:
    """Raises NotFound; only who was given the address knows the token."""
    invoice = tx.get("invoice", invoice_id)
    url = (invoice or {}).get("hosted_invoice_url") or ""
    if invoice is None or not url.endswith(f"/{token}"):
        raise NotFound
    customer = tx.get("customer", invoice["customer"]) or {"preferred_locales": []}
    locales = customer.get("preferred_locales") or [None]
    language = language_of(locales[0], request.accept_languages.best)
    saved = [m for m in saved_cards.of_customer(tx, invoice["customer"]) if m["type"] == "card"]
    return View(invoice, language, saved)


def _page(view: View, values: Any, errors: dict[str, str]) -> str:
    return render_template(
        "invoice.html",
        view=view,
        values=values,
        errors=errors,
        text=view.text,
        language=view.language,
    )
