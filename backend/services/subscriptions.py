"""A user's subscriptions: list, let run out, let go on, and Stripe's customer portal."""

import time
from typing import Any

from backend.config import Settings
from backend.errors import InvalidState
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import Database
from backend.services import facts
from backend.services.catalog import language_of
from backend.services.checkout import refuse_foreign
from backend.services.customers import Buyer, Customers


class Subscriptions:
    """Another user's subscription does not exist here: NotFound."""

    def __init__(
        self, settings: Settings, database: Database, stripe: StripeApi, customers: Customers
    ) -> None:
        self._settings = settings
        self._database = database
        self._stripe = stripe
        self._customers = customers

    def of_user(self, user_id: str) -> list[dict[str, Any]]:
        """[{subscription_id, package_id, status (Stripe's word), cancel_at_period_end,
        current_period_end, ended_at, created_at, credits, interval, amount, currency}]."""
        return self._database.as_service(
            "list_subscriptions", user_id=user_id, livemode=self._settings.livemode
        )

    def cancel(self, user_id: str, subscription_id: str) -> dict[str, Any]:
        """Let it end with the period that is paid for; again changes nothing. Raises InvalidState
        where Stripe refuses, because of another planned change."""
        return self._change(user_id, subscription_id, cancel=True)

    def resume(self, user_id: str, subscription_id: str) -> dict[str, Any]:
        """Let it go on after all, while its period lasts. Raises InvalidState once it has ended,
        and as `cancel` does; Forbidden for a user who is banned."""
        return self._change(user_id, subscription_id, cancel=False)

    def open_portal(
        self, buyer: Buyer, return_url: str | None, locale: str | None
    ) -> dict[str, Any]:
        """{url} of Stripe's page for cards, invoices and subscriptions. Raises ValidationError."""
        refuse_foreign(return_url, self._settings)

        def ask(customer_id: str) -> dict[str, Any]:
            return self._stripe.create_portal_session(
                {
                    "customer": customer_id,
                    "return_url": return_url or self._settings.frontend_url,
                    "locale": language_of(locale),
                }
            )

        session = self._customers.ask_for(buyer, self._customers.ensure(buyer), ask)
        return {"url": session["url"]}

    def _change(self, user_id: str, subscription_id: str, cancel: bool) -> dict[str, Any]:
        known = self._database.as_service(
            "require_subscription",
            user_id=user_id,
            subscription_id=subscription_id,
            to_resume=not cancel,
        )
        if known["ended_at"]:
            raise InvalidState("This subscription has ended.")
        asked_at = time.time()
        try:
            subscription = self._stripe.cancel_at_period_end(subscription_id, cancel)
        except StripeRejected:  # it ended meanwhile, or another change of it is planned
            subscription = self._stripe.retrieve_subscription(subscription_id)
        learnt = facts.of_subscription(subscription, asked_at)
        self._database.as_service("record_facts", facts=learnt)
        if subscription.get("ended_at"):
            raise InvalidState("This subscription has ended.")
        if learnt["subscription"]["cancel_at_period_end"] is not cancel:
            raise InvalidState("Another change is planned. Manage this subscription at Stripe.")
        return next(
            mine for mine in self.of_user(user_id) if mine["subscription_id"] == subscription_id
        )
