"""Auto-recharge does what the user agreed to, and no more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.ledger.books import Books, Desk, Refused
from tests.ledger.lives import AMOUNT

# Time moves by moving what has happened.
OLDER = """
with orders as (
  update public.payment_orders
  set created_at = created_at - %s::interval, expires_at = expires_at - %s::interval
)
update public.auto_recharges set consented_at = consented_at - %s::interval
"""
Order = dict[str, Any]


@pytest.fixture
def ready(desk: Desk, user_id: str) -> str:
    """The id of somebody who has a card, has agreed, and has no credits."""
    desk.card(desk.customer(user_id))
    desk.recharge(user_id)
    return user_id


def wait(books: Books, time: str) -> None:
    books.rows(OLDER, time, time, time)


def due(desk: Desk) -> Order | None:
    """The payment that is to be charged now."""
    orders = desk.claim()
    return orders[0]["payment"] if orders else None


def fail(desk: Desk, payment: Order | None, ended: str = "failed") -> None:
    assert payment
    desk.facts(payment_id=payment["payment_id"], ended=ended)


def wait_for_buyer(desk: Desk, payment: Order | None) -> None:
    """3D Secure: open for three days."""
    assert payment
    error = {"code": "authentication_required"}
    intent = {"payment_intent_id": "pi_" + payment["payment_id"], "error": error}
    desk.connection.execute(
        "select public.record_facts(%s::jsonb || jsonb_build_object('expires_at', now() + interval '3 days'))",
        [Jsonb({"payment_id": payment["payment_id"], **intent})],
    )


def test_it_is_off_until_somebody_says_so(desk: Desk, user_id: str) -> None:
    desk.card(desk.customer(user_id))
    assert desk.claim() == []


def test_without_a_card_nobody_can_agree(desk: Desk, user_id: str) -> None:
    with pytest.raises(Refused, match="invalid_state"):
        desk.recharge(user_id)


@pytest.mark.parametrize("enabled", [False, None])
def test_anything_but_yes_is_no(desk: Desk, ready: str, enabled: bool | None) -> None:
    assert desk.recharge(ready, enabled=enabled)["enabled"] is False
    assert desk.claim() == []


def test_who_has_enough_is_left_alone(books: Books, desk: Desk, ready: str) -> None:
    """What is held or has expired is not there to be spent."""
    desk.grant(ready, 100)
    assert due(desk) is None
    desk.hold(ready, 1)
    assert due(desk) is not None


@pytest.mark.parametrize("column", ["banned_until", "deleted_at"])
def test_who_may_not_buy_is_not_charged(books: Books, desk: Desk, ready: str, column: str) -> None:
    later = "now() + interval '1 day'"
    books.rows(f"update auth.users set {column} = {later} where id = %s", ready)
    assert due(desk) is None


def test_ten_minutes_lie_between_two_and_a_day_after_one_that_failed(
    books: Books, desk: Desk, ready: str
) -> None:
    first = due(desk)
    assert first
    desk.pay(first)
    desk.grant(ready, -450)
    wait(books, "9 minutes")
    assert due(desk) is None
    wait(books, "2 minutes")
    fail(desk, due(desk))
    wait(books, "23 hours")
    assert due(desk) is None
    wait(books, "2 hours")
    assert due(desk) is not None


def test_one_that_waits_for_its_buyer_holds_the_next_back(
    books: Books, desk: Desk, ready: str
) -> None:
    wait_for_buyer(desk, due(desk))
    wait(books, "2 days")
    assert due(desk) is None
    wait(books, "2 days")
    assert due(desk) is not None


def test_what_was_charged_in_test_mode_leaves_the_live_limit_alone(
    books: Books, desk: Desk, ready: str
) -> None:
    payment = due(desk)
    assert payment
    desk.pay(payment)
    books.rows("update public.auto_recharges set livemode = true")
    terms = desk.call("get_auto_recharge", user_id=ready, livemode=True)
    assert terms["spent_this_month"] == 0


def test_the_limit_holds_beside_one_that_nobody_has_closed_yet(
    books: Books, desk: Desk, ready: str
) -> None:
    """Its time is over, but it could have been paid until then: it counts until Stripe says how it
    ended."""
    desk.recharge(ready, monthly_limit=AMOUNT)
    wait_for_buyer(desk, due(desk))
    wait(books, "4 days")
    # In this month, whatever day it is.
    books.rows(
        "update public.payment_orders set created_at = greatest(date_trunc('month', now(), 'UTC'), "
        "created_at), expires_at = now() - interval '1 hour'"
    )
    assert due(desk) is None
    desk.recharge(ready, monthly_limit=2 * AMOUNT)
    books.rows("update public.auto_recharges set consented_at = consented_at - interval '5 days'")
    books.rows("update public.payment_orders set created_at = now() - interval '2 days'")
    assert due(desk)


def test_a_month_costs_no_more_than_its_limit(books: Books, desk: Desk, ready: str) -> None:
    desk.recharge(ready, monthly_limit=2 * AMOUNT)
    for _ in range(3):
        payment = due(desk)
        if payment:
            desk.pay(payment)
        desk.grant(ready, -450)
        # Later, but in this month.
        books.rows(
            "update public.payment_orders set created_at = greatest(date_trunc('month', now(), 'UTC'), "
            "created_at - interval '11 minutes')"
        )
    spent = desk.call("get_auto_recharge", user_id=ready, livemode=False)["spent_this_month"]
    assert spent == 2 * AMOUNT


@pytest.mark.parametrize("ended", ["failed", "expired", "canceled"])
def test_three_failures_in_a_row_switch_it_off_and_consent_begins_anew(
    books: Books, desk: Desk, ready: str, ended: str
) -> None:
    for left in (True, True, False):
        fail(desk, due(desk), ended)
        wait(books, "25 hours")
        terms = desk.call("get_auto_recharge", user_id=ready, livemode=False)
        assert terms["enabled"] is left
    assert terms["off_reason"] == "payments_failed"
    told = "select data from public.account_events where type = 'auto_recharge_off'"
    assert books.rows(told) == [({"reason": "payments_failed"},)]
    assert desk.recharge(ready)["off_reason"] is None
    assert due(desk) is not None


def test_checkouts_that_were_left_are_no_failed_recharges(desk: Desk, ready: str) -> None:
    for _ in range(3):
        fail(desk, desk.order(ready), "expired")
    fail(desk, due(desk))
    assert desk.call("get_auto_recharge", user_id=ready, livemode=False)["enabled"] is True


def test_what_is_held_of_expired_credits_is_counted_once(
    books: Books, desk: Desk, ready: str
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    desk.grant(ready, 100, tomorrow)
    desk.hold(ready, 50)
    desk.grant(ready, 120)
    books.rows("update public.credit_lots set expires_at = now() where expires_at is not null")
    assert due(desk) is None, "120 are free, and 100 the threshold"


def test_a_bank_that_declines_after_a_day_is_a_failure_like_any(
    books: Books, desk: Desk, ready: str
) -> None:
    """Some wait for their holder's word: https://docs.stripe.com/india-recurring-payments"""
    for left in (True, True, False):
        payment = due(desk)
        assert payment
        desk.facts(payment_id=payment["payment_id"], processing=True)
        assert due(desk) is None
        answer = {"declined": True, "error": {"code": "card_declined"}}
        failed = desk.facts(payment_id=payment["payment_id"], **answer)
        assert (failed["status"], failed["error"]["code"]) == ("failed", "card_declined")
        wait(books, "25 hours")
        terms = desk.call("get_auto_recharge", user_id=ready, livemode=False)
        assert terms["enabled"] is left


