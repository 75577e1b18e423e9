"""What a smaller plan gives back in money is carried: it counts against the next invoices' credits."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.ledger.books import Books, Desk
from tests.ledger.crowd import crowd
from tests.stripe_console import eventually

Facts = dict[str, Any]
PRICE, CREDITS = 899, 1000
CARRIED = 445  # what 400 of 899 are worth
# Whoever waits for a lock of these books.
WAITING = (
    "select count(*) from pg_stat_activity "
    "where datname = current_database() and wait_event_type = 'Lock'"
)


class Invoices:
    """Of one customer, as Stripe tells of them."""

    def __init__(self, desk: Desk, user_id: str) -> None:
        self._customer_id = desk.customer(user_id)
        self._price_id = desk.price(amount=PRICE, credits=CREDITS)

    def facts(self, name: str, subtotal: int = PRICE, currency: str = "usd", **more: Any) -> Facts:
        is_first = "payment_id" in more
        invoice = {
            "id": f"in_{name}",
            "subscription_id": f"sub_{name}",
            "billing_reason": "subscription_create" if is_first else "subscription_cycle",
            "currency": currency,
            "amount_subtotal": subtotal,
            "lines": [{"price_id": self._price_id, "amount": subtotal}],
        }
        return {"customer_id": self._customer_id, "invoice": invoice} | more

    def paid(self, name: str, subtotal: int = PRICE, currency: str = "usd", **more: Any) -> Facts:
        money = {"paid": True, "amount": max(0, subtotal), "currency": currency}
        return self.facts(name, subtotal, currency, **more) | money


@pytest.fixture
def invoices(desk: Desk, user_id: str) -> Invoices:
    """Something is carried."""
    invoices = Invoices(desk, user_id)
    desk.facts(**invoices.paid("smaller_plan", -400))
    return invoices


def test_it_counts_in_its_own_currency_as_the_balance_at_stripe_does(
    desk: Desk, invoices: Invoices
) -> None:
    assert desk.facts(**invoices.paid("in_euros", currency="eur"))["credits"] == CREDITS
    assert desk.facts(**invoices.paid("in_dollars"))["credits"] == CREDITS - CARRIED
    assert desk.facts(**invoices.paid("in_dollars_again"))["credits"] == CREDITS


def test_what_was_carried_before_currencies_were_noted_counts_in_any(
    books: Books, desk: Desk, invoices: Invoices
) -> None:
    books.rows("update private.carried_credits set currency = null")
    assert desk.facts(**invoices.paid("in_euros", currency="eur"))["credits"] == CREDITS - CARRIED


def test_two_invoices_that_use_it_wait_in_no_circle(
    books: Books, desk: Desk, user_id: str, invoices: Invoices
) -> None:
    """One was known before it was paid; the other learns its keys, and takes the account for that."""
    desk.facts(**invoices.facts("known"))
    order = desk.order(user_id, "monthly")
    desk.grant(user_id, 1)
    both = [invoices.paid("new", payment_id=order["payment_id"]), invoices.paid("known")]
    with (
        books.connect("postgres") as owner,
        crowd(books, 2) as desks,
        ThreadPoolExecutor(2) as pool,
    ):
        with owner.transaction():
            owner.execute("select from public.user_credits for update")
            answers = []
            for nth, (mine, facts) in enumerate(zip(desks, both, strict=True), 1):
                answers.append(pool.submit(mine.facts, **facts))
                eventually(lambda: books.one(WAITING), lambda waiting, nth=nth: waiting == nth)
        assert [answer.result()["status"] for answer in answers] == ["succeeded"] * 2
