"""The other end of Stripe: pay as a buyer, and pull the stand-in's levers."""

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import httpx

from tests.http import HTTP
from tests.stripe_types import check_exchange

WAIT_SECONDS_MAX = 20
SUCCEEDS = "4242424242424242"
IS_DECLINED = "4000000000000002"
MASTERCARD = "5555555555554444"  # succeeds, too
BANK = "us_bank_account"

Found = TypeVar("Found")


class StripeConsole:
    """Each method is one thing that happens at Stripe's side."""

    def __init__(self, base: str, secret_key: str = "") -> None:
        self.base = base
        self._secret_key = secret_key

    def pay(self, url: str, card: str = SUCCEEDS) -> httpx.Response:
        """Fill in the hosted page as a browser would, without one."""
        return self._pay(
            url,
            {
                "method": "card",
                "number": card,
                "expiration": "12 / 44",
                "cvc": "123",
                "name": "Ada Buyer",
            },
        )

    def pay_by_bank(self, url: str, succeeds: bool = True) -> httpx.Response:
        """Choose the asynchronous method; `settle_bank_payment` ends it."""
        return self._pay(url, {"method": BANK, "outcome": "succeeds" if succeeds else "fails"})

    def settle_bank_payment(self, intent_id: str, succeeded: bool) -> dict[str, Any]:
        return self._lever("POST", f"payments/{intent_id}/settle", {"succeeded": succeeded})

    def refund(self, charge_id: str, **fields: Any) -> dict[str, Any]:
        """As from Stripe's Dashboard; `amount` in minor units, `status`."""
        return self._lever("POST", f"charges/{charge_id}/refund", fields)

    def change_refund(self, refund_id: str, action: str) -> dict[str, Any]:
        """`succeed`, `fail` or `cancel`."""
        return self._lever("POST", f"refunds/{refund_id}/{action}")

    def decline_next(self, decline_code: str, times: int = 1) -> None:
        """The next attempts to charge or save any card are declined so."""
        self._lever("POST", "next-decline", {"decline_code": decline_code, "times": times})

    def renew(self, payment_method_id: str, **card: Any) -> dict[str, Any]:
        """The bank sends a new card: `exp_month`, `exp_year`, `last4`."""
        return self._lever("POST", f"payment-methods/{payment_method_id}/renew", card)

    def new_code(self, **coupon: Any) -> str:
        """A promotion code that buyers can type, for `percent_off` or `amount_off` and `currency`."""
        made = self.change("coupons", **{"duration": "once"} | coupon)["id"]
        about = {"promotion[type]": "coupon", "promotion[coupon]": made}
        return self.change("promotion_codes", **about)["code"]

    def use_card(self, customer_id: str, number: str) -> dict[str, Any]:
        """What this customer's subscriptions are charged to from now on."""
        return self._lever("POST", f"customers/{customer_id}/card", {"number": number})

    def after_last_retry(self, status: str) -> None:
        """What becomes of a subscription that could not be charged: `canceled`, `unpaid` or
        `past_due`."""
        self._lever("POST", "after-last-retry", {"status": status})

    def speak_version(self, version: str | None = None) -> None:
        """Events in the shape of an earlier API version, like 2024-06-20; None: of today's."""
        self._lever("POST", "api-version", {"version": version})

    def dispute(self, charge_id: str, **fields: Any) -> dict[str, Any]:
        return self._lever("POST", f"charges/{charge_id}/dispute", fields)

    def change_dispute(self, dispute_id: str, action: str) -> dict[str, Any]:
        """`win`, `lose` or `escalate`."""
        return self._lever("POST", f"disputes/{dispute_id}/{action}")

    def api(self, path: str, **params: Any) -> dict[str, Any]:
        """Look at an object or list, as somebody else with the shop's secret key."""
        return self._api("GET", path, params)

    def all(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every object of a list, newest first; a page is asked for when it is needed."""
        after: dict[str, str] = {}
        has_more = True
        while has_more:
            page = self.api(path, limit=100, **params, **after)
            yield from page["data"]
            has_more = page["has_more"]
            after = {"starting_after": page["data"][-1]["id"]} if has_more else {}

    def change(self, path: str, **params: Any) -> dict[str, Any]:
        """POST to an object, as somebody else with the shop's secret key or in the Dashboard."""
        return self._api("POST", path, params)

    def delete(self, path: str) -> dict[str, Any]:
        return self._api("DELETE", path)

    def customers(self, email: str) -> list[str]:
        """Ids of all that have this address, deleted ones not."""
        return [customer["id"] for customer in self.api("customers", email=email)["data"]]

    def charged(self, email: str) -> list[dict[str, Any]]:
        """The payment intents that this buyer has paid, newest first."""
        return [
            intent
            for customer in self.customers(email)
            for intent in self.api("payment_intents", customer=customer, limit=100)["data"]
            if intent["status"] == "succeeded"
        ]

    def expire(self, session_id: str) -> dict[str, Any]:
        """What Stripe does by itself when a session's time is over."""
        return self._api("POST", f"checkout/sessions/{session_id}/expire")

    def events(self, object_id: str) -> list[dict[str, Any]]:
        """The latest events about one object, oldest first."""
        events = self.api("events", limit=100)["data"][::-1]
        return [event for event in events if event["data"]["object"]["id"] == object_id]

    def requests(self, **filters: Any) -> list[dict[str, Any]]:
        """What was asked, newest last; filters: `method`, `path` (how it begins)."""
        return self._lever("GET", "requests", params=filters)["requests"]

    def forget_requests(self) -> None:
        """Look at them no more, after a last look: each must fit the SDK's types."""
        for request in self._lever("DELETE", "requests")["requests"]:
            check_exchange(request)

    def fault(self, **fault: Any) -> None:
        """Let the next matching requests fail: method, path, kind, when, status, seconds, times."""
        self._lever("POST", "faults", fault)

    def deliver(self, mode: str = "live", copies: int = 1) -> None:
        """`live`, `hold` or `drop` webhooks; `copies` of each."""
        self._lever("POST", "delivery-mode", {"mode": mode, "copies": copies})

    def deliveries(self, **filters: Any) -> list[dict[str, Any]]:
        return self._lever("GET", "deliveries", params=filters)["deliveries"]

    def release(self, order: str = "created") -> None:
        """Send what is held, in `created`, `reverse` or `shuffle` order."""
        self._lever("POST", "deliveries/release", {"order": order})

    def send_again(self, delivery_id: str, times: int = 1) -> list[dict[str, Any]]:
        """The same delivery, `times` at once."""
        return self._lever("POST", f"deliveries/{delivery_id}/send", {"times": times})["deliveries"]

    def end_faults(self) -> None:
        """Nothing fails any more, and what is being delayed goes on."""
        self._lever("DELETE", "faults")

    def put_back(self) -> None:
        """As it is after a start: everything live, no faults, no declines, nothing held."""
        self._lever("POST", "put-back")

    def _pay(self, url: str, fields: dict[str, str]) -> httpx.Response:
        fields |= {"email": "buyer@example.com", "country": "US", "postal_code": "94107"}
        answer = HTTP.post(url, data=fields)
        assert answer.status_code in (200, 302, 303, 422), answer.text
        return answer

    def _api(self, method: str, path: str, params: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._secret_key}"}
        url = f"{self.base}/v1/{path}"
        answer = HTTP.request(method, url, headers=headers, params=params)
        assert answer.is_success, answer.text
        return answer.json()

    def _lever(
        self, method: str, path: str, json: Any = None, params: Any = None
    ) -> dict[str, Any]:
        answer = HTTP.request(method, f"{self.base}/_sandbox/{path}", json=json, params=params)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}


def eventually(read: Callable[[], Found], wanted: Callable[[Found], bool]) -> Found:
    """Read until it is as wanted, within WAIT_SECONDS_MAX; the last reading if it never is."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        found = read()
        if wanted(found) or time.monotonic() > deadline:
            assert wanted(found), found
            return found
        time.sleep(0.05)