def test_who_would_get_fewer_credits_for_it_is_not_charged(
    books: Books, desk: Desk, ready: str
) -> None:
    sold = "update public.credit_packages set credits = {} where id = 'starter'"
    books.rows(sold.format(600))
    assert due(desk)
    wait(books, "25 hours")
    books.rows(sold.format(499))
    assert due(desk) is None
    terms = desk.call("get_auto_recharge", user_id=ready, livemode=False)
    assert (terms["enabled"], terms["off_reason"]) == (False, "price_changed")
    desk.recharge(ready)
    assert due(desk)
    agreed = "select (terms -> 'credits')::int from public.auto_recharge_consents order by given_at"
    assert books.rows(agreed) == [(500,), (499,)]


def test_consent_from_before_credits_were_noted_stands(
    books: Books, desk: Desk, ready: str
) -> None:
    books.rows("update public.auto_recharges set credits = null")
    books.rows("update public.credit_packages set credits = 1 where id = 'starter'")
    assert due(desk)


def test_who_is_dearer_now_is_not_charged(books: Books, desk: Desk, ready: str) -> None:
    starter = "where package_id = 'starter' and currency = 'usd'"
    books.rows(f"update public.credit_package_prices set amount = 400 {starter}")
    cheaper = due(desk)
    assert cheaper and cheaper["amount"] == 400
    desk.pay(cheaper)
    desk.grant(ready, -450)
    wait(books, "11 minutes")
    books.rows(f"update public.credit_package_prices set amount = 500 {starter}")
    assert due(desk) is None
    terms = desk.call("get_auto_recharge", user_id=ready, livemode=False)
    assert (terms["enabled"], terms["off_reason"]) == (False, "price_changed")


