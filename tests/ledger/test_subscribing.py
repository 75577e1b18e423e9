"""What a subscription's invoices grant, and what else may happen to whoever has one."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from backend.services import facts
from tests.ledger.billing_says import YEAR, Billing, Lines
from tests.ledger.books import Books, Desk, Refused, new_id
from tests.ledger.lives_of_subscriptions import (
    MONTHLY,
    MONTHLY_CREDITS,
    YEARLY,
    YEARLY_CREDITS,
    begin,
)
from tests.ledger.stripe_says import learn, receive

GRANTED = "select coalesce(sum(amount), 0)::int from public.credit_transactions"


@pytest.fixture
def stripe(desk: Desk, user_id: str) -> Billing:
    """A subscription that has been bought."""
    stripe = begin(desk, user_id)
    for event in (stripe.session("completed", "paid"), stripe.subscription("created", "active")):
        receive(desk, event)
    receive(desk, stripe.invoice("paid", "paid"))
    return stripe


def change(desk: Desk, stripe: Billing, nth: int, lines: Lines) -> None:
    """A plan change in the middle of a period, paid."""
    terms = {"lines": lines, "reason": "subscription_update", "seconds": YEAR}
    receive(desk, stripe.invoice("paid", "paid", nth, **terms))


def test_changing_up_and_down_makes_no_credits_out_of_nothing(
    books: Books, desk: Desk, stripe: Billing
) -> None:
    """What a smaller plan gives back in money pays for the next bigger one, at Stripe."""
    up = [(stripe.price_id, -MONTHLY), (stripe.id("yearly"), YEARLY)]
    down = [(stripe.id("yearly"), -YEARLY), (stripe.price_id, MONTHLY)]
    for nth in range(2, 12, 2):
        change(desk, stripe, nth, up)
        change(desk, stripe, nth + 1, down)
    assert books.one(GRANTED) == YEARLY_CREDITS  # which the first month counted against


def test_nor_does_leaving_and_coming_back(books: Books, desk: Desk, stripe: Billing) -> None:
    """The money on his balance at Stripe outlives the subscription."""
    up = [(stripe.price_id, -MONTHLY), (stripe.id("yearly"), YEARLY)]
    down = [(stripe.id("yearly"), -YEARLY), (stripe.price_id, MONTHLY)]
    change(desk, stripe, 2, up)
    change(desk, stripe, 3, down)
    receive(desk, stripe.subscription("deleted", "canceled", ended_at=1_900_000_500))
    again = begin(desk, stripe.user_id)
    receive(desk, again.session("completed", "paid"))
    receive(desk, again.invoice("paid", "paid"))
    assert books.one(GRANTED) == YEARLY_CREDITS


def test_a_change_of_the_catalog_changes_nothing_that_was_sold(
    books: Books, desk: Desk, user_id: str
) -> None:
    stripe = begin(desk, user_id)
    books.rows("update public.credit_packages set credits = 1 where id = 'monthly'")
    for event in (stripe.invoice("paid", "paid"), stripe.invoice("paid", "paid", 2)):
        receive(desk, event)
    books.rows("update public.credit_packages set credits = 2000 where id = 'monthly'")
    receive(desk, stripe.invoice_payment())
    receive(desk, stripe.invoice("paid", "paid", 3))
    assert books.one(GRANTED) == 3 * MONTHLY_CREDITS
    assert books.rows("select error from public.stripe_events where status = 'failed'") == []


def test_another_line_on_the_invoice_grants_nothing(books: Books, desk: Desk, user_id: str) -> None:
    """Something that the shopkeeper added by hand, or sells beside credits."""
    stripe = begin(desk, user_id)
    lines = [(stripe.price_id, MONTHLY), ("price_of_a_book", 2500)]
    receive(desk, stripe.invoice("paid", "paid", lines=lines))
    assert books.one(GRANTED) == MONTHLY_CREDITS


def test_an_invoice_of_somebody_elses_shop_is_none_of_ours(
    books: Books, desk: Desk, stripe: Billing
) -> None:
    before = books.one(GRANTED)
    stripe.ids |= {"cus1": new_id("cus"), "sub1": new_id("sub")}
    receive(desk, stripe.invoice("paid", "paid", 2))
    receive(desk, stripe.subscription("updated", "active", 2))
    assert books.one(GRANTED) == before
    ignored = books.rows("select type from public.stripe_events where status = 'ignored'")
    assert ignored == [("invoice.paid",), ("customer.subscription.updated",)]


def test_there_is_one_to_a_package_until_it_has_ended(
    books: Books, desk: Desk, stripe: Billing, user_id: str
) -> None:
    with pytest.raises(Refused, match="invalid_state"):
        desk.order(user_id, "monthly")
    desk.order(user_id, "yearly")
    receive(desk, stripe.subscription("deleted", "canceled", ended_at=1_900_000_500))
    receive(desk, stripe.subscription("updated", "active"))  # what has ended stays ended
    assert desk.order(user_id, "monthly")["status"] == "pending"
    ended = "select count(*) from public.account_events where type = 'subscription_ended'"
    assert books.one(ended) == 1


def test_its_end_is_heard_of_after_its_customer_was_replaced(
    desk: Desk, stripe: Billing, user_id: str
) -> None:
    desk.facts(customer={"id": stripe.id("cus"), "deleted": True})
    assert desk.customer(user_id) != stripe.id("cus")
    gone = stripe.subscription("deleted", "canceled", ended_at=1_900_000_500)
    assert drift_of(desk, gone.payload["data"]["object"]) == ["subscription"]
    receive(desk, gone)
    assert desk.order(user_id, "monthly")["status"] == "pending"


def drift_of(desk: Desk, subscription: dict[str, Any]) -> list[str | None]:
    learnt = [facts.of_subscription(subscription)]
    query = "select public.find_drift(%s)"
    [answer] = desk.connection.execute(query, [Jsonb(learnt)]).fetchone() or [[]]
    return answer


def test_a_price_that_is_not_ours_stops_no_news(books: Books, desk: Desk, stripe: Billing) -> None:
    """The shopkeeper has moved it to a price that he made in the Dashboard."""
    stripe.price_id = new_id("price")
    receive(desk, stripe.subscription("updated", "past_due"))
    assert books.rows("select status from public.subscriptions") == [("past_due",)]


def test_a_late_answer_overwrites_no_later_one(books: Books, desk: Desk, stripe: Billing) -> None:
    late = stripe.subscription("updated", "past_due").payload["data"]["object"]
    receive(desk, stripe.subscription("updated", "active", 2, cancel_at_period_end=True))
    desk.facts(**facts.of_subscription(late, asked_at=1))
    told = books.rows("select status, cancel_at_period_end from public.subscriptions")
    assert told == [("active", True)]


def test_credits_that_do_not_roll_over_end_a_day_after_their_period(
    books: Books, desk: Desk, stripe: Billing
) -> None:
    """The yearly ones roll over, and live as long as the package says."""
    learn(desk, stripe.invoice("paid", "paid", 2))
    lines = [(stripe.id("yearly"), YEARLY)]
    receive(desk, stripe.invoice("paid", "paid", 3, lines=lines, reason="subscription_update"))
    lots = books.rows("""
      select round(extract(epoch from lot.expires_at))::bigint - 1900000000, o.package_id
      from public.credit_lots lot join public.payment_orders o on o.id = lot.payment_id
      order by o.created_at""")
    days = [(seconds / 86_400, package) for seconds, package in lots[:2]]
    assert days == [(31, "monthly"), (61, "monthly")]
    in_a_year = books.one(
        "select expires_at::date - current_date from public.credit_lots where granted = %s",
        YEARLY_CREDITS,
    )
    assert in_a_year == 366


def test_an_invoice_that_gives_back_more_than_it_asks_grants_its_credits(
    books: Books, desk: Desk, user_id: str
) -> None:
    """A bigger package at a lower price, with tax: amount, discount and tax are below zero."""
    bigger, smaller = desk.price(amount=900, credits=1200), desk.price(amount=1000, credits=1000)
    lines = [{"price_id": smaller, "amount": -1000}, {"price_id": bigger, "amount": 900}]
    invoice = {"id": new_id("in"), "subscription_id": new_id("sub"), "currency": "usd"}
    invoice |= {"billing_reason": "subscription_update", "amount_subtotal": -100, "lines": lines}
    money = {"paid": True, "amount": 0, "currency": "usd", "amount_tax": -8, "amount_discount": -1}
    desk.facts(customer_id=desk.customer(user_id), invoice=invoice, **money)
    assert books.one(GRANTED) == 200


@pytest.mark.parametrize("told", [{"processing": True}, {"paid": True}], ids=str)
def test_what_is_paid_for_is_not_sold_again_while_stripe_has_not_told_of_the_subscription(
    desk: Desk, user_id: str, told: dict[str, Any]
) -> None:
    order = desk.order(user_id, "monthly")
    money = {"amount": order["amount"], "currency": order["currency"]} if "paid" in told else {}
    desk.facts(payment_id=order["payment_id"], checkout_session_id=new_id("cs"), **told, **money)
    with pytest.raises(Refused, match="invalid_state"):
        desk.order(user_id, "monthly")


def test_a_package_with_another_interval_is_sold_at_another_price(
    books: Books, desk: Desk, user_id: str
) -> None:
    price_id = desk.price()
    order = desk.order(user_id, "monthly")["payment_id"]
    sold_as = "select public.get_order(%s) ->> 'stripe_price_id'"
    assert books.one(sold_as, order) == price_id
    books.rows("update public.credit_packages set interval = 'year' where id = 'monthly'")
    assert books.one(sold_as, order) is None


def test_an_order_that_never_reached_stripe_stands_in_the_way_for_minutes_only(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.order(user_id, "monthly")
    with pytest.raises(Refused, match="invalid_state"):
        desk.order(user_id, "monthly")
    books.rows("update public.payment_orders set created_at = created_at - interval '4 minutes'")
    assert desk.order(user_id, "monthly")["status"] == "pending"


def test_a_subscription_that_stripe_never_told_of_can_be_bought_again_after_days(
    books: Books, desk: Desk, user_id: str
) -> None:
    order = desk.order(user_id, "monthly")
    desk.facts(payment_id=order["payment_id"], checkout_session_id=new_id("cs"), processing=True)
    books.rows("update public.payment_orders set created_at = created_at - interval '4 days'")
    assert desk.order(user_id, "monthly")["status"] == "pending"


@pytest.mark.parametrize("ahead", [0, 3600])
def test_its_end_counts_although_an_older_answer_looks_newer(
    books: Books, desk: Desk, stripe: Billing, ahead: int
) -> None:
    """One instance's clock is ahead, by which it learnt that all was well."""
    active = stripe.subscription("updated", "active").payload["data"]["object"]
    ended = active | {"status": "canceled", "ended_at": 1_900_000_500}
    desk.facts(**facts.of_subscription(active, 1_900_000_600 + ahead))
    desk.facts(**facts.of_subscription(ended, 1_900_000_601))
    desk.facts(**facts.of_subscription(active, 1_900_000_700 + ahead))
    [found] = books.rows("select status, ended_at is not null from public.subscriptions")
    assert found == ("canceled", True)


