"""Cards that a buyer keeps with the shop."""

from typing import Any

from tests.people import Person
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import SUCCEEDS

CARDS = "/api/payment-methods"
INTENTS = "/api/stripe/create-payment-intent"
STARTER = {"package_id": "starter"}


class Wallet:
    def __init__(self, stripe_js: StripeBrowser, buyer: Person) -> None:
        self._stripe_js = stripe_js
        self.buyer = buyer

    def save(self, number: str = SUCCEEDS) -> str:
        """Save a card without paying, 3D Secure done where it is asked for: its id."""
        setup = self.buyer.post(f"{CARDS}/setup-intent")
        assert setup.status_code == 201, setup.text
        secret = setup.json()["client_secret"]
        intent = self._stripe_js.confirm(secret, number)
        if intent["status"] == "requires_action":
            intent = self._stripe_js.authenticate(secret)
        assert intent["status"] == "succeeded", intent
        self.refresh()
        return intent["payment_method"]

    def pay_and_save(self, number: str = SUCCEEDS) -> str:
        """Buy the starter package with a new card that is kept: its id."""
        answer = self.buyer.post(INTENTS, STARTER | {"save_payment_method": True})
        intent = self._stripe_js.confirm(answer.json()["client_secret"], number)
        assert intent["status"] == "succeeded", intent
        assert self.buyer.refresh(answer.json()["payment_id"])["status"] == "succeeded"
        self.refresh()
        return intent["payment_method"]

    @property
    def cards(self) -> list[dict[str, Any]]:
        """As the page lists them."""
        return self.buyer.get(CARDS).json()["payment_methods"]

    @property
    def ids(self) -> list[str]:
        return [card["id"] for card in self.cards]

    @property
    def defaults(self) -> list[str]:
        """The id of each card that is marked as the default; more than one would be a mistake."""
        return [card["id"] for card in self.cards if card["is_default"]]

    def refresh(self) -> list[dict[str, Any]]:
        """The same after asking Stripe."""
        answer = self.buyer.post(f"{CARDS}/refresh")
        assert answer.status_code == 200, answer.text
        return answer.json()["payment_methods"]