@pytest.mark.parametrize(
    ("what", "reason"),
    [("a chargeback", "disputed"), ("all money back", "refunded"), ("some money back", None)],
)
@pytest.mark.parametrize("whose", ["a recharge", "a purchase by hand"])
def test_who_got_his_money_back_is_not_charged_for_the_same_again(
    books: Books, desk: Desk, ready: str, whose: str, what: str, reason: str | None
) -> None:
    if whose == "a recharge":
        payment = due(desk)
        assert payment
        intent_id = desk.pay(payment)
    else:
        intent_id = desk.buy(ready)
    wait(books, "11 minutes")
    if what == "a chargeback":
        desk.dispute(intent_id, AMOUNT, "needs_response")
    else:
        desk.refund(intent_id, AMOUNT if reason else AMOUNT - 1)
    assert books.one("select balance::int from public.user_credits") < 100
    assert (due(desk) is None) is (reason is not None)
    terms = desk.call("get_auto_recharge", user_id=ready, livemode=False)
    assert (terms["enabled"], terms["off_reason"]) == (reason is None, reason)
    told = "select data ->> 'reason' from public.account_events where type = 'auto_recharge_off'"
    assert books.rows(told) == ([(reason,)] if reason else [])


def test_users_who_are_not_due_hold_nobody_up(books: Books, desk: Desk) -> None:
    """However many of them there are."""
    users = {books.new_user() for _ in range(12)}
    for user_id in users:
        desk.card(desk.customer(user_id))
        desk.recharge(user_id)
    for order in desk.claim(11):
        wait_for_buyer(desk, order["payment"])
        users.remove(order["payment"]["user_id"])
    assert {order["payment"]["user_id"] for order in desk.claim(5)} == users


def test_users_whom_stripe_can_not_answer_for_hold_nobody_up(books: Books, desk: Desk) -> None:
    """What is lost is due again at once: it must not come first each time."""
    users = {books.new_user() for _ in range(6)}
    for user_id in users:
        desk.card(desk.customer(user_id))
        desk.recharge(user_id)
    claimed: set[str] = set()
    for _ in range(100):
        claimed |= {order["payment"]["user_id"] for order in desk.claim(3)}
    assert claimed == users


def test_test_money_recharges_nothing_live(desk: Desk, ready: str) -> None:
    assert desk.call("claim_auto_recharges", livemode=True, limit=10) == []
    assert desk.call("get_auto_recharge", user_id=ready, livemode=True)["enabled"] is False


