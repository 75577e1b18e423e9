"""Renewals: each paid invoice is one grant, and nothing else is one."""

import random
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.backend.commands import flask
from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.subscriber import DAY, Subscriber
from tests.backend.webhook import Webhook, event
from tests.http import HTTP
from tests.people import People, Person
from tests.stripe_browser import ASKS_ALWAYS, CAN_ONLY_BE_SAVED
from tests.stripe_console import SUCCEEDS, StripeConsole

YEAR = 366 * DAY
RETRIES = 16 * DAY  # after 3, 5 and 7 days, then Stripe gives up


def day_after(period_end: int) -> datetime:
    return datetime.fromtimestamp(period_end + DAY).astimezone()


# A year


def test_a_year_has_thirteen_invoices_and_each_is_one_grant(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    """Everything is delivered twice, and in no order at all."""
    stripe_console.deliver("hold", copies=2)
    subscribed.move(YEAR)
    stripe_console.release("shuffle")

    invoices = subscribed.invoices
    assert [invoice["status"] for invoice in invoices] == ["paid"] * 13
    assert subscribed.grants == [1000] * 13
    payments = subscribed.payments
    assert [payment["status"] for payment in payments] == ["succeeded"] * 13
    assert {payment["ui_mode"] for payment in payments[1:]} == {"invoice"}
    assert {payment["amount_paid"] for payment in payments} == {899}
    urls = {payment["invoice_url"] for payment in payments}
    assert urls == {invoice["hosted_invoice_url"] for invoice in invoices}
    # Whatever comes once more is known already.
    before = subscribed.payments
    for delivery in random.sample(stripe_console.deliveries(event_type="invoice.paid"), 8):
        stripe_console.send_again(delivery["id"])
    assert subscribed.payments == before
    assert subscribed.grants == [1000] * 13


def test_credits_without_rollover_end_a_day_after_their_period(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    for _ in range(2):
        subscribed.renew()
        stripe_console.release()
    ends = [invoice["lines"]["data"][0]["period"]["end"] for invoice in subscribed.invoices]
    assert [lot["expires_at"] for lot in subscribed.lots] == [day_after(end) for end in ends]


def test_a_yearly_one_brings_a_year_at_once_and_its_credits_roll_over(
    subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    subscriber.subscribe("yearly")
    stripe_console.release()
    assert subscriber.listed["interval"] == "year"
    subscriber.renew()
    stripe_console.release()
    assert subscriber.grants == [12000, 12000]
    for lot in subscriber.lots:  # in the database's own time
        assert lot["expires_at"] - lot["created_at"] == timedelta(days=366)


def test_who_hears_of_a_payment_late_still_has_a_day_to_spend_it(
    subscribed: Subscriber, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    subscribed.renew()
    stripe_console.deliver("drop")
    invoice = subscribed.invoices[-1]
    long_ago = invoice | {
        "lines": invoice["lines"]
        | {"data": [line | {"period": {"start": 1, "end": 2}} for line in invoice["lines"]["data"]]}
    }
    assert webhook.outcome(event("invoice.paid", long_ago)) == "processed"
    last = subscribed.lots[-1]
    assert last["expires_at"] - last["created_at"] == timedelta(days=1)


# Nothing delivered


def test_after_three_silent_months_one_reconcile_brings_everything(
    subscribed: Subscriber, stripe_console: StripeConsole, jobs: Jobs
) -> None:
    stripe_console.deliver("drop")
    subscribed.move(93 * DAY)
    assert subscribed.grants == [1000]
    report = jobs.reconcile()
    assert report["drift"].get("unpaid", 0) >= 3
    assert subscribed.grants == [1000] * 4
    assert subscribed.payments[-1]["status"] == "succeeded"
    end = datetime.fromisoformat(subscribed.listed["current_period_end"])
    assert end.timestamp() == subscribed.period_end
    assert jobs.reconcile()["drift"] == {}


def test_a_subscription_older_than_the_window_is_reconciled_too(
    subscribed: Subscriber, stripe_console: StripeConsole, sandbox: dict[str, str]
) -> None:
    """It was made long before the time that is looked back on, and has ended within it."""
    stripe_console.deliver("drop")
    subscribed.move(40 * DAY)
    stripe_console.delete(f"subscriptions/{subscribed.subscription['id']}")
    since = datetime.fromtimestamp(subscribed.now - 30 * DAY)
    done = flask(sandbox, "reconcile", "--since", since.date().isoformat())
    assert done.returncode == 0, done.stderr
    assert subscribed.listed["status"] == "canceled"


# A renewal that is not paid


@pytest.fixture
def refused(subscribed: Subscriber, stripe_console: StripeConsole) -> Subscriber:
    """His card was declined when the second month should have been paid."""
    subscribed.change_card(CAN_ONLY_BE_SAVED)
    subscribed.renew()
    stripe_console.release()
    return subscribed


def open_invoice(subscriber: Subscriber) -> dict[str, Any]:
    """The renewal as a payment that waits for its buyer."""
    payment = subscriber.payments[-1]
    assert (payment["status"], payment["ui_mode"], payment["kind"]) == (
        "pending", "invoice", "subscription",
    )  # fmt: skip
    assert payment["payment_url"] == subscriber.invoices[-1]["hosted_invoice_url"]
    assert payment["requires_action"] is True
    return payment


def told_to(buyer: Person) -> dict[str, Any]:
    """What the app hears about him, each thing once: {type: data}."""
    told = [(each["type"], each["data"]) for each in events_of(buyer)]
    assert len(dict(told)) == len(told), told
    return dict(told)


def events_of(buyer: Person) -> list[dict[str, Any]]:
    return buyer.get("/api/credits/events").json()["events"]


def test_a_declined_renewal_earns_nothing_and_waits_to_be_paid(refused: Subscriber) -> None:
    open_invoice(refused)
    assert refused.listed["status"] == "past_due"
    assert refused.grants == [1000]
    assert refused.buyer.get("/api/cart/count").json()["count"] == 1
    assert told_to(refused.buyer) == {
        "subscription_past_due": {"subscription_id": refused.subscription["id"]}
    }


def test_paid_on_its_own_page_it_brings_the_month(
    refused: Subscriber, stripe_console: StripeConsole
) -> None:
    refused.pay_invoice(open_invoice(refused)["payment_url"])
    stripe_console.release()
    assert refused.listed["status"] == "active"
    assert refused.grants == [1000, 1000]
    assert refused.payments[-1]["status"] == "succeeded"
    assert refused.payments[-1]["error"] is None
    assert refused.buyer.get("/api/cart/count").json()["count"] == 0


def test_the_page_that_asks_learns_it_without_any_webhook(
    refused: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    waiting = open_invoice(refused)
    assert refused.buyer.refresh(waiting["payment_id"])["status"] == "pending"
    refused.pay_invoice(waiting["payment_url"])
    paid = refused.buyer.refresh(waiting["payment_id"])
    assert (paid["status"], paid["amount_paid"]) == ("succeeded", 899)
    assert refused.grants == [1000, 1000]


def test_it_is_not_canceled_as_a_payment(refused: Subscriber) -> None:
    waiting = open_invoice(refused)
    answer = refused.buyer.post(f"/api/payments/{waiting['payment_id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert refused.invoices[-1]["status"] == "open"


def test_a_retry_with_a_good_card_brings_the_month(
    refused: Subscriber, stripe_console: StripeConsole
) -> None:
    refused.change_card(SUCCEEDS)
    refused.move(3 * DAY)
    stripe_console.release()
    assert refused.grants == [1000, 1000]
    assert refused.listed["status"] == "active"


def test_when_the_retries_are_exhausted_it_has_ended_and_earns_no_more(
    refused: Subscriber, stripe_console: StripeConsole
) -> None:
    refused.move(RETRIES)
    stripe_console.release("shuffle")
    assert refused.listed["status"] == "canceled"
    refused.move(90 * DAY)
    stripe_console.release()
    assert refused.grants == [1000]
    assert told_to(refused.buyer)["subscription_ended"] == {
        "subscription_id": refused.subscription["id"]
    }


def test_a_shop_that_leaves_it_past_due_gives_nothing_away(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe_console.after_last_retry("past_due")
    subscribed.change_card(CAN_ONLY_BE_SAVED)
    subscribed.renew()
    subscribed.move(70 * DAY)
    stripe_console.release("shuffle")
    assert subscribed.listed["status"] == "past_due"
    assert subscribed.grants == [1000]


@pytest.mark.parametrize(("verb", "ends"), [("void", "canceled"), ("mark_uncollectible", "failed")])
def test_a_renewal_that_the_shop_gives_up_is_over(
    refused: Subscriber, stripe_console: StripeConsole, verb: str, ends: str
) -> None:
    stripe_console.change(f"invoices/{refused.invoices[-1]['id']}/{verb}")
    stripe_console.release()
    assert refused.payments[-1]["status"] == ends
    assert refused.grants == [1000]


def test_what_was_given_up_and_is_paid_after_all_counts(
    refused: Subscriber, stripe_console: StripeConsole
) -> None:
    url = open_invoice(refused)["payment_url"]
    stripe_console.change(f"invoices/{refused.invoices[-1]['id']}/mark_uncollectible")
    refused.pay_invoice(url)
    stripe_console.release("reverse")
    assert refused.payments[-1]["status"] == "succeeded"
    assert refused.grants == [1000, 1000]


def test_a_renewal_that_waits_for_3d_secure_is_finished_by_its_buyer(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    subscribed.change_card(ASKS_ALWAYS)
    subscribed.renew()
    stripe_console.release()
    waiting = open_invoice(subscribed)
    assert waiting["error"]["code"] == "authentication_required"
    assert told_to(subscribed.buyer)["payment_requires_action"] == {
        "payment_id": waiting["payment_id"]
    }
    assert subscribed.grants == [1000]
    challenge = subscribed.pay_invoice(waiting["payment_url"], ASKS_ALWAYS)
    assert challenge
    HTTP.post(challenge, data={"outcome": "complete"})
    stripe_console.release()
    assert subscribed.payments[-1]["status"] == "succeeded"
    assert subscribed.grants == [1000, 1000]


def test_a_refused_renewal_leaves_nothing_for_a_person_to_look_at(
    refused: Subscriber, database: psycopg.Connection[dict]
) -> None:
    about = f"%{refused.customer_id}%"
    found = database.execute(
        "select type, error from stripe_events where status = 'failed' and payload::text like %s",
        [about],
    )
    assert found.fetchall() == []


def test_a_declined_renewal_does_not_speak_of_3d_secure(refused: Subscriber) -> None:
    assert open_invoice(refused)["error"]["code"] != "authentication_required"


# Money that goes back


@pytest.fixture
def renewed(subscribed: Subscriber, stripe_console: StripeConsole) -> Subscriber:
    """Two months are paid."""
    subscribed.renew()
    stripe_console.release()
    assert subscribed.grants == [1000, 1000]
    return subscribed


def test_an_admin_refunds_a_renewal(
    renewed: Subscriber, people: People, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    renewal = renewed.payments[-1]
    answer = people.admin().post(f"/api/payments/{renewal['payment_id']}/refund", {"amount": 400})
    assert answer.status_code == 200, answer.text
    assert answer.json()["credits_refunded"] == 1000 * 400 // 899
    stripe_console.release()
    assert renewed.payments[-1]["status"] == "partially_refunded"
    assert renewed.payments[0]["status"] == "succeeded"
    assert shop_floor.ledger(renewed.buyer)[2:] == [("refund", -(1000 * 400 // 899))]


def test_a_chargeback_of_a_renewal_takes_its_credits_until_it_is_won(
    renewed: Subscriber, stripe_console: StripeConsole
) -> None:
    intent = renewed.intent_of(renewed.invoices[-1]["id"])
    dispute = stripe_console.dispute(intent["latest_charge"])
    stripe_console.release()
    assert renewed.payments[-1]["status"] == "disputed"
    assert renewed.buyer.available == 1000
    stripe_console.change_dispute(dispute["id"], "win")
    stripe_console.release()
    assert renewed.payments[-1]["status"] == "succeeded"
    assert renewed.buyer.available == 2000


def test_a_refund_that_is_told_before_its_renewal_counts(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    subscribed.renew()
    intent = subscribed.intent_of(subscribed.invoices[-1]["id"])
    stripe_console.refund(intent["latest_charge"])
    stripe_console.release("reverse")
    assert subscribed.payments[-1]["status"] == "refunded"
    assert subscribed.buyer.available == 1000


# Those who are gone


def test_the_subscription_of_an_erased_user_is_ended(
    renewed: Subscriber, sandbox: dict[str, str], jobs: Jobs, stripe_console: StripeConsole
) -> None:
    jobs.cleanup()  # of whoever was erased in another test
    erase(sandbox, renewed.buyer)
    stripe_console.deliver("drop")
    assert jobs.cleanup()["subscriptions_ended"] == 1
    assert renewed.subscription["status"] == "canceled"
    assert jobs.cleanup()["subscriptions_ended"] == 0


def test_a_renewal_of_an_erased_user_is_booked_under_the_bare_id(
    renewed: Subscriber, sandbox: dict[str, str], stripe_console: StripeConsole
) -> None:
    """Between the erasure and the job, Stripe may have charged him."""
    erase(sandbox, renewed.buyer)
    renewed.renew()
    stripe_console.release()
    assert renewed.grants == [1000] * 3


def erase(env: dict[str, str], person: Person) -> None:
    """As the app's own server does, through Supabase's admin API."""
    key = env["SUPABASE_SERVICE_KEY"]
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    url = f"{env['SUPABASE_URL']}/auth/v1/admin/users/{person.id}"
    assert HTTP.delete(url, headers=headers).is_success


def test_a_customer_deleted_at_stripe_takes_his_subscription_along(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe_console.delete(f"customers/{subscribed.customer_id}")
    stripe_console.release("reverse")
    assert subscribed.listed["status"] == "canceled"
    assert subscribed.buyer.available == 1000
    assert subscribed.buyer.order("monthly")["status"] == "pending"


def test_who_was_deleted_at_stripe_unheard_and_has_bought_since_may_subscribe_again(
    subscribed: Subscriber, stripe_console: StripeConsole, jobs: Jobs
) -> None:
    stripe_console.deliver("drop")
    stripe_console.delete(f"customers/{subscribed.customer_id}")
    subscribed.buyer.order("starter")  # with a new customer
    jobs.reconcile()
    assert subscribed.listed["status"] == "canceled"
    assert subscribed.buyer.order("monthly")["status"] == "pending"


def test_a_month_paid_before_the_customer_was_deleted_is_not_lost(
    subscribed: Subscriber, stripe_console: StripeConsole, jobs: Jobs
) -> None:
    stripe_console.deliver("drop")
    subscribed.renew()
    stripe_console.delete(f"customers/{subscribed.customer_id}")
    subscribed.buyer.order("starter")  # with a new customer
    jobs.reconcile()
    assert subscribed.grants == [1000, 1000]
