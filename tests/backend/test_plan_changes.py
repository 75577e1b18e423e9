"""Another plan in the middle of a period: credits follow the invoice's lines, and changing to and
fro makes none. docs/decisions/10-an-invoice-line-grants-in-proportion.md"""

import itertools
import random
from collections.abc import Callable
from fractions import Fraction
from math import floor
from typing import Any

import psycopg
import pytest

from tests.backend.jobs import Jobs
from tests.backend.subscriber import DAY, Subscriber
from tests.backend.webhook import Webhook, event
from tests.http import HTTP
from tests.stripe_browser import CAN_ONLY_BE_SAVED
from tests.stripe_console import StripeConsole

PLUS_CREDITS, PLUS_AMOUNT = 3000, 2499
MONTHLY_CREDITS, MONTHLY_AMOUNT = 1000, 899
PORTAL = "/api/stripe/portal-session"


@pytest.fixture
def plus(stripe_console: StripeConsole, database: psycopg.Connection[dict]) -> str:
    """A price of a bigger plan, one that the shop has sold before."""
    recurring = {"recurring[interval]": "month", "product_data[name]": "Plus"}
    price = stripe_console.change("prices", currency="usd", unit_amount=PLUS_AMOUNT, **recurring)[
        "id"
    ]
    database.execute(
        "insert into credit_packages (id, kind, interval, credits, rollover, active, position, name)"
        " values ('plus', 'subscription', 'month', %s, false, false, 99, '{\"en\": \"Plus\"}')"
        " on conflict do nothing",
        [PLUS_CREDITS],
    )
    database.execute(
        "select record_price(%s, 'plus', 'usd', %s, %s, false)", [price, PLUS_AMOUNT, PLUS_CREDITS]
    )
    return price


def monthly_price(subscriber: Subscriber) -> str:
    return subscriber.invoices[0]["lines"]["data"][0]["pricing"]["price_details"]["price"]


def worth(subscriber: Subscriber, plus: str, *invoices: dict[str, Any]) -> Fraction:
    """The credits that these invoices' lines stand for, unrounded."""
    prices = {
        plus: Fraction(PLUS_CREDITS, PLUS_AMOUNT),
        monthly_price(subscriber): Fraction(MONTHLY_CREDITS, MONTHLY_AMOUNT),
    }
    lines = itertools.chain.from_iterable(invoice["lines"]["data"] for invoice in invoices)
    return sum(
        (line["amount"] * prices[line["pricing"]["price_details"]["price"]] for line in lines),
        Fraction(0),
    )


