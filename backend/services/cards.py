"""A user's saved cards. Stripe keeps them; here is what a person needs to recognize one."""

from contextlib import suppress
from typing import Any

from backend.config import Settings
from backend.errors import NotFound
from backend.gateways.stripe_api import PAGE_SIZE, StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import Database
from backend.services import facts
from backend.services.customers import Buyer, Customers
from backend.services.intents import KEEPS_CARD

LOOKS_MAX = 3  # what else is gone is looked at next time


class Cards:
    """Another user's card does not exist here: NotFound."""

    def __init__(
        self, settings: Settings, database: Database, stripe: StripeApi, customers: Customers
    ) -> None:
        self._settings = settings
        self._database = database
        self._stripe = stripe
        self._customers = customers

    def saved(self, token: str) -> list[dict[str, Any]]:
        """[{id, brand, last4, exp_month, exp_year, is_default}], the default first."""
        return self._database.as_user(
            token, "list_payment_methods", livemode=self._settings.livemode
        )

    def refresh(self, token: str, user_id: str) -> list[dict[str, Any]]:
        """The same after asking Stripe, for a card that was saved a moment ago."""
        if customer_id := self._customers.find(user_id):
            listed = self._listed(customer_id)
            self._record(facts.of_payment_methods(listed))
            gone = {card["id"] for card in self.saved(token)} - {card["id"] for card in listed}
            # A list that was cut off says nothing of the rest.
            for card_id in sorted(gone)[:LOOKS_MAX] if len(listed) < PAGE_SIZE else ():
                self._look_at(card_id)
        return self.saved(token)

    def set_up(self, buyer: Buyer) -> dict[str, Any]:
        """{setup_intent_id, client_secret}: with it the browser saves a card."""

        def ask(customer_id: str) -> dict[str, Any]:
            return self._stripe.create_setup_intent(
                {
                    "customer": customer_id,
                    "usage": "off_session",
                    "allowed_payment_method_types": ["card"],
                    "payment_method_options": KEEPS_CARD,
                    "metadata": {"user_id": buyer.id},
                }
            )

        intent = self._customers.ask_for(buyer, self._customers.ensure(buyer), ask)
        return {"setup_intent_id": intent["id"], "client_secret": intent["client_secret"]}

    def make_default(self, token: str, user_id: str, card_id: str) -> list[dict[str, Any]]:
        """Pay with this one from now on, subscriptions too. Raises NotFound."""
        customer_id = self._owned(user_id, card_id)
        try:
            # The default comes last: what breaks off before it can be asked for again on the page.
            for subscription_id in self._living_subscriptions(user_id):
                with suppress(StripeRejected):  # it ended a moment ago, or is not this customer's
                    self._stripe.set_subscription_payment_method(subscription_id, card_id)
            customer = self._stripe.set_default_payment_method(customer_id, card_id)
        except StripeRejected as rejection:
            self._look_at(card_id)
            raise NotFound("There is no such card.") from rejection
        self._record(facts.of_customer(customer))
        return self.saved(token)

    def remove(self, token: str, user_id: str, card_id: str) -> list[dict[str, Any]]:
        """Take the card away from Stripe, then from here. Raises NotFound."""
        self._owned(user_id, card_id)
        try:
            card = self._stripe.detach_payment_method(card_id)
            self._record(facts.of_payment_method(card) or {})
        except StripeRejected:
            self._look_at(card_id)
        return self.saved(token)

    def _listed(self, customer_id: str) -> list[dict[str, Any]]:
        try:
            return self._stripe.list_payment_methods(customer_id)
        except StripeRejected as rejection:
            if not rejection.is_missing:
                raise
            self._customers.forget(customer_id)
            return []

    def _look_at(self, card_id: str) -> None:
        """A card that was taken away at Stripe: the event about it was lost, or is on its way."""
        card = self._stripe.retrieve_payment_method(card_id)
        self._record(facts.of_payment_method(card) or {})

    def _living_subscriptions(self, user_id: str) -> list[str]:
        listed = self._database.as_service(
            "list_subscriptions", user_id=user_id, livemode=self._settings.livemode
        )
        return [each["subscription_id"] for each in listed if not each["ended_at"]]

    def _owned(self, user_id: str, card_id: str) -> str:
        return self._database.as_service(
            "require_payment_method",
            user_id=user_id,
            livemode=self._settings.livemode,
            payment_method_id=card_id,
        )["customer_id"]

    def _record(self, learnt: facts.Facts) -> None:
        self._database.as_service("record_facts", facts=learnt)
