"""A purchase from end to end, at the speed of HTTP."""

from dataclasses import dataclass
from typing import Any

import psycopg

from tests.people import Person
from tests.stripe_console import StripeConsole


@dataclass
class Purchase:
    """What was bought, under everybody's ids."""

    buyer: Person
    order: dict[str, Any]
    intent_id: str
    charge_id: str

    @property
    def payment_id(self) -> str:
        return self.order["payment_id"]

    @property
    def now(self) -> dict[str, Any]:
        """The payment as its buyer sees it."""
        return self.buyer.payment(self.payment_id)


class Shop:
    """Sells to a buyer, and looks things up afterwards."""

    def __init__(self, stripe_console: StripeConsole, database: psycopg.Connection[dict]) -> None:
        self._stripe = stripe_console
        self._database = database

    def sell(self, buyer: Person, package_id: str = "starter", **fields: Any) -> Purchase:
        """Order, pay and come back; the webhooks about it are never delivered."""
        bought = self.sell_silently(buyer, package_id, **fields)
        assert buyer.refresh(bought.payment_id)["status"] == "succeeded"
        return bought

    def sell_silently(self, buyer: Person, package_id: str = "starter", **fields: Any) -> Purchase:
        """Order and pay; the backend hears nothing of the payment."""
        self._stripe.deliver("drop")
        order = buyer.order(package_id, **fields)
        self._stripe.pay(order["url"])
        self._stripe.deliver("live")
        session = self._stripe.api(
            f"checkout/sessions/{order['session_id']}", **{"expand[]": "payment_intent"}
        )
        intent = session["payment_intent"]
        return Purchase(buyer, order, intent["id"], intent["latest_charge"])

    def row(self, payment_id: str) -> dict[str, Any]:
        """The order as the database has it."""
        return self._one("payment_orders", payment_id)

    def event_row(self, event_id: str) -> dict[str, Any]:
        """An event in the inbox."""
        return self._one("stripe_events", event_id)

    def set_session(self, payment_id: str, session_id: str | None) -> None:
        """Write down another session for an order, as somebody who edits the books."""
        self._database.execute(
            "update payment_orders set stripe_checkout_session_id = %s where id = %s",
            [session_id, payment_id],
        )

    def dispute_status(self, dispute_id: str) -> str | None:
        """None while it is not known."""
        found = self._database.execute("select status from disputes where id = %s", [dispute_id])
        return (found.fetchone() or {}).get("status")

    def ledger(self, buyer: Person) -> list[tuple[str, int]]:
        """(type, amount), oldest first."""
        rows = self._database.execute(
            "select type, amount from public.credit_transactions where user_id = %s order by seq",
            [buyer.id],
        )
        return [(row["type"], row["amount"]) for row in rows]

    def _one(self, table: str, row_id: str) -> dict[str, Any]:
        [row] = self._database.execute(f"select * from {table} where id = %s", [row_id]).fetchall()
        return row