# The same shop in test and in live mode, on one database


@pytest.mark.parametrize(("package_id", "currency"), [("monthly", "usd"), ("yearly", "eur")])
def test_a_subscription_in_test_mode_stops_no_live_one(
    desk: Desk, stripe: Billing, package_id: str, currency: str
) -> None:
    with pytest.raises(Refused, match="invalid_state"):
        desk.order(stripe.user_id, package_id, currency)
    live = desk.order(stripe.user_id, package_id, currency, livemode=True)
    assert live["status"] == "pending"


def test_one_that_is_paid_and_not_heard_of_in_test_mode_stops_no_live_one(
    desk: Desk, user_id: str
) -> None:
    desk.pay(desk.order(user_id, "monthly"))
    with pytest.raises(Refused, match="invalid_state"):
        desk.order(user_id, "monthly")
    assert desk.order(user_id, "monthly", livemode=True)["status"] == "pending"


def test_a_live_order_is_at_no_price_of_the_test_mode(desk: Desk, user_id: str) -> None:
    price_id = desk.price()

    def price_of_order(livemode: bool) -> Any:
        order = desk.order(user_id, "monthly", livemode=livemode)
        return desk.call("get_order", payment_id=order["payment_id"])["stripe_price_id"]

    assert price_of_order(livemode=False) == price_id
    assert price_of_order(livemode=True) is None


def test_what_is_carried_in_live_mode_takes_nothing_from_an_invoice_of_the_test_mode(
    books: Books, desk: Desk, user_id: str
) -> None:
    stripe = begin(desk, user_id)
    books.rows(
        "insert into private.carried_credits (invoice_id, user_id, livemode, credits)"
        " values ('in_live', %s, true, 300)",
        user_id,
    )
    receive(desk, stripe.invoice("paid", "paid"))
    assert books.one(GRANTED) == MONTHLY_CREDITS
    assert books.one("select used from private.carried_credits") == 0
