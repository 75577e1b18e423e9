"""What the templates know of a checkout session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from ..money import format_amount
from ..store import Object
from .texts import TEXTS


@dataclass(frozen=True)
class View:
    """`saved` are the buyer's methods that he may use again, `code` the promotion code in use."""

    session: Object
    language: str
    saved: list[Object] = field(default_factory=list)
    code: str | None = None

    @property
    def text(self) -> Mapping[str, str]:
        return TEXTS[self.language]

    @property
    def is_embedded(self) -> bool:
        return bool(self.session["ui_mode"] == "embedded_page")

    @property
    def is_subscription(self) -> bool:
        return bool(self.session["mode"] == "subscription")

    @property
    def is_free(self) -> bool:
        return bool(self.session["amount_total"] == 0)

    @property
    def needs_method(self) -> bool:
        """A subscription wants a card even where nothing is due today."""
        return self.is_subscription or not self.is_free

    @property
    def needs_address(self) -> bool:
        required = self.session["billing_address_collection"] == "required"
        return required or bool(self.session["automatic_tax"]["enabled"])

    @property
    def can_save(self) -> bool:
        options = self.session["saved_payment_method_options"] or {}
        return options.get("payment_method_save") == "enabled" and not self.is_subscription

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
                "total": self.money(item["price"]["unit_amount"] * item["quantity"]),
                "every": self._every(item["price"]["recurring"]),
            }
            for item in self.session["_line_items"]
        ]

    @property
    def total(self) -> str:
        return self.money(self.session["amount_total"])

    @property
    def subtotal(self) -> str:
        return self.money(self.session["amount_subtotal"])

    @property
    def discount(self) -> str | None:
        amount = self.session["total_details"]["amount_discount"]
        return self.money(-amount) if amount else None

    @property
    def tax(self) -> str | None:
        """The amount, or that it is not known yet; None where no tax is counted."""
        tax = self.session["automatic_tax"]
        if not tax["enabled"]:
            return None
        if tax["status"] != "complete":
            return self.text["tax_later"]
        return self.money(self.session["total_details"]["amount_tax"])

    @property
    def trial_days(self) -> int:
        return int(self.session["_subscription_data"].get("trial_period_days", 0))

    @property
    def button(self) -> str:
        if self.trial_days:
            return self.text["start_trial"]
        if self.is_subscription:
            return self.text["subscribe"]
        if self.is_free:
            return self.text["complete_order"]
        return f"{self.text['pay']} {self.total}"

    @property
    def failure(self) -> str | None:
        """Why the last try failed, for the buyer."""
        return failure_text(self.session["_last_error"], self.text)

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

    def _every(self, recurring: Object | None) -> str | None:
        return every(recurring, self.text) if recurring else None


def every(recurring: Object, text: Mapping[str, str]) -> str:
    """`per month`, `every 3 months`."""
    count = recurring["interval_count"]
    if count == 1:
        return text[f"per_{recurring['interval']}"]
    return text[f"per_{recurring['interval']}s"].format(count)


def failure_text(error: Object | None, text: Mapping[str, str]) -> str | None:
    if not error:
        return None
    known = text.get(error.get("decline_code") or "") or text.get(error["code"])
    return known or str(error["message"])
