"""What Stripe.js does in a buyer's browser, without one: it has the publishable key and knows of an
intent only by its client secret."""

from typing import Any

from tests.http import HTTP
from tests.stripe_console import SUCCEEDS

ASKS_ALWAYS = "4000002760003184"  # for 3D Secure, off session too
ASKS_ONCE = "4000002500003155"  # unless it was set up for later payments
DECLINED_AFTER_ASKING = "4000008400001629"
CAN_ONLY_BE_SAVED = "4000000000000341"  # every charge is declined

PATHS = {"pi": "payment_intents", "seti": "setup_intents"}


class StripeBrowser:
    def __init__(self, base: str, publishable_key: str) -> None:
        self._base = base
        self._key = publishable_key

    def card(self, number: str = SUCCEEDS) -> str:
        """Type a card into Stripe's form: the id of the payment method."""
        card = {"number": number, "exp_month": "12", "exp_year": "34", "cvc": "123"}
        fields = {f"card[{name}]": value for name, value in card.items()}
        return self._ask("POST", "payment_methods", fields | {"type": "card"})["id"]

    def confirm(self, client_secret: str, card: str = SUCCEEDS) -> dict[str, Any]:
        """Pay or save with a card's number, or with a saved one's id: the intent, or {error}."""
        card = card if card.startswith("pm_") else self.card(card)
        fields = {
            "client_secret": client_secret,
            "payment_method": card,
            "use_stripe_sdk": "true",
        }
        return self._ask("POST", f"{_path_of(client_secret)}/confirm", fields)

    def authenticate(self, client_secret: str, succeeds: bool = True) -> dict[str, Any]:
        """Answer the bank's question (3D Secure): the intent afterwards."""
        intent = self.look(client_secret)
        assert intent["status"] == "requires_action", intent
        url = intent["next_action"]["use_stripe_sdk"]["stripe_js"]
        answer = HTTP.post(url, data={"outcome": "complete" if succeeds else "fail"})
        assert answer.is_success, answer.text
        return self.look(client_secret)

    def look(self, client_secret: str) -> dict[str, Any]:
        return self._ask("GET", _path_of(client_secret), {"client_secret": client_secret})

    def _ask(self, method: str, path: str, fields: dict[str, str]) -> dict[str, Any]:
        """What Stripe answers; an error is an answer, too."""
        fields = fields | {"key": self._key}
        given = {"params": fields} if method == "GET" else {"data": fields}
        return HTTP.request(method, f"{self._base}/v1/{path}", **given).json()


def _path_of(client_secret: str) -> str:
    return f"{PATHS[client_secret.split('_')[0]]}/{client_secret.split('_secret_')[0]}"
