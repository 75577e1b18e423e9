"""Checkout: Stripe's own page, by itself or embedded in ours, for a package or a subscription."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from backend.config import Settings, origin
from backend.errors import InvalidState, ValidationError
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import Database
from backend.services import facts, prices
from backend.services.customers import Buyer
from backend.services.idempotency import Attempt
from backend.services.orders import Order, Orders, Wish

# An open session holds one of the buyer's places for unfinished payments; Stripe takes 30 minutes
# to 24 hours (https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at).
SESSION_LIFETIME_SECONDS = 2 * 3600
STRIPE_UI_MODES = {"hosted": "hosted_page", "embedded": "embedded_page"}


class Checkout:
    def __init__(
        self, settings: Settings, database: Database, stripe: StripeApi, orders: Orders
    ) -> None:
        self._settings = settings
        self._stripe = stripe
        self._orders = orders
        self._prices = prices.Prices(database, stripe)

    def create(
        self,
        buyer: Buyer,
        package_id: str,
        currency: str | None,
        locale: str | None,
        ui_mode: str,
        return_url: str | None,
        attempt: Attempt,
    ) -> dict[str, Any]:
        """Order a package and open a Checkout Session for it.

        Answers payment_id, session_id, url (hosted), client_secret (embedded), status, amount
        (minor units), currency, credits, expires_at. Raises what Orders.create does,
        ValidationError (return_url), StripeFailed, StripeUnavailable.
        """
        refuse_foreign(return_url, self._settings)
        wish = Wish(package_id, currency, locale, ui_mode, return_url, self._options())
        order = self._orders.create(buyer, wish, attempt)
        if first_answer := (order["answer"] or {}).get("body"):
            return first_answer
        session_id = order["payment"]["stripe_checkout_session_id"]
        if self._orders.has_moved_money(order) and session_id:
            session = self._stripe.retrieve_checkout_session(session_id)
        else:
            session, _ = self.open_session(order, buyer)
        return self._orders.answered(buyer, attempt, _answer(order["payment"], session))

    def open_session(self, order: Order, buyer: Buyer) -> tuple[dict[str, Any], dict[str, Any]]:
        """Open an order's session at Stripe, or get the one opened before; with the payment.

        Raises InvalidState when the order is over, and what StripeApi raises.
        """
        if order["payment"]["status"] == "pending" and (
            order["is_subscribed"] or self._was_paid_in_another_tab(order["superseded_session_id"])
        ):
            self._orders.record({"payment_id": order["payment"]["payment_id"], "ended": "canceled"})
            raise InvalidState("There is a subscription to this package already.")
        session = self._orders.place(order, buyer, self._ask)
        learnt = facts.of_checkout_session(session)
        if order["payment"]["ui_mode"] == "embedded":
            learnt |= self._orders.page_of(order["payment"])
        payment = self._orders.record(learnt)
        if payment["stripe_checkout_session_id"] != session["id"]:
            # It has one already, of a customer who is gone: money for a second would be refused.
            with suppress(StripeRejected):
                self._stripe.expire_checkout_session(session["id"])
            raise InvalidState("This payment can't be continued. Start a new one.")
        return session, payment

    def _was_paid_in_another_tab(self, session_id: str | None) -> bool:
        """Close the page that an earlier order for the same subscription has open; true if that is
        too late."""
        if session_id is None:
            return False
        try:
            session = self._stripe.expire_checkout_session(session_id)
        except StripeRejected:
            session = self._stripe.retrieve_checkout_session(session_id)
        self._orders.record(facts.of_checkout_session(session))
        return session["status"] == "complete"

    def _ask(self, order: Order, customer_id: str) -> dict[str, Any]:
        if order["payment"]["kind"] != "subscription":
            return self._ask_for(order, customer_id, _one_time(order))
        price_id = self._prices.of(order)
        try:
            return self._ask_for(order, customer_id, _recurring(order, price_id), price_id)
        except StripeRejected as rejection:
            if not prices.is_refused(rejection):
                raise
        price_id = self._prices.instead_of(price_id, order)
        return self._ask_for(order, customer_id, _recurring(order, price_id), price_id)

    def _ask_for(
        self, order: Order, customer_id: str, sold: dict[str, Any], *key: str
    ) -> dict[str, Any]:
        """Nothing but the order decides what is asked, so that asking again is asking the same."""
        payment = order["payment"]
        params = {
            "ui_mode": STRIPE_UI_MODES[payment["ui_mode"]],
            "customer": customer_id,
            "client_reference_id": payment["payment_id"],
            "locale": order["locale"],
            "expires_at": _created_at(payment) + SESSION_LIFETIME_SECONDS,
            "metadata": metadata_of(payment),
            **sold,
            **_extras(order["options"]),
            **self._return_addresses(payment, order["return_url"]),
        }
        idempotency_key = "-".join(("checkout-session", payment["payment_id"], customer_id, *key))
        return self._stripe.create_checkout_session(params, idempotency_key=idempotency_key)

    def _return_addresses(self, payment: dict[str, Any], return_url: str | None) -> dict[str, str]:
        base = self._settings.frontend_url
        success = _with_query(
            return_url or f"{base}/success.html", payment_id=payment["payment_id"]
        )
        if payment["ui_mode"] == "embedded":
            return {"return_url": success}
        cancel = _with_query(return_url or f"{base}/cancel.html", payment_id=payment["payment_id"])
        if return_url:
            cancel = _with_query(cancel, canceled="true")
        return {"success_url": success, "cancel_url": cancel}

    def _options(self) -> dict[str, bool]:
        return {
            "promotion_codes": self._settings.promotion_codes,
            "automatic_tax": self._settings.automatic_tax,
            "invoice": self._settings.invoices,
        }


def refuse_foreign(return_url: str | None, settings: Settings) -> None:
    """A buyer must come back to the shop, not to whoever wrote the link. Raises ValidationError."""
    if return_url and origin(return_url) not in settings.allowed_origins:
        raise ValidationError.of("return_url", "This address is not one of the shop's own.")


def metadata_of(payment: dict[str, Any]) -> dict[str, str]:
    """What ties an object of Stripe's to its payment here."""
    return {"payment_id": payment["payment_id"], "user_id": payment["user_id"]}


