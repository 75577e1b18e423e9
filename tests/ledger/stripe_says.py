"""What Stripe tells about one payment: whole events, as its webhooks carry them, and how we hear it.

Shapes: https://docs.stripe.com/api, in the version that the SDK pins; of each object, what says how
things are with it.
"""

from dataclasses import dataclass, field
from typing import Any

from backend.services.events import HANDLERS
from tests.ledger.books import Desk, new_id

API_VERSION = "2026-10-28.endive"
Event = dict[str, Any]


@dataclass
class Stripe:
    """One checkout session and what becomes of it. `amount` in minor units of US dollars."""

    payment_id: str
    user_id: str
    amount: int
    ids: dict[str, str] = field(default_factory=dict)

    def id(self, prefix: str, nth: int = 1) -> str:
        """The same object has the same id each time."""
        return self.ids.setdefault(f"{prefix}{nth}", new_id(prefix))

    def session(self, event_type: str, payment_status: str, status: str = "complete") -> Event:
        session = {
            "id": self.id("cs_test"),
            "object": "checkout.session",
            "amount_total": self.amount,
            "client_reference_id": self.payment_id,
            "currency": "usd",
            "customer": self.id("cus"),
            "expires_at": 1_900_000_000,
            "livemode": False,
            "metadata": self._metadata(),
            "mode": "payment",
            "payment_intent": self.id("pi"),
            "payment_status": payment_status,
            "status": status,
            "url": None,
        }
        return self._event(f"checkout.session.{event_type}", session)

    def intent(self, event_type: str, status: str) -> Event:
        is_paid = status == "succeeded"
        intent = {
            "id": self.id("pi"),
            "object": "payment_intent",
            "amount": self.amount,
            "amount_received": self.amount if is_paid else 0,
            "currency": "usd",
            "customer": self.id("cus"),
            "last_payment_error": None,
            "latest_charge": self.id("ch"),
            "livemode": False,
            "metadata": self._metadata(),
            "status": status,
        }
        return self._event(f"payment_intent.{event_type}", intent)

    def refund(self, event_type: str, status: str, amount: int, nth: int = 1) -> Event:
        refund = {
            "id": self.id("re", nth),
            "object": "refund",
            "amount": amount,
            "charge": self.id("ch"),
            "currency": "usd",
            "metadata": {},
            "payment_intent": self.id("pi"),
            "reason": "requested_by_customer",
            "status": status,
        }
        return self._event(event_type, refund)

    def dispute(self, event_type: str, status: str, amount: int) -> Event:
        dispute = {
            "id": self.id("du"),
            "object": "dispute",
            "amount": amount,
            "charge": self.id("ch"),
            "currency": "usd",
            "evidence_details": {"due_by": 1_900_000_000, "has_evidence": False},
            "livemode": False,
            "metadata": {},
            "payment_intent": self.id("pi"),
            "reason": "fraudulent",
            "status": status,
        }
        return self._event(f"charge.dispute.{event_type}", dispute)

    def _metadata(self) -> dict[str, str]:
        return {"payment_id": self.payment_id, "user_id": self.user_id}

    def _event(self, event_type: str, stripe_object: dict[str, Any]) -> Event:
        return {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": 1_800_000_000,
            "data": {"object": stripe_object},
            "livemode": False,
            "type": event_type,
        }


def receive(desk: Desk, event: Event) -> None:
    """Stripe tells us."""
    desk.call("receive_event", event=event, livemode=False, facts=facts_of(event))


def learn(desk: Desk, event: Event) -> None:
    """We ask Stripe, and are told the same."""
    desk.call("record_facts", facts=facts_of(event))


def facts_of(event: Event) -> dict[str, Any]:
    return HANDLERS[event["type"]](event["data"]["object"])
