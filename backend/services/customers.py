"""Who a user is at Stripe: one customer per user and mode."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from backend.config import Settings
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import Database


@dataclass(frozen=True)
class Buyer:
    """Who pays: the user's id and, if there is one, the e-mail address of the token."""

    id: str
    email: str | None


class Customers:
    def __init__(self, settings: Settings, database: Database, stripe: StripeApi) -> None:
        self._settings = settings
        self._database = database
        self._stripe = stripe

    def find(self, user_id: str) -> str | None:
        """The id of the user's customer, if any. Raises Forbidden for whoever may not buy."""
        return self._known(user_id)["customer_id"]

    def ensure(self, buyer: Buyer) -> str:
        """The id of the buyer's customer, made if need be. Raises Forbidden, or as StripeApi."""
        known = self._known(buyer.id)
        return known["customer_id"] or self.create(buyer, known["former_customer_id"])

    def create(self, buyer: Buyer, former_customer_id: str | None) -> str:
        """Make a customer, and write it down before anything stands on it.

        Two first purchases at once use the same key, and so get the same customer. The key covers
        the e-mail address because Stripe refuses one key with two different requests, and the
        customer who was deleted before, for Stripe would answer with that one again.
        """
        params: dict[str, Any] = {"metadata": {"user_id": buyer.id}}
        if buyer.email:
            params["email"] = buyer.email
        seed = f"{buyer.email or ''}{former_customer_id or ''}"
        digest = sha256(seed.encode()).hexdigest()[:16]
        customer = self._stripe.create_customer(params, f"customer-{buyer.id}-{digest}")
        return self._database.as_service(
            "record_customer",
            user_id=buyer.id,
            livemode=self._settings.livemode,
            customer_id=customer["id"],
        )

    def ask_for(self, buyer: Buyer, customer_id: str, ask: Callable[[str], Any]) -> Any:
        """`ask(customer_id)`, and again with a new customer if Stripe does not know that one any
        more. Raises what `ask` does."""
        try:
            return ask(customer_id)
        except StripeRejected as rejection:
            if not rejection.misses_customer:
                raise
            self.forget(customer_id)
            return ask(self.create(buyer, customer_id))

    def forget(self, customer_id: str) -> None:
        """Stripe does not know this customer any more, nor his cards."""
        self._database.as_service(
            "record_facts", facts={"customer": {"id": customer_id, "deleted": True}}
        )

    def _known(self, user_id: str) -> dict[str, Any]:
        return self._database.as_service(
            "get_customer", user_id=user_id, livemode=self._settings.livemode
        )
