"""Prices at Stripe: one for each way a package is sold by subscription, named by its invoices."""

from hashlib import sha256

from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import Database
from backend.services.orders import Order


class Prices:
    def __init__(self, database: Database, stripe: StripeApi) -> None:
        self._database = database
        self._stripe = stripe

    def of(self, order: Order) -> str:
        """The id of the price that sells this order's package; made the first time."""
        known: str | None = order["stripe_price_id"]
        return known or self._make(order)

    def instead_of(self, refused: str, order: Order) -> str:
        """A new price for one archived at Stripe; the books remember what the old one sold."""
        return self._make(order, refused)

    def _make(self, order: Order, replaces: str | None = None) -> str:
        payment = order["payment"]
        mark = {"package_id": payment["package_id"]}
        name = order["product"]["name"]  # in the key: it may be another one since the last try
        called = f"{order['locale']}-{sha256(name.encode()).hexdigest()[:16]}"
        sold = f"{payment['package_id']}-{payment['credits']}-{order['interval']}"
        key = f"price-{sold}-{payment['currency']}-{payment['amount']}-{called}"
        if replaces:  # who meets the same archived price at the same time makes the same new one
            key += f"-after-{replaces}"
        price = self._stripe.create_price(
            {
                "currency": payment["currency"],
                "unit_amount": payment["amount"],
                "recurring": {"interval": order["interval"]},
                "product_data": {"name": name, "metadata": mark},
                "metadata": mark,
            },
            key,
        )
        self._database.as_service(
            "record_price",
            price_id=price["id"],
            package_id=payment["package_id"],
            currency=payment["currency"],
            amount=payment["amount"],
            credits=payment["credits"],
            locale=order["locale"],
            livemode=payment["livemode"],
            replaces=replaces,
        )
        new_id: str = price["id"]
        return new_id


def is_refused(rejection: StripeRejected) -> bool:
    """Whether it was the price that Stripe would not sell: archived, or gone."""
    return rejection.param == "line_items[0][price]"
