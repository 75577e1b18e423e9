"""What each number of get_metrics() means, on books in which the days are told apart."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.ledger.books import UNIT, Desk, new_id

DAY = date(2026, 3, 10)
NEXT = DAY + timedelta(days=1)
NOTHING: dict[str, Any] = {
    "revenue": 0, "payments": 0, "average_order_value": None, "refunds": 0, "refund_count": 0, "disputes": 0,
    "dispute_count": 0, "orders": 0, "conversion": None, "success_rate": None, "failure_reasons": [],
    "webhook_events": 0, "webhook_success_rate": None, "webhook_latency_ms_p50": None,
    "webhook_latency_ms_p95": None, "credits_outstanding": 0, "usage_by_feature": [],
}  # fmt: skip


def measured(desk: Desk, start: date = DAY, end: date = NEXT, **changed: Any) -> dict[str, Any]:
    asked = {"from": start, "to": end, "currency": "usd", "livemode": False} | changed
    return desk.call("get_metrics", **asked)


def one_day(desk: Desk, day: date = DAY, **changed: Any) -> dict[str, Any]:
    """The totals of a day, which are that day's."""
    answer = measured(desk, day, day + timedelta(days=1), **changed)
    assert answer["days"] == [{"day": day.isoformat()} | answer["totals"]]
    return answer["totals"]


def at(day: date, hour: float = 12) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def test_a_day_without_anything_is_zeros_and_nulls(desk: Desk) -> None:
    answer = measured(desk, DAY, DAY + timedelta(days=3))
    assert [entry.pop("day") for entry in answer["days"]] == [
        "2026-03-10",
        "2026-03-11",
        "2026-03-12",
    ]
    assert [*answer["days"], answer["totals"]] == [NOTHING] * 4


def test_revenue_counts_on_the_day_of_payment_and_orders_on_theirs(
    desk: Desk, user_id: str, moved: Any
) -> None:
    intent = desk.buy(user_id)
    moved(
        "payment_orders",
        f"stripe_payment_intent_id = '{intent}'",
        created_at=at(DAY),
        paid_at=at(NEXT),
    )
    ordered, paid = one_day(desk), one_day(desk, NEXT)
    assert (ordered["orders"], ordered["revenue"], ordered["conversion"]) == (1, 0, 1)
    assert (paid["orders"], paid["revenue"], paid["conversion"]) == (0, 499, None)


def test_a_day_is_the_utc_day(desk: Desk, user_id: str, moved: Any) -> None:
    for moment in (at(DAY, 0), at(NEXT, 0) - timedelta(microseconds=1), at(NEXT, 0)):
        intent = desk.buy(user_id)
        moved("payment_orders", f"stripe_payment_intent_id = '{intent}'", paid_at=moment)
    answer = measured(desk, DAY, NEXT + timedelta(days=1))
    assert [entry["payments"] for entry in answer["days"]] == [2, 1]
    assert answer["totals"]["payments"] == 3


def test_the_average_is_rounded_to_a_minor_unit(desk: Desk, user_id: str, moved: Any) -> None:
    desk.buy(user_id, "starter")
    desk.buy(user_id, "creator")
    moved("payment_orders", "true", paid_at=at(DAY))
    assert one_day(desk)["average_order_value"] == round((499 + 1499) / 2)


def test_another_currency_and_the_other_mode_are_other_books(
    desk: Desk, user_id: str, moved: Any
) -> None:
    desk.pay(desk.order(user_id, currency="jpy"))
    moved("payment_orders", "true", paid_at=at(DAY), created_at=at(DAY))
    assert one_day(desk, currency="jpy")["revenue"] == 780
    assert one_day(desk)["orders"] == one_day(desk, currency="jpy", livemode=True)["orders"] == 0


def test_refunds_that_failed_give_nothing_back(desk: Desk, user_id: str, moved: Any) -> None:
    intent = desk.buy(user_id)
    desk.refund(intent, 100)
    desk.refund(intent, 50, status="pending")
    desk.refund(intent, 30, status="failed")
    moved("refunds", "true", created_at=at(DAY))
    totals = one_day(desk)
    assert (totals["refunds"], totals["refund_count"]) == (150, 2)


def test_a_chargeback_counts_even_if_it_is_won_and_an_inquiry_does_not(
    desk: Desk, user_id: str, moved: Any
) -> None:
    for status in ("needs_response", "won", "warning_needs_response", "prevented"):
        desk.dispute(desk.buy(user_id), 499, status)
    moved("disputes", "true", created_at=at(DAY))
    totals = one_day(desk)
    assert (totals["disputes"], totals["dispute_count"]) == (2 * 499, 2)


