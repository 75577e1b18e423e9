"""Orders: written down before Stripe is asked, and asked again when an answer was lost.

The order's row exists before Stripe is asked, and everything Stripe is asked derives from that
row, the idempotency keys included. So when this process dies between the two, whoever comes next
(a retry with the same Idempotency-Key, or `refresh`) asks the same thing again and Stripe answers
with what it made the first time: never a second one.
"""

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.config import Settings
from backend.errors import InvalidState, PaymentsDisabled, Problem
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import Database
from backend.services.catalog import language_of
from backend.services.customers import Buyer, Customers
from backend.services.facts import Facts, StripeObject
from backend.services.idempotency import Attempt, Idempotency

Order = dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """What a buyer asks for; what it costs is the catalog's to say. One who was shown another price
    (expected_amount, minor units) than it has now gets nothing."""

    package_id: str
    currency: str | None
    locale: str | None
    ui_mode: str
    return_url: str | None
    options: dict[str, Any]
    expected_amount: int | None = None


class Orders:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        customers: Customers,
        idempotency: Idempotency,
    ) -> None:
        self._settings = settings
        self._database = database
        self._customers = customers
        self._idempotency = idempotency

    def create(self, buyer: Buyer, wish: Wish, attempt: Attempt) -> Order:
        """Write an order down, or find the one this attempt made before: `order["answer"]` has a
        `body` if it was answered then.

        Raises PaymentsDisabled, NotFound (package, card), ValidationError, Forbidden, InvalidState,
        IdempotencyConflict, DatabaseUnavailable.
        """
        if not self._settings.payments_enabled:
            raise PaymentsDisabled()
        return self._database.as_service(
            "create_payment",
            user_id=buyer.id,
            package_id=wish.package_id,
            currency=self.currency_of(wish.currency, wish.expected_amount),
            default_currency=self._settings.default_currency,
            livemode=self._settings.livemode,
            ui_mode=wish.ui_mode,
            return_url=wish.return_url,
            locale=language_of(wish.locale),
            options=wish.options,
            expected_amount=wish.expected_amount,
            # Always a key: the call may be repeated when its answer is lost on the way.
            idempotency_key=attempt.idempotency_key or f"request-{uuid.uuid4()}",
            request_hash=attempt.request_hash,
        )

    def currency_of(self, wished: str | None, expected_amount: int | None) -> str | None:
        """None: any it is sold in. An amount that was shown without one is in the shop's own."""
        if wished:
            return wished.lower()
        return self._settings.default_currency if expected_amount else None

    @staticmethod
    def has_moved_money(order: Order) -> bool:
        """Whether money has moved for it, or is on its way: a retry may find it so."""
        return order["payment"]["status"] not in ("pending", "failed", "canceled", "expired")

    def get(self, payment_id: str) -> Order:
        """The order again, to close at Stripe what its lost answer may have opened."""
        return self._database.as_service("get_order", payment_id=payment_id)

    def reopen(self, payment_id: str) -> Order:
        """The order again, for a request to Stripe whose answer was lost. Raises Forbidden where
        its user may not buy any more."""
        return self._database.as_service("reopen_order", payment_id=payment_id)

    def answered(self, buyer: Buyer, attempt: Attempt, answer: dict[str, Any]) -> dict[str, Any]:
        """The first answer to whoever asks with this key, which is kept."""
        return self._idempotency.keep(buyer.id, attempt, answer)["body"]

    def place(
        self, order: Order, buyer: Buyer, ask: Callable[[Order, str], StripeObject]
    ) -> StripeObject:
        """Ask Stripe for what the order needs, as `ask(order, customer_id)` does.

        A customer who was deleted at Stripe is replaced once; a refusal ends the order. Raises
        InvalidState when the order is over, and what StripeApi raises.
        """
        if order["payment"]["status"] != "pending":
            raise InvalidState("This payment is over. Start a new one.")
        try:
            customer_id = order["customer_id"] or self._customers.create(
                buyer, order["former_customer_id"]
            )
            return self._customers.ask_for(buyer, customer_id, functools.partial(ask, order))
        except StripeRejected as rejection:
            self.end_refused(order, rejection)
            raise

    def page_of(self, payment: dict[str, Any]) -> Facts:
        """Where the buyer finishes a payment that has no page of Stripe's."""
        return {"payment_url": f"{self._settings.frontend_url}/?payment={payment['payment_id']}"}

    def record(self, facts: Facts) -> dict[str, Any]:
        """Merge and settle; answers the payment as the database shows it."""
        return self._database.as_service("record_facts", facts=facts)

    def end_refused(self, order: Order, rejection: Problem) -> None:
        """What Stripe will not do at all is over, and says why."""
        self.record(
            {
                "payment_id": order["payment"]["payment_id"],
                "ended": "failed",
                "error": {"code": rejection.code, "message": rejection.detail},
            }
        )