def test_the_record_of_consent_cannot_be_changed(books: Books, ready: str) -> None:
    for change in ("update {} set terms = '{{}}'", "delete from {}", "truncate {}"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            books.rows(change.format("public.auto_recharge_consents"))


def test_an_order_of_earlier_terms_whose_answer_was_lost_is_not_charged(
    books: Books, desk: Desk, ready: str
) -> None:
    assert due(desk)
    desk.recharge(ready, enabled=False)
    wait(books, "1 hour")
    desk.recharge(ready, monthly_limit=499)
    assert due(desk) is None


def test_switching_off_what_is_off_is_no_news(books: Books, desk: Desk, ready: str) -> None:
    for _ in range(3):
        desk.recharge(ready, enabled=False)
    assert books.one("select count(*) from public.auto_recharge_consents") == 2


def test_that_the_bank_asks_is_told_once_and_no_late_news_undoes_what_the_buyer_did(
    books: Books, desk: Desk, ready: str
) -> None:
    payment = due(desk)
    assert payment
    wait_for_buyer(desk, payment)
    refused = {"code": "payment_intent_authentication_failure"}
    desk.facts(payment_id=payment["payment_id"], error=refused)
    wait_for_buyer(desk, payment)
    told = "select error ->> 'code', requires_action from public.payments where payment_id = %s"
    assert books.rows(told, payment["payment_id"]) == [(refused["code"], False)]
    news = "select count(*) from public.account_events where type = 'payment_requires_action'"
    assert books.one(news) == 1


def test_a_lost_answer_is_asked_for_only_while_stripe_remembers_it(
    books: Books, desk: Desk, ready: str
) -> None:
    ids = []
    for hours in (19, 2, 4):
        ids.append((due(desk) or {}).get("payment_id"))
        wait(books, f"{hours} hours")
        ids.append((due(desk) or {}).get("payment_id"))
    lost, another = ids[0], ids[-1]
    assert ids == [lost, lost, lost, None, None, another]
    assert another not in (lost, None)


def test_a_month_is_counted_in_the_currency_that_was_agreed_to(
    books: Books, desk: Desk, ready: str
) -> None:
    assert due(desk)
    books.rows("update public.payment_orders set currency = 'jpy'")
    terms = desk.call("get_auto_recharge", user_id=ready, livemode=False)
    assert terms["spent_this_month"] == 0


def test_what_is_not_sold_any_more_is_not_bought(books: Books, desk: Desk, ready: str) -> None:
    books.rows("update public.credit_packages set active = false where id = 'starter'")
    assert due(desk) is None
    terms = desk.call("get_auto_recharge", user_id=ready, livemode=False)
    assert (terms["enabled"], terms["off_reason"]) == (False, "price_changed")


def test_a_test_card_pays_nothing_live(books: Books, desk: Desk, ready: str) -> None:
    books.rows("update public.auto_recharges set livemode = true")
    assert desk.call("claim_auto_recharges", livemode=True, limit=10) == []
    terms = desk.call("get_auto_recharge", user_id=ready, livemode=True)
    assert terms["off_reason"] == "no_card"


def test_the_limit_holds_beside_one_whose_answer_was_lost(
    books: Books, desk: Desk, ready: str
) -> None:
    """Nobody has asked Stripe what became of it, so it may have been charged."""
    desk.recharge(ready, monthly_limit=AMOUNT)
    lost = due(desk)
    assert lost
    wait(books, "26 hours")
    # In this month, whatever day it is.
    books.rows(
        "update public.payment_orders set created_at = greatest(date_trunc('month', now(), 'UTC'), "
        "created_at), expires_at = now() - interval '1 hour'"
    )
    books.rows("update public.payment_orders set ended = 'expired', status = 'expired'")
    assert due(desk) is None
    desk.pay(lost)
    assert (
        desk.call("get_auto_recharge", user_id=ready, livemode=False)["spent_this_month"] == AMOUNT
    )
