"""What Stripe tells about one payment: whole events, as its webhooks carry them, and how we hear it.

Shapes: https://docs.stripe.com/api, in the version that the SDK pins; of each object, what says how
things are with it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from backend.services.inbox import Inbox
from tests import shop
from tests.ledger.books import Desk, new_id

SETTINGS = shop.settings()
API_VERSION = "2026-10-28.endive"
StripeObject = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """`now`: what Stripe answers, by id, to whoever asks after this has happened."""

    payload: dict[str, Any]
    now: dict[str, StripeObject]


@dataclass
class Stripe:
    """One payment and what becomes of it. `amount` in minor units of US dollars."""

    payment_id: str
    user_id: str
    amount: int
    discount: int = 0
    tax: int = 0
    ids: dict[str, str] = field(default_factory=dict)
    objects: dict[str, StripeObject] = field(default_factory=dict)

    @property
    def due(self) -> int:
        return self.amount - self.discount + self.tax

    def id(self, prefix: str, nth: int = 1) -> str:
        """The same object has the same id each time."""
        return self.ids.setdefault(f"{prefix}{nth}", new_id(prefix))

    def session(self, event_type: str, payment_status: str, status: str = "complete") -> Event:
        session = {
            "id": self.id("cs_test"),
            "object": "checkout.session",
            "amount_subtotal": self.amount,
            "amount_total": self.due,
            "client_reference_id": self.payment_id,
            "currency": "usd",
            "customer": self.id("cus"),
            "expires_at": 1_900_000_000,
            "livemode": False,
            "metadata": self._metadata(),
            "mode": "payment",
            "payment_intent": self.id("pi") if self.due else None,
            "payment_status": payment_status,
            "status": status,
            "total_details": {
                "amount_discount": self.discount,
                "amount_shipping": 0,
                "amount_tax": self.tax,
            },
            "url": None,
        }
        return self._event(f"checkout.session.{event_type}", session)

    def intent(self, event_type: str, status: str, **changed: Any) -> Event:
        intent = {
            "id": self.id("pi"),
            "object": "payment_intent",
            "amount": self.due,
            "amount_received": self.due if status == "succeeded" else 0,
            "currency": "usd",
            "customer": self.id("cus"),
            "last_payment_error": None,
            "latest_charge": self.id("ch"),
            "livemode": False,
            "metadata": self._metadata(),
            "status": status,
        }
        return self._event(f"payment_intent.{event_type}", intent | changed)

    def charge(self, event_type: str, nth: int = 1, **changed: Any) -> Event:
        """The receipt."""
        charge = {
            "id": self.id("ch", nth),
            "object": "charge",
            "amount": self.due,
            "currency": "usd",
            "metadata": self._metadata(),
            "payment_intent": self.id("pi", nth),
            "receipt_url": "https://pay.stripe.com/receipts/1",
        }
        return self._event(f"charge.{event_type}", charge | changed)

    def refund(
        self, event_type: str, status: str, amount: int, nth: int = 1, intent: int = 1
    ) -> Event:
        refund = {
            "id": self.id("re", nth),
            "object": "refund",
            "amount": amount,
            "charge": self.id("ch", intent),
            "currency": "usd",
            "metadata": {},
            "payment_intent": self.id("pi", intent),
            "reason": "requested_by_customer",
            "status": status,
        }
        return self._event(event_type, refund)

    def dispute(self, event_type: str, status: str, amount: int, intent: int = 1) -> Event:
        dispute = {
            "id": self.id("du"),
            "object": "dispute",
            "amount": amount,
            "charge": self.id("ch", intent),
            "currency": "usd",
            "evidence_details": {"due_by": 1_900_000_000, "has_evidence": False},
            "livemode": False,
            "metadata": {},
            "payment_intent": self.id("pi", intent),
            "reason": "fraudulent",
            "status": status,
        }
        return self._event(f"charge.dispute.{event_type}", dispute)

    def paper(self, event_type: str) -> Event:
        """The invoice that a one-time purchase leaves behind."""
        paper = {
            "id": self.id("in"),
            "object": "invoice",
            "billing_reason": "manual",
            "customer": self.id("cus"),
            "hosted_invoice_url": "https://invoice.stripe.com/i/1",
            "metadata": self._metadata(),
            "parent": None,
            "status": "paid",
        }
        return self._event(event_type, paper)

    def _metadata(self) -> dict[str, str]:
        return {"payment_id": self.payment_id, "user_id": self.user_id}

    def _event(self, event_type: str, stripe_object: StripeObject, **asked: Any) -> Event:
        """`asked`: what the object says beside that, or otherwise, to whoever asks for it."""
        self.objects = self.objects | {stripe_object["id"]: stripe_object | asked}
        payload = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": 1_800_000_000,
            "data": {"object": stripe_object},
            "livemode": False,
            "type": event_type,
        }
        return Event(payload, self.objects)


@dataclass(frozen=True)
class Till:
    """What services/inbox.py asks, in the place of Stripe's API and of PostgREST."""

    desk: Desk
    now: dict[str, StripeObject]

    def as_service(self, function: str, **arguments: Any) -> Any:
        return self.desk.call(function, **arguments)

    def __getattr__(self, name: str) -> Callable[[str], StripeObject]:
        """`retrieve_…`: the object as it is now."""
        if not name.startswith("retrieve_"):
            raise AttributeError(name)
        return self.now.__getitem__


def webhook(desk: Desk, now: dict[str, StripeObject]) -> Inbox:
    till: Any = Till(desk, now)
    return Inbox(SETTINGS, till, till)


def receive(desk: Desk, event: Event, latest: Event | None = None) -> None:
    """Stripe tells us; `latest` is the last thing that has happened there by now."""
    webhook(desk, (latest or event).now)._take(event.payload)


def learn(desk: Desk, event: Event) -> None:
    """We ask Stripe, and are told the same."""
    desk.call("record_facts", facts=webhook(desk, event.now)._facts_of(event.payload))
