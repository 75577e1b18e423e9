"""What Stripe tells about a subscription: its invoices, what pays them, and how it stands.

Shapes: https://docs.stripe.com/api/invoices, https://docs.stripe.com/api/subscriptions
"""

from dataclasses import dataclass
from typing import Any

from tests.ledger.stripe_says import Event, Stripe

MONTH, YEAR = 30 * 86_400, 365 * 86_400
BEGAN = 1_900_000_000  # in the future, so that no period is over while a test runs
Lines = list[tuple[str, int]]  # (price, amount)


@dataclass
class Billing(Stripe):
    """A subscription bought with the order `payment_id`; its nth invoice is paid by the nth intent."""

    price_id: str = ""

    def session(self, event_type: str, payment_status: str, status: str = "complete") -> Event:
        bought = super().session(event_type, payment_status, status).payload["data"]["object"]
        changed = {
            "mode": "subscription",
            "payment_intent": None,
            "invoice": self.id("in"),
            "subscription": self.id("sub"),
        }
        return self._event(f"checkout.session.{event_type}", bought | changed)

    def subscription(self, event_type: str, status: str, period: int = 1, **changed: Any) -> Event:
        subscription = {
            "id": self.id("sub"),
            "object": "subscription",
            "cancel_at_period_end": False,
            "created": BEGAN,
            "customer": self.id("cus"),
            "ended_at": None,
            "items": {
                "data": [{"price": {"id": self.price_id}, "current_period_end": _end(period)}]
            },
            "status": status,
        }
        return self._event(f"customer.subscription.{event_type}", subscription | changed)

    def invoice(self, event_type: str, status: str, nth: int = 1, **changed: Any) -> Event:
        return self._event(f"invoice.{event_type}", self._invoice(status, nth, **changed))

    def invoice_payment(self, nth: int = 1, **changed: Any) -> Event:
        """That the nth invoice is paid, and by which intent: the invoice says so only when asked."""
        payment = {
            "id": self.id("inpay", nth),
            "object": "invoice_payment",
            "invoice": self.id("in", nth),
            "payment": {"type": "payment_intent", "payment_intent": self.id("pi", nth)},
            "status": "paid",
        }
        invoice = self._invoice("paid", nth, **changed) | {"payments": {"data": [payment]}}
        self.objects = self.objects | {invoice["id"]: invoice}
        return self._event("invoice_payment.paid", payment)

    def renewal_intent(self, event_type: str, status: str, nth: int = 1) -> Event:
        """An invoice's intent knows nothing of our order."""
        mine = {"id": self.id("pi", nth), "latest_charge": self.id("ch", nth), "metadata": {}}
        return self.intent(event_type, status, **mine)

    def _invoice(
        self,
        status: str,
        nth: int,
        lines: Lines | None = None,
        reason: str | None = None,
        seconds: int = MONTH,
    ) -> dict[str, Any]:
        lines = lines or [(self.price_id, self.amount)]
        subtotal = sum(amount for _, amount in lines)
        is_paid = status == "paid"
        reason = reason or ("subscription_create" if nth == 1 else "subscription_cycle")
        metadata = {"payment_id": self.payment_id, "user_id": self.user_id}
        return {
            "id": self.id("in", nth),
            "object": "invoice",
            "amount_paid": max(0, subtotal - self.discount + self.tax) if is_paid else 0,
            "billing_reason": reason,
            "created": BEGAN,
            "currency": "usd",
            "customer": self.id("cus"),
            "hosted_invoice_url": f"https://invoice.stripe.com/i/{nth}",
            "lines": {
                "data": [_line(price, amount, _end(nth, seconds)) for price, amount in lines],
                "has_more": False,
            },
            "parent": {
                "type": "subscription_details",
                "subscription_details": {"subscription": self.id("sub"), "metadata": metadata},
            },
            "status": status,
            "status_transitions": {"paid_at": BEGAN if is_paid else None},
            "subtotal": subtotal,
            "total_discount_amounts": [{"amount": self.discount}] if self.discount else [],
            "total_taxes": [{"amount": self.tax}] if self.tax else [],
        }


def _line(price_id: str, amount: int, ends_at: int) -> dict[str, Any]:
    return {
        "amount": amount,
        "period": {"start": BEGAN, "end": ends_at},
        "pricing": {"price_details": {"price": price_id}},
    }


def _end(period: int, seconds: int = MONTH) -> int:
    return BEGAN + period * seconds