@pytest.fixture
def half_way(subscribed: Subscriber) -> Subscriber:
    """In the middle of the first month."""
    start = subscribed.subscription["items"]["data"][0]["current_period_start"]
    subscribed.move_to((start + subscribed.period_end) // 2)
    return subscribed


def test_up_at_once_grants_the_difference_at_once(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole
) -> None:
    half_way.change_plan("always_invoice", plus)
    stripe_console.release()
    change = half_way.invoices[-1]
    assert change["billing_reason"] == "subscription_update"
    assert half_way.grants == [1000, floor(worth(half_way, plus, change))]
    assert 900 < half_way.grants[1] < 1100, "half of 3000 less half of 1000"
    payment = half_way.payments[-1]
    assert (payment["package_id"], payment["amount_paid"]) == ("plus", change["amount_paid"])
    assert half_way.listed["package_id"] == "plus"
    half_way.renew()
    stripe_console.release()
    assert half_way.grants[2:] == [PLUS_CREDITS]


def test_up_with_the_next_invoice_grants_the_difference_then(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole
) -> None:
    half_way.change_plan("create_prorations", plus)
    stripe_console.release()
    assert half_way.grants == [1000]
    half_way.renew()
    stripe_console.release()
    renewal = half_way.invoices[-1]
    assert len(renewal["lines"]["data"]) == 3
    assert half_way.grants == [1000, floor(worth(half_way, plus, renewal))]
    assert PLUS_CREDITS + 900 < half_way.grants[1] < PLUS_CREDITS + 1100


def test_down_takes_nothing_and_counts_against_the_next_invoices(
    subscriber: Subscriber, plus: str, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    subscriber.subscribe("monthly")
    monthly = monthly_price(subscriber)
    subscriber.change_plan("always_invoice", plus)
    stripe_console.release()
    before = subscriber.buyer.available
    subscriber.move(10 * DAY)
    subscriber.change_plan("always_invoice", monthly)
    stripe_console.release()
    assert subscriber.buyer.available == before
    credit = subscriber.invoices[-1]
    assert credit["total"] < 0
    for _ in range(3):
        subscriber.renew()
        stripe_console.release()
    owed = -floor(worth(subscriber, plus, credit))
    assert 1000 < owed < 2000, "more than one renewal brings"
    assert sum(subscriber.grants) == before + 3 * MONTHLY_CREDITS - owed


def test_down_with_the_next_invoice_counts_there(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole
) -> None:
    monthly = monthly_price(half_way)
    half_way.change_plan("always_invoice", plus)
    half_way.change_plan("create_prorations", monthly)
    half_way.renew()
    stripe_console.release()
    assert floor(worth(half_way, plus, half_way.invoices[-1])) in (-1, 0)
    assert half_way.grants == [1000, floor(worth(half_way, plus, half_way.invoices[1]))]
    half_way.renew()
    stripe_console.release()
    assert 3000 - 3 <= sum(half_way.grants) <= 3000


def in_order(stripe_console: StripeConsole) -> None:
    stripe_console.release()


def in_reverse(stripe_console: StripeConsole) -> None:
    stripe_console.release("reverse")


def in_disorder(stripe_console: StripeConsole) -> None:
    stripe_console.release("shuffle")


@pytest.mark.parametrize("deliver", [in_order, in_reverse, in_disorder])
def test_up_and_down_and_up_and_down_mints_nothing(
    half_way: Subscriber,
    plus: str,
    stripe_console: StripeConsole,
    deliver: Callable[[StripeConsole], None],
) -> None:
    monthly = monthly_price(half_way)
    for price in (plus, monthly) * 3:
        half_way.change_plan("always_invoice", price)
    deliver(stripe_console)
    for _ in range(3):
        half_way.renew()
        stripe_console.release()
    assert 4000 - 6 <= sum(half_way.grants) <= 4000, "as if he had never changed"


def test_up_and_down_is_the_same_for_who_was_told_nothing(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole, jobs: Jobs
) -> None:
    stripe_console.deliver("drop")
    monthly = monthly_price(half_way)
    for price in (plus, monthly) * 2:
        half_way.change_plan("always_invoice", price)
    for _ in range(2):
        half_way.renew()
        jobs.reconcile()
    assert 3000 - 4 <= sum(half_way.grants) <= 3000
    assert jobs.reconcile()["drift"] == {}


def test_up_and_down_within_one_invoice_mints_nothing(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole
) -> None:
    monthly = monthly_price(half_way)
    for price in (plus, monthly) * 2:
        half_way.change_plan("create_prorations", price)
    half_way.renew()
    stripe_console.release("shuffle")
    assert half_way.grants == [1000, 1000]


def test_an_upgrade_that_is_not_paid_grants_nothing(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole
) -> None:
    half_way.change_card(CAN_ONLY_BE_SAVED)
    half_way.change_plan("always_invoice", plus)
    stripe_console.release()
    assert half_way.grants == [1000]
    waiting = half_way.payments[-1]
    assert (waiting["status"], waiting["ui_mode"]) == ("pending", "invoice")
    half_way.pay_invoice(waiting["payment_url"])
    stripe_console.release()
    assert half_way.grants == [1000, floor(worth(half_way, plus, half_way.invoices[-1]))]


def test_without_proration_a_change_grants_nothing_until_it_is_renewed(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole
) -> None:
    half_way.change_plan("none", plus)
    stripe_console.release()
    assert half_way.grants == [1000]
    half_way.renew()
    stripe_console.release()
    assert half_way.grants == [1000, PLUS_CREDITS]


def test_more_of_the_same_grants_more(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole
) -> None:
    half_way.change_plan("always_invoice", quantity=3)
    stripe_console.release()
    assert half_way.grants == [1000, floor(worth(half_way, plus, half_way.invoices[-1]))]
    half_way.renew()
    stripe_console.release()
    assert half_way.grants[2:] == [3 * MONTHLY_CREDITS]


def test_from_month_to_year_a_new_period_begins(
    half_way: Subscriber, stripe_console: StripeConsole
) -> None:
    order = half_way.buyer.order("yearly")
    [item] = stripe_console.api(f"checkout/sessions/{order['session_id']}/line_items")["data"]
    yearly = item["price"]["id"]
    half_way.change_plan("always_invoice", yearly)
    stripe_console.release()
    unused = half_way.invoices[-1]["lines"]["data"][0]["amount"]
    assert half_way.grants == [1000, 12000 + floor(Fraction(unused * 1000, MONTHLY_AMOUNT))]
    assert half_way.listed["interval"] == "year"


def test_who_changes_his_plan_in_the_portal_is_credited_the_same(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole
) -> None:
    url = half_way.buyer.post(PORTAL).json()["url"]
    wish = {"subscription": half_way.subscription["id"], "action": "switch", "price": plus}
    assert HTTP.post(f"{url}/plan", data=wish).status_code == 303
    stripe_console.release()
    assert half_way.grants == [1000, floor(worth(half_way, plus, half_way.invoices[-1]))]


def test_a_price_that_is_none_of_ours_grants_nothing(
    half_way: Subscriber, stripe_console: StripeConsole
) -> None:
    recurring = {"recurring[interval]": "month", "product_data[name]": "Gym"}
    foreign = stripe_console.change("prices", currency="usd", unit_amount=5000, **recurring)["id"]
    half_way.change_plan("always_invoice", foreign)
    half_way.renew()
    stripe_console.release()
    assert half_way.grants == [1000]
    assert half_way.listed["status"] == "active"


# What costs nothing


def test_a_trial_grants_nothing_and_the_month_after_it_does(
    subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    """A shopkeeper gives it in the Dashboard."""
    stripe_console.deliver("hold")
    order = subscriber.buyer.order("monthly")
    items = stripe_console.api(f"checkout/sessions/{order['session_id']}/line_items")["data"]
    price = items[0]["price"]["id"]
    subscriber.change_card("4242424242424242")
    stripe_console.change(
        "subscriptions",
        customer=subscriber.customer_id,
        trial_period_days=14,
        **{"items[0][price]": price},
    )
    stripe_console.release()
    assert subscriber.listed["status"] == "trialing"
    assert subscriber.grants == []
    subscriber.renew()
    stripe_console.release()
    assert subscriber.listed["status"] == "active"
    assert subscriber.grants == [1000]


@pytest.mark.parametrize("ui_mode", ["hosted", "embedded"])
def test_a_month_for_nothing_by_a_code_grants_the_whole_package(
    subscriber: Subscriber, stripe_console: StripeConsole, ui_mode: str
) -> None:
    stripe_console.deliver("hold")
    code = stripe_console.new_code(percent_off=100)
    order = subscriber.subscribe("monthly", code=code, ui_mode=ui_mode)
    stripe_console.release()
    payment = subscriber.buyer.payment(order["payment_id"])
    assert (payment["status"], payment["amount_paid"], payment["amount_discount"]) == (
        "succeeded", 0, 899,
    )  # fmt: skip
    subscriber.renew()
    stripe_console.release()
    assert subscriber.grants == [1000, 1000]
    assert subscriber.payments[-1]["amount_paid"] == 899


@pytest.mark.parametrize("alone", ["refresh", "reconcile"])
def test_a_month_for_nothing_is_learnt_without_webhooks(
    subscriber: Subscriber, stripe_console: StripeConsole, jobs: Jobs, alone: str
) -> None:
    stripe_console.deliver("drop")
    order = subscriber.subscribe("monthly", code=stripe_console.new_code(percent_off=100))
    if alone == "refresh":
        subscriber.buyer.refresh(order["payment_id"])
    else:
        jobs.reconcile()
    assert subscriber.grants == [1000]
    assert subscriber.listed["status"] == "active"


def test_a_code_for_half_a_month_grants_the_whole_and_is_refunded_in_proportion(
    subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    order = subscriber.subscribe("monthly", code=stripe_console.new_code(percent_off=50))
    stripe_console.release()
    paid = subscriber.buyer.payment(order["payment_id"])["amount_paid"]
    assert paid in (449, 450)
    intent = subscriber.intent_of(subscriber.invoices[0]["id"])
    stripe_console.refund(intent["latest_charge"], amount=100)
    stripe_console.release()
    assert subscriber.buyer.available == 1000 - 1000 * 100 // paid


# Invoices that are longer than an event


def test_an_invoice_with_more_lines_than_its_event_tells_is_asked_for(
    half_way: Subscriber, plus: str, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    """An event carries the first ten; prorations come first, so the month itself may be missing."""
    monthly = monthly_price(half_way)
    for price in (plus, monthly) * 3:
        half_way.change_plan("create_prorations", price)
    stripe_console.deliver("drop")
    half_way.renew()
    invoice = half_way.invoices[-1]
    lines = invoice["lines"]
    assert len(lines["data"]) == 13
    short = invoice | {"lines": lines | {"data": lines["data"][:10], "has_more": True}}
    webhook.outcome(event("invoice.paid", short))
    assert half_way.grants == [1000, 1000]


def test_nobody_is_credited_for_a_line_that_somebody_else_sells(
    subscribed: Subscriber, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    """A line without a price of ours, whatever its amount."""
    subscribed.renew()
    invoice = subscribed.invoices[-1]
    [line] = invoice["lines"]["data"]
    added = random.choice([None, {"price_details": {"price": "price_of_nobody"}}])
    lines = [line, line | {"id": "il_added", "amount": 10_000, "pricing": added}]
    told = invoice | {"lines": invoice["lines"] | {"data": lines}}
    webhook.outcome(event("invoice.paid", told))
    stripe_console.release()
    assert subscribed.grants == [1000, 1000]
