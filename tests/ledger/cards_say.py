"""What Stripe tells about a customer and his cards.

Shapes: https://docs.stripe.com/api/payment_methods, https://docs.stripe.com/api/customers
"""

from dataclasses import dataclass

from tests.ledger.stripe_says import Event, Stripe


@dataclass
class Wallet(Stripe):
    """A customer and his cards, by number."""

    def card(self, event_type: str, nth: int = 1, exp_year: int = 2030) -> Event:
        is_detached = event_type == "detached"
        card = {
            "id": self.id("pm", nth),
            "object": "payment_method",
            "card": {"brand": "visa", "last4": f"{nth:04}", "exp_month": 12, "exp_year": exp_year},
            "customer": None if is_detached else self.id("cus"),
            "type": "card",
        }
        return self._event(f"payment_method.{event_type}", card)

    def customer(self, event_type: str, default: int | None = None) -> Event:
        """`default`: the card that his invoices are paid with now; when asked, he comes with it."""
        card_id = self.id("pm", default) if default else None
        customer = {
            "id": self.id("cus"),
            "object": "customer",
            "invoice_settings": {"default_payment_method": card_id},
        }
        settings = {"default_payment_method": self.objects[card_id] if card_id else None}
        return self._event(f"customer.{event_type}", customer, invoice_settings=settings)

    def customer_deleted(self) -> Event:
        """His cards are gone with him. The event shows him as he was."""
        self.objects = {
            id: known | ({"customer": None} if known["object"] == "payment_method" else {})
            for id, known in self.objects.items()
        }
        customer = {"id": self.id("cus"), "object": "customer", "invoice_settings": {}}
        return self._event("customer.deleted", customer, deleted=True)
