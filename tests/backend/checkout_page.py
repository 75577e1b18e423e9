"""Stripe's page for an order, hosted or embedded, as a buyer fills it in, without a browser."""

from typing import Any

import httpx

from tests.http import HTTP
from tests.stripe_console import SUCCEEDS, StripeConsole


class CheckoutPage:
    """Of one order, as the backend answered it."""

    def __init__(self, stripe_console: StripeConsole, order: dict[str, Any]) -> None:
        self._url = order["url"] or f"{stripe_console.base}/c/pay/{order['session_id']}"
        secret = order["client_secret"]
        self._query = {} if order["url"] else {"client_secret": secret}

    def show(self) -> str:
        """What the buyer sees, as HTML."""
        return HTTP.get(self._url, params=self._query).text

    def pay(self, card: str = SUCCEEDS, **fields: str) -> httpx.Response:
        """With a card's number; `fields` may be `country` and `postal_code`."""
        typed = {"method": "card", "number": card, "expiration": "12 / 34", "cvc": "123"}
        return self._post("", typed | {"name": "Ada Buyer"} | fields)

    def accept(self) -> httpx.Response:
        """Confirm what costs nothing."""
        return self._post("", {})

    def use_code(self, code: str) -> httpx.Response:
        """Type a promotion code: 422 if it gives nothing."""
        return self._post("/code", {"code": code})

    def authenticate(self, succeeds: bool = True) -> httpx.Response:
        """Answer the bank's question (3D Secure)."""
        return self._post("/authenticate", {"outcome": "complete" if succeeds else "fail"})

    def _post(self, step: str, fields: dict[str, str]) -> httpx.Response:
        fields = {"email": "buyer@example.com"} | fields
        answer = HTTP.post(self._url + step, data=fields, params=self._query)
        assert answer.status_code in (200, 303, 422), answer.text
        return answer