def _recurring(order: Order, price_id: str) -> dict[str, Any]:
    return {
        "mode": "subscription",
        "line_items": [{"quantity": 1, "price": price_id}],
        "subscription_data": {
            # Every invoice repeats this; the first one finds its order by it.
            "metadata": metadata_of(order["payment"]),
            # Proration lines before discounts, as all others: credits follow their amounts.
            # https://docs.stripe.com/billing/subscriptions/billing-mode/compare
            "billing_mode": {
                "type": "flexible",
                "flexible": {"proration_discounts": "itemized"},
            },
        },
    }


def _one_time(order: Order) -> dict[str, Any]:
    payment, product = order["payment"], order["product"]
    metadata = metadata_of(payment)
    product_data = {"name": product["name"]}
    if product["description"]:
        product_data["description"] = product["description"]
    price_data = {
        "currency": payment["currency"],
        "unit_amount": payment["amount"],
        "product_data": product_data,
    }
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price_data}],
        "payment_intent_data": {"metadata": metadata},
        # A box on the page that the buyer may tick.
        "saved_payment_method_options": {"payment_method_save": "enabled"},
    }
    if order["options"].get("invoice"):
        params["invoice_creation"] = {"enabled": True, "invoice_data": {"metadata": metadata}}
    return params


def _extras(options: dict[str, Any]) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    if options.get("promotion_codes"):
        extras["allow_promotion_codes"] = True
    if options.get("automatic_tax"):
        # The tax follows from the address, which the page asks for and the customer keeps.
        extras["automatic_tax"] = {"enabled": True}
        extras["customer_update"] = {"address": "auto"}
    return extras


def _answer(payment: dict[str, Any], session: dict[str, Any]) -> dict[str, Any]:
    return {
        "payment_id": payment["payment_id"],
        "session_id": session["id"],
        "url": session.get("url"),
        "client_secret": session.get("client_secret"),
        "status": payment["status"],
        "amount": payment["amount"],
        "currency": payment["currency"],
        "credits": payment["credits"],
        "expires_at": facts.time_of(session["expires_at"]),
    }


def _created_at(payment: dict[str, Any]) -> int:
    return int(datetime.fromisoformat(payment["created_at"]).timestamp())


def _with_query(url: str, **parameters: str) -> str:
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()])
    return urlunsplit(parts._replace(query=query))
