"""Buying: an order first, then a Checkout Session at Stripe that belongs to it.

The order's row exists before Stripe is asked, and everything Stripe is asked derives from that
row, the idempotency keys included. So when this process dies between the two, whoever comes next
(a retry with the same Idempotency-Key, or `refresh`) asks the same thing again and Stripe answers
with the session it made the first time: never a second one.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from backend.config import Settings, origin
from backend.errors import InvalidState, PaymentsDisabled, Problem, ValidationError
from backend.gateways.stripe_api import StripeApi, StripeRejected
from backend.gateways.supabase import Database
from backend.services import facts
from backend.services.catalog import language_of

# An open session holds one of the buyer's places for unfinished payments; Stripe takes 30 minutes
# to 24 hours (https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at).
SESSION_LIFETIME_SECONDS = 2 * 3600
STRIPE_UI_MODES = {"hosted": "hosted_page", "embedded": "embedded_page"}


@dataclass(frozen=True)
class Buyer:
    """Who pays: the user's id and, if there is one, the e-mail address of the token."""

    id: str
    email: str | None


class Checkout:
    def __init__(self, settings: Settings, database: Database, stripe: StripeApi) -> None:
        self._settings = settings
        self._database = database
        self._stripe = stripe

    def create(
        self,
        buyer: Buyer,
        package_id: str,
        currency: str | None,
        locale: str | None,
        ui_mode: str,
        return_url: str | None,
        idempotency_key: str | None,
        request_hash: str,
    ) -> dict[str, Any]:
        """Order a package and open a Checkout Session for it.

        Answers payment_id, session_id, url (hosted), client_secret (embedded), status, amount
        (minor units), currency, credits, expires_at. Raises PaymentsDisabled, NotFound (package),
        ValidationError, Forbidden, InvalidState, IdempotencyConflict, StripeFailed,
        StripeUnavailable, DatabaseUnavailable.
        """
        if not self._settings.payments_enabled:
            raise PaymentsDisabled()
        self._refuse_foreign(return_url)
        order = self._database.as_service(
            "create_payment",
            user_id=buyer.id,
            package_id=package_id,
            currency=currency.lower() if currency else None,
            default_currency=self._settings.default_currency,
            livemode=self._settings.livemode,
            ui_mode=ui_mode,
            return_url=return_url,
            locale=language_of(locale),
            # Always a key: the call may be repeated when its answer is lost on the way.
            idempotency_key=idempotency_key or f"request-{uuid.uuid4()}",
            request_hash=request_hash,
        )
        if first_answer := (order["answer"] or {}).get("body"):
            return first_answer
        session = self.open_session(order, buyer)
        answer = _answer(order["payment"], session)
        if idempotency_key:
            self._database.as_service(
                "store_idempotent_answer",
                caller=buyer.id,
                key=idempotency_key,
                answer={"body": answer},
            )
        return answer

    def open_session(self, order: dict[str, Any], buyer: Buyer) -> dict[str, Any]:
        """Open an order's session at Stripe, or get the one that was opened before.

        Raises InvalidState when the order is over, and what StripeApi raises.
        """
        payment = order["payment"]
        if payment["status"] != "pending":
            raise InvalidState("This payment is over. Start a new one.")
        try:
            customer_id = order["customer_id"] or self._create_customer(payment, buyer)
            session = self._stripe.create_checkout_session(
                self._session_params(order, customer_id),
                idempotency_key=f"checkout-session-{payment['payment_id']}",
            )
        except StripeRejected as rejection:
            self._record_rejection(payment["payment_id"], rejection)
            raise
        self._database.as_service("record_facts", facts=facts.of_checkout_session(session))
        return session

    def _create_customer(self, payment: dict[str, Any], buyer: Buyer) -> str:
        """One customer per user and mode, written down before anything stands on it.

        Two first purchases at once use the same key, and so get the same customer. The key covers
        the e-mail address because Stripe refuses one key with two different requests.
        """
        params: dict[str, Any] = {"metadata": {"user_id": buyer.id}}
        if buyer.email:
            params["email"] = buyer.email
        digest = sha256((buyer.email or "").encode()).hexdigest()[:16]
        customer = self._stripe.create_customer(params, f"customer-{buyer.id}-{digest}")
        self._database.as_service(
            "record_facts",
            facts={"payment_id": payment["payment_id"], "customer_id": customer["id"]},
        )
        return customer["id"]

    def _session_params(self, order: dict[str, Any], customer_id: str) -> dict[str, Any]:
        """Nothing but the order decides these, so that asking again is asking the same."""
        payment, product = order["payment"], order["product"]
        metadata = {"payment_id": payment["payment_id"], "user_id": payment["user_id"]}
        product_data = {"name": product["name"]}
        if product["description"]:
            product_data["description"] = product["description"]
        created_at = datetime.fromisoformat(payment["created_at"]).timestamp()
        return {
            "mode": "payment",
            "ui_mode": STRIPE_UI_MODES[payment["ui_mode"]],
            "customer": customer_id,
            "client_reference_id": payment["payment_id"],
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": payment["currency"],
                        "unit_amount": payment["amount"],
                        "product_data": product_data,
                    },
                }
            ],
            "locale": order["locale"],
            "expires_at": int(created_at) + SESSION_LIFETIME_SECONDS,
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            **self._return_addresses(payment, order["return_url"]),
        }

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

    def _record_rejection(self, payment_id: str, rejection: Problem) -> None:
        self._database.as_service(
            "record_facts",
            facts={
                "payment_id": payment_id,
                "ended": "failed",
                "error": {"code": rejection.code, "message": rejection.detail},
            },
        )

    def _refuse_foreign(self, return_url: str | None) -> None:
        """A buyer must come back to the shop, not to whoever wrote the link."""
        if return_url and origin(return_url) not in self._settings.allowed_origins:
            raise ValidationError.of("return_url", "This address is not one of the shop's own.")


def _answer(payment: dict[str, Any], session: dict[str, Any]) -> dict[str, Any]:
    return {
        "payment_id": payment["payment_id"],
        "session_id": session["id"],
        "url": session.get("url"),
        "client_secret": session.get("client_secret"),
        "status": "pending",
        "amount": payment["amount"],
        "currency": payment["currency"],
        "credits": payment["credits"],
        "expires_at": facts.time_of(session["expires_at"]),
    }


def _with_query(url: str, **parameters: str) -> str:
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()])
    return urlunsplit(parts._replace(query=query))