def test_success_is_among_those_who_tried_and_conversion_among_all(
    desk: Desk, user_id: str, moved: Any
) -> None:
    desk.buy(user_id)
    for code in ("insufficient_funds", "insufficient_funds", None):
        error = {"code": "card_declined", "decline_code": code}
        desk.facts(payment_id=desk.order(user_id)["payment_id"], error=error)
    desk.facts(payment_id=desk.order(user_id)["payment_id"], ended="expired")
    desk.order(user_id)
    moved("payment_orders", "true", created_at=at(DAY))
    totals = one_day(desk)
    assert (totals["orders"], totals["conversion"]) == (6, round(1 / 6, 4))
    assert totals["success_rate"] == 1 / 4
    assert totals["failure_reasons"] == [
        {"reason": "insufficient_funds", "orders": 2},
        {"reason": "card_declined", "orders": 1},
    ]


def test_who_paid_at_the_second_try_has_not_failed(desk: Desk, user_id: str, moved: Any) -> None:
    order = desk.order(user_id)
    desk.facts(payment_id=order["payment_id"], error={"code": "card_declined"})
    desk.pay(order)
    moved("payment_orders", "true", created_at=at(DAY))
    totals = one_day(desk)
    assert (totals["success_rate"], totals["failure_reasons"]) == (1, [])


def test_what_no_buyer_began_is_no_conversion(desk: Desk, user_id: str, moved: Any) -> None:
    desk.order(user_id)
    desk.buy(user_id)
    moved("payment_orders", "paid_at is not null", ui_mode="off_session")
    moved("payment_orders", "true", created_at=at(DAY))
    totals = one_day(desk)
    assert (totals["orders"], totals["conversion"], totals["success_rate"]) == (2, 0, 1)


def test_webhooks_by_their_arrival(desk: Desk, moved: Any) -> None:
    for seconds, facts in ((1, None), (3, None), (9, {})):
        event = {"id": new_id("evt"), "type": "test", "livemode": False, "created": 0}
        desk.call("receive_event", event=event, livemode=False, facts=facts)
        moved("stripe_events", f"id = '{event['id']}'",
              created_at=at(DAY), received_at=at(DAY), processed_at=at(DAY) + timedelta(seconds=seconds))  # fmt: skip
    totals = one_day(desk)
    assert (totals["webhook_events"], totals["webhook_success_rate"]) == (3, round(2 / 3, 4))
    assert (totals["webhook_latency_ms_p50"], totals["webhook_latency_ms_p95"]) == (3000, 8400)
    assert one_day(desk, livemode=True)["webhook_events"] == 0


def test_usage_and_outstanding_credits_day_by_day(desk: Desk, user_id: str, moved: Any) -> None:
    desk.grant(user_id, 100)
    desk.spend(user_id, 30)
    desk.spend(user_id, 20, feature="docx_processing")
    desk.spend(user_id, 7)
    [granted, first, second, third] = (at(DAY), at(DAY, 13), at(NEXT), at(NEXT + timedelta(days=2)))
    moved("credit_transactions", "type = 'bonus'", created_at=granted)
    moved("credit_transactions", "amount = -30", created_at=first)
    moved("credit_transactions", "amount = -40", created_at=second)
    moved("credit_transactions", "amount = -7", created_at=third)
    answer = measured(desk, DAY - timedelta(days=1), DAY + timedelta(days=3))
    assert [entry["credits_outstanding"] for entry in answer["days"]] == [0, 70, 30, 30]
    assert [entry["usage_by_feature"] for entry in answer["days"]] == [
        [],
        [{"feature": UNIT, "credits": 30, "calls": 1}],
        [{"feature": "docx_processing", "credits": 40, "calls": 1}],
        [],
    ]
    assert answer["totals"]["credits_outstanding"] == 30, "at the end of the period, not now"
    assert answer["totals"]["usage_by_feature"] == [
        {"feature": "docx_processing", "credits": 40, "calls": 1},
        {"feature": UNIT, "credits": 30, "calls": 1},
    ]


def test_a_debt_is_subtracted(desk: Desk, user_id: str) -> None:
    desk.grant(user_id, 10)
    desk.spend(user_id, 10)
    desk.grant(user_id, -5)
    today = datetime.now(UTC).date()
    assert one_day(desk, today)["credits_outstanding"] == -5


def test_what_was_tried_in_test_mode_is_in_no_live_figure(
    desk: Desk, user_id: str, moved: Any
) -> None:
    desk.refund(desk.buy(user_id), 100)
    desk.dispute(desk.buy(user_id), 499, "needs_response")
    for table in ("payment_orders", "refunds", "disputes"):
        moved(table, "true", created_at=at(DAY))
    tried, live = one_day(desk), one_day(desk, livemode=True)
    assert (tried["refund_count"], tried["dispute_count"]) == (1, 1)
    assert (live["refund_count"], live["dispute_count"], live["orders"]) == (0, 0, 0)
