"""A day of business that the shop hears nothing of, and its twin: what the books ought to hold,
worked out from Stripe's own objects alone."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.backend.checkout_page import CheckoutPage
from tests.backend.subscriber import Subscriber
from tests.backend.wallet import INTENTS
from tests.people import People, Person
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import IS_DECLINED, StripeConsole

Row = dict[str, Any]

WORKERS = 8
PAYMENTS_PER_BUYER = 10
CREDITS = {"starter": 500, "monthly": 1000}
MONEY_GONE = ("pending", "requires_action", "succeeded")
CHARGEBACKS = ("needs_response", "under_review", "lost")

# How many of each in every 192; with two months of four subscriptions these are 200 payments.
SHARES = {
    "hosted": 60,
    "embedded": 10,
    "in_page": 32,
    "partly_refunded": 12,
    "refunded": 10,
    "refund_pending": 8,
    "refund_failed": 8,
    "disputed": 8,
    "dispute_won": 6,
    "dispute_lost": 6,
    "inquired": 4,
    "expired": 8,
    "left_open": 4,
    "declined": 2,
    "cheaper": 6,
    "for_nothing": 4,
    "bank_pending": 2,
    "bank_came": 1,
    "bank_failed": 1,
}
SUBSCRIBERS = 4


@dataclass(frozen=True)
class Sale:
    buyer: Person
    order: Row

    @property
    def payment_id(self) -> str:
        return self.order["payment_id"]


class SilentDay:
    """Everything about it happens while Stripe delivers nothing."""

    def __init__(
        self,
        stripe_console: StripeConsole,
        stripe_js: StripeBrowser,
        people: People,
        database: psycopg.Connection[Row],
    ) -> None:
        self._stripe = stripe_console
        self._stripe_js = stripe_js
        self._people = people
        self._database = database
        self._codes: dict[int, str] = {}
        self.sales: list[Sale] = []
        self.subscribers: list[Subscriber] = []

    def pass_by(self, share: float = 1.0) -> None:
        """Sell that share of 200 payments (at least one of each kind), many at once."""
        self._stripe.deliver("drop")
        kinds = [kind for kind, n in SHARES.items() for _ in range(max(1, round(n * share)))]
        random.shuffle(kinds)
        self._codes = {off: self._stripe.new_code(percent_off=off) for off in (20, 100)}
        with ThreadPoolExecutor(WORKERS) as pool:
            count = -(-len(kinds) // PAYMENTS_PER_BUYER)
            buyers = list(pool.map(lambda _: self._people.sign_up(), range(count)))
            self.subscribers = list(
                pool.map(lambda _: self._subscribe(), range(max(1, round(SUBSCRIBERS * share))))
            )
            self._pay_by_bank([kind for kind in kinds if kind.startswith("bank")])
            rest = [kind for kind in kinds if not kind.startswith("bank")]
            self.sales += pool.map(
                lambda nth: self._sell(rest[nth], buyers[nth % count]), range(len(rest))
            )

    @property
    def count(self) -> int:
        """Payments, the months of subscriptions included."""
        return len(self.sales) + 2 * len(self.subscribers)

    # What the books say, and what they ought to say

    def books(self) -> dict[str, Row]:
        """By payment, a renewal by its invoice."""
        rows = self._database.execute(
            "select id::text, stripe_invoice_id, ui_mode, status, amount_captured as paid,"
            " amount_refunded as refunded, credits_granted as granted,"
            " credits_granted - credits_refunded - credits_disputed as kept"
            " from payment_orders where user_id = any(%s)",
            [[buyer.id for buyer in self._buyers]],
        )
        books = {}
        for row in rows.fetchall():
            invoice_id, ui_mode, payment_id = (
                row.pop(name) for name in ("stripe_invoice_id", "ui_mode", "id")
            )
            books[invoice_id if ui_mode == "invoice" else payment_id] = row
        return books

    def twin(self) -> dict[str, Row]:
        refunds = self._by_intent("refunds")
        disputes = self._by_intent("disputes")
        with ThreadPoolExecutor(WORKERS) as pool:
            found = pool.map(lambda sale: self._found(sale.order), self.sales)
            twin = {
                sale.payment_id: _stands(status, paid, intent, "starter", refunds, disputes)
                for sale, (status, paid, intent) in zip(self.sales, found, strict=True)
            }
        for subscriber in self.subscribers:
            [first, renewal] = subscriber.invoices
            for key, invoice in ((self._first_order(subscriber), first), (renewal["id"], renewal)):
                intent = subscriber.intent_of(invoice["id"])["id"]
                twin[key] = _stands(
                    "succeeded", invoice["amount_paid"], intent, "monthly", refunds, disputes
                )
        return twin

    def balances(self) -> dict[str, int]:
        """Credits by buyer, as the accounts have them."""
        rows = self._database.execute(
            "select user_id::text, balance from user_credits where user_id = any(%s)",
            [[buyer.id for buyer in self._buyers]],
        )
        return {row["user_id"]: row["balance"] for row in rows.fetchall() if row["balance"]}

    def balances_of_twin(self, twin: dict[str, Row]) -> dict[str, int]:
        owed: dict[str, int] = {}
        for sale in self.sales:
            owed[sale.buyer.id] = owed.get(sale.buyer.id, 0) + twin[sale.payment_id]["kept"]
        for subscriber in self.subscribers:
            keys = (self._first_order(subscriber), subscriber.invoices[1]["id"])
            months = sum(twin[key]["kept"] for key in keys)
            owed[subscriber.buyer.id] = owed.get(subscriber.buyer.id, 0) + months
        return {user: credits for user, credits in owed.items() if credits}

    # Its business

    def _sell(self, kind: str, buyer: Person) -> Sale:
        pay: Callable[[Person], Row] = (
            self._hosted if kind in AFTER_CHARGE else getattr(self, f"_{kind}")
        )
        sale = Sale(buyer, pay(buyer))
        if after := AFTER_CHARGE.get(kind):
            after(self._stripe, self._charge_of(sale.order))
        return sale

    def _hosted(self, buyer: Person) -> Row:
        order = buyer.order()
        CheckoutPage(self._stripe, order).pay()
        return order

    def _embedded(self, buyer: Person) -> Row:
        order = buyer.order(ui_mode="embedded")
        CheckoutPage(self._stripe, order).pay()
        return order

    def _in_page(self, buyer: Person) -> Row:
        order = buyer.post(INTENTS, {"package_id": "starter"}).json()
        assert self._stripe_js.confirm(order["client_secret"])["status"] == "succeeded"
        return order

    def _expired(self, buyer: Person) -> Row:
        order = buyer.order()
        self._stripe.expire(order["session_id"])
        return order

    def _left_open(self, buyer: Person) -> Row:
        return buyer.order()

    def _declined(self, buyer: Person) -> Row:
        order = buyer.order()
        CheckoutPage(self._stripe, order).pay(IS_DECLINED)
        return order

    def _cheaper(self, buyer: Person) -> Row:
        order = buyer.order()
        page = CheckoutPage(self._stripe, order)
        page.use_code(self._codes[20])
        page.pay()
        return order

    def _for_nothing(self, buyer: Person) -> Row:
        order = buyer.order()
        page = CheckoutPage(self._stripe, order)
        page.use_code(self._codes[100])
        page.accept()
        return order

    def _subscribe(self) -> Subscriber:
        subscriber = Subscriber(self._stripe, self._database, self._people.sign_up())
        subscriber.subscribe("monthly")
        subscriber.renew()
        return subscriber

    def _pay_by_bank(self, kinds: list[str]) -> None:
        """By somebody whose clock is ahead, so that his bank takes longer than any test."""
        buyer = self.subscribers[0].buyer
        for kind in kinds:
            order = buyer.order()
            self._stripe.pay_by_bank(order["url"])
            if kind != "bank_pending":
                intent = self._session(order)["payment_intent"]["id"]
                self._stripe.settle_bank_payment(intent, succeeded=kind == "bank_came")
            self.sales.append(Sale(buyer, order))

    # Looking at Stripe

    def _found(self, order: Row) -> tuple[str, int, str | None]:
        """(status without money that went back, amount paid, intent)"""
        if "session_id" not in order:
            intent = self._stripe.api(f"payment_intents/{order['payment_intent_id']}")
            assert intent["status"] == "succeeded"
            return "succeeded", intent["amount_received"], intent["id"]
        session = self._session(order)
        intent = session["payment_intent"] or {"id": None, "status": None}
        if session["status"] != "complete":
            status = {"open": "pending", "expired": "expired"}[session["status"]]
            return status, 0, intent["id"]
        if session["payment_status"] == "unpaid":
            is_on_its_way = intent["status"] == "processing"
            return "processing" if is_on_its_way else "failed", 0, intent["id"]
        return "succeeded", session["amount_total"], intent["id"]

    def _session(self, order: Row) -> Row:
        expand = {"expand[]": "payment_intent"}
        return self._stripe.api(f"checkout/sessions/{order['session_id']}", **expand)

    def _charge_of(self, order: Row) -> str:
        intent_id = order.get("payment_intent_id") or self._session(order)["payment_intent"]["id"]
        return self._stripe.api(f"payment_intents/{intent_id}")["latest_charge"]

    def _by_intent(self, resource: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for obj in self._stripe.all(resource):
            found.setdefault(obj["payment_intent"], []).append(obj)
        return found

    def _first_order(self, subscriber: Subscriber) -> str:
        return subscriber.subscription["metadata"]["payment_id"]

    @property
    def _buyers(self) -> list[Person]:
        return [sale.buyer for sale in self.sales] + [one.buyer for one in self.subscribers]


def _refund_that_fails(stripe_console: StripeConsole, charge: str) -> None:
    stripe_console.change_refund(stripe_console.refund(charge)["id"], "fail")


def _dispute_that_ends(action: str) -> Callable[[StripeConsole, str], None]:
    def act(stripe_console: StripeConsole, charge: str) -> None:
        stripe_console.change_dispute(stripe_console.dispute(charge)["id"], action)

    return act


AFTER_CHARGE: dict[str, Callable[[StripeConsole, str], Any]] = {
    "partly_refunded": lambda stripe, charge: stripe.refund(charge, amount=123),
    "refunded": lambda stripe, charge: stripe.refund(charge),
    "refund_pending": lambda stripe, charge: stripe.refund(charge, amount=200, status="pending"),
    "refund_failed": _refund_that_fails,
    "disputed": lambda stripe, charge: stripe.dispute(charge),
    "dispute_won": _dispute_that_ends("win"),
    "dispute_lost": _dispute_that_ends("lose"),
    "inquired": lambda stripe, charge: stripe.dispute(charge, is_inquiry=True),
}


def _stands(
    status: str,
    paid: int,
    intent: str | None,
    package_id: str,
    refunds: dict[str, list[Row]],
    disputes: dict[str, list[Row]],
) -> Row:
    """A payment as the books ought to have it."""
    if status != "succeeded":
        return {"status": status, "paid": 0, "refunded": 0, "granted": 0, "kept": 0}
    about = intent or ""
    back = sum(r["amount"] for r in refunds.get(about, []) if r["status"] in MONEY_GONE)
    withheld = sum(d["amount"] for d in disputes.get(about, []) if d["status"] in CHARGEBACKS)
    granted = CREDITS[package_id]
    gone = min(paid, back + withheld)
    taken = 0 if not gone else granted if gone == paid else granted * gone // paid
    if withheld:
        status = "disputed"
    elif back:
        status = "refunded" if back == paid else "partially_refunded"
    return {
        "status": status,
        "paid": paid,
        "refunded": back,
        "granted": granted,
        "kept": granted - taken,
    }
