"""Subscriptions: bought on Stripe's page, listed, ended by their owner, and by nobody else."""

import time
from datetime import datetime
from itertools import permutations
from typing import Any

import psycopg
import pytest

from tests.backend.checkout_page import CheckoutPage
from tests.backend.subscriber import HOUR, SUBSCRIPTIONS, Subscriber
from tests.backend.webhook import Webhook
from tests.http import HTTP
from tests.people import Person, banned
from tests.specification import check_answer
from tests.stripe_console import StripeConsole
from tests.together import at_once

CHECKOUT = "/api/stripe/create-checkout-session"
CANCEL = "/api/stripe/cancel-subscription"
RESUME = "/api/stripe/resume-subscription"
PORTAL = "/api/stripe/portal-session"
UI_MODES = ["hosted", "embedded"]


def seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def failed_events(database: psycopg.Connection[dict], since: float) -> list[dict[str, Any]]:
    """What lies in the inbox for a person to look at."""
    return database.execute(
        "select type, error from stripe_events where status = 'failed' and received_at > %s",
        [datetime.fromtimestamp(since).astimezone()],
    ).fetchall()


@pytest.mark.parametrize("ui_mode", UI_MODES)
def test_the_webhooks_alone_bring_the_credits(
    subscriber: Subscriber,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
    ui_mode: str,
) -> None:
    began = time.time()
    stripe_console.deliver("hold")
    order = subscriber.subscribe("monthly", ui_mode=ui_mode)
    assert subscriber.grants == []
    stripe_console.release()
    assert subscriber.grants == [1000]
    payment = subscriber.buyer.payment(order["payment_id"])
    assert (payment["status"], payment["kind"], payment["amount_paid"]) == (
        "succeeded", "subscription", 899,
    )  # fmt: skip
    assert payment["subscription_id"] == subscriber.subscription["id"]
    assert payment["invoice_url"] == subscriber.invoices[0]["hosted_invoice_url"]
    assert failed_events(database, began) == []


@pytest.mark.parametrize("ui_mode", UI_MODES)
def test_the_success_page_alone_brings_the_credits(
    subscriber: Subscriber, stripe_console: StripeConsole, ui_mode: str
) -> None:
    stripe_console.deliver("drop")
    order = subscriber.subscribe("monthly", ui_mode=ui_mode)
    for _ in range(2):
        assert subscriber.buyer.refresh(order["payment_id"])["status"] == "succeeded"
    assert subscriber.grants == [1000]
    assert subscriber.listed["status"] == "active"


def test_webhooks_and_success_page_together_bring_them_once(
    subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("live", copies=2)
    order = subscriber.subscribe("monthly")
    at_once(4, lambda: subscriber.buyer.refresh(order["payment_id"]))
    stripe_console.deliver("hold")
    assert subscriber.buyer.payment(order["payment_id"])["status"] == "succeeded"
    assert subscriber.grants == [1000]


FIRST_EVENTS = [
    "invoice.paid", "invoice_payment.paid", "payment_intent.succeeded", "checkout.session.completed",
]  # fmt: skip


@pytest.mark.parametrize("types", list(permutations(FIRST_EVENTS)), ids=" ".join)
def test_the_first_events_in_any_order_end_alike(
    subscriber: Subscriber,
    stripe_console: StripeConsole,
    webhook: Webhook,
    database: psycopg.Connection[dict],
    types: tuple[str, ...],
) -> None:
    began = time.time()
    stripe_console.deliver("drop")
    order = subscriber.subscribe("monthly")
    latest = stripe_console.api("events", limit=40)["data"]
    for event_type in types:
        [told] = [e for e in latest if e["type"] == event_type and about(subscriber, e)]
        webhook.outcome(told)
    payment = subscriber.buyer.payment(order["payment_id"])
    assert (payment["status"], payment["amount_paid"]) == ("succeeded", 899)
    assert subscriber.grants == [1000]
    assert failed_events(database, began) == []


def about(subscriber: Subscriber, event: dict[str, Any]) -> bool:
    told = event["data"]["object"]
    if told["object"] == "invoice_payment":
        return told["invoice"] == subscriber.invoices[0]["id"]
    return told["customer"] == subscriber.customer_id


@pytest.mark.parametrize("event_type", ["invoice.paid", "invoice_payment.paid"])
def test_one_event_about_the_invoice_is_enough(
    subscriber: Subscriber, stripe_console: StripeConsole, webhook: Webhook, event_type: str
) -> None:
    stripe_console.deliver("drop")
    subscriber.subscribe("monthly")
    latest = stripe_console.api("events", limit=40)["data"]
    [told] = [e for e in latest if e["type"] == event_type and about(subscriber, e)]
    assert webhook.outcome(told) == "processed"
    assert subscriber.grants == [1000]


def test_a_session_that_is_complete_does_not_earn_before_its_invoice_is_paid(
    subscriber: Subscriber, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    stripe_console.deliver("drop")
    order = subscriber.subscribe("monthly")
    [told] = stripe_console.events(order["session_id"])
    assert webhook.outcome(told) == "processed"
    assert subscriber.buyer.payment(order["payment_id"])["status"] == "processing"
    assert subscriber.grants == []
    assert subscriber.buyer.refresh(order["payment_id"])["status"] == "succeeded"


def test_an_event_of_a_subscription_earns_nothing(
    subscriber: Subscriber, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    stripe_console.deliver("drop")
    subscriber.subscribe("monthly")
    for told in stripe_console.events(subscriber.subscription["id"]):
        assert webhook.outcome(told) == "processed"
    assert subscriber.listed["status"] == "active"
    assert subscriber.grants == []


# Owning one


def test_it_is_listed_with_what_it_gives_and_costs(subscribed: Subscriber) -> None:
    answer = subscribed.buyer.get(SUBSCRIPTIONS)
    check_answer(answer)
    [listed] = answer.json()["subscriptions"]
    at_stripe = subscribed.subscription
    assert seconds(listed.pop("current_period_end")) == subscribed.period_end
    assert seconds(listed.pop("created_at")) == at_stripe["created"]
    assert listed == {
        "subscription_id": at_stripe["id"],
        "package_id": "monthly",
        "status": "active",
        "cancel_at_period_end": False,
        "ended_at": None,
        "credits": 1000,
        "interval": "month",
        "amount": 899,
        "currency": "usd",
    }


def test_nobody_sees_or_ends_anothers_subscription(
    subscribed: Subscriber, stranger: Person
) -> None:
    subscription_id = subscribed.subscription["id"]
    assert stranger.get(SUBSCRIPTIONS).json() == {"subscriptions": []}
    assert stranger.postgrest("GET", "subscriptions").json() == []
    for path in (CANCEL, RESUME):
        answer = stranger.post(path, {"subscription_id": subscription_id})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert subscribed.subscription["cancel_at_period_end"] is False


@pytest.mark.parametrize("path", [CANCEL, RESUME])
def test_what_does_not_exist_is_not_found(buyer: Person, path: str) -> None:
    answer = buyer.post(path, {"subscription_id": "sub_of_nobody"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "fields", [{}, {"subscription_id": 7}, {"subscription_id": "sub_1", "now": 1}]
)
@pytest.mark.parametrize("path", [CANCEL, RESUME])
def test_wrong_input_is_refused(buyer: Person, path: str, fields: dict[str, Any]) -> None:
    assert buyer.post(path, fields).status_code == 422


@pytest.mark.parametrize("path", [CANCEL, RESUME])
def test_what_can_not_be_read_uses_no_key_up(buyer: Person, path: str) -> None:
    assert buyer.post(path, {"subscription": "sub_1"}, key="1").status_code == 422
    assert buyer.post(path, {"subscription_id": "sub_1"}, key="1").status_code == 404


def test_a_second_one_to_the_same_package_is_refused(subscribed: Subscriber) -> None:
    answer = subscribed.buyer.post(CHECKOUT, {"package_id": "monthly"})
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert subscribed.buyer.post(CHECKOUT, {"package_id": "yearly"}).status_code == 201


def test_two_tabs_cannot_subscribe_twice(
    subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    """Both pages were open before either was paid."""
    stripe_console.deliver("drop")
    answers = [subscriber.buyer.post(CHECKOUT, {"package_id": "monthly"}) for _ in range(2)]
    for order in [answer.json() for answer in answers if answer.status_code == 201]:
        CheckoutPage(stripe_console, order).pay()
        subscriber.buyer.refresh(order["payment_id"])
    assert len(subscriber.subscriptions) == 1
    assert subscriber.grants == [1000]


def test_who_has_paid_unheard_cannot_subscribe_twice(
    subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    """No webhook came, and the buyer tries again instead of waiting."""
    stripe_console.deliver("drop")
    subscriber.subscribe("monthly")
    answer = subscriber.buyer.post(CHECKOUT, {"package_id": "monthly"})
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    for payment in subscriber.payments:
        if url := subscriber.buyer.refresh(payment["payment_id"])["payment_url"]:
            CheckoutPage(stripe_console, {"url": url, "client_secret": None}).pay()
            subscriber.buyer.refresh(payment["payment_id"])
    assert len(subscriber.subscriptions) == 1
    assert subscriber.grants == [1000]


def test_two_tabs_at_once_cannot_subscribe_twice(
    subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    wish = {"package_id": "monthly"}
    answers = at_once(4, lambda: subscriber.buyer.post(CHECKOUT, wish))
    for order in [answer.json() for answer in answers if answer.status_code == 201]:
        CheckoutPage(stripe_console, order).pay()
        subscriber.buyer.refresh(order["payment_id"])
    assert len(subscriber.subscriptions) == 1
    assert subscriber.grants == [1000]


def test_one_to_another_package_stands_beside_it(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    subscribed.move(HOUR)
    subscribed.subscribe("yearly")
    stripe_console.release()
    assert [one["package_id"] for one in subscribed.subscriptions] == ["yearly", "monthly"]
    assert subscribed.grants == [1000, 12000]


def test_it_runs_out_with_the_period_that_is_paid(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    answer = subscribed.buyer.post(CANCEL, {"subscription_id": subscribed.subscription["id"]})
    check_answer(answer)
    assert answer.json() == subscribed.listed
    assert (answer.json()["status"], answer.json()["cancel_at_period_end"]) == ("active", True)
    assert subscribed.subscription["cancel_at_period_end"] is True

    end = subscribed.period_end
    subscribed.move_to(end + HOUR)
    stripe_console.release()
    ended = subscribed.listed
    assert (ended["status"], seconds(ended["ended_at"])) == ("canceled", end)
    assert subscribed.grants == [1000]
    assert subscribed.buyer.available == 1000


def test_a_change_of_mind_lets_it_go_on(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    about = {"subscription_id": subscribed.subscription["id"]}
    for path in (CANCEL, CANCEL, RESUME, RESUME):
        answer = subscribed.buyer.post(path, about)
        assert answer.status_code == 200
    check_answer(answer)
    assert answer.json()["cancel_at_period_end"] is False
    subscribed.renew()
    stripe_console.release()
    assert subscribed.listed["status"] == "active"
    assert subscribed.grants == [1000, 1000]


@pytest.mark.parametrize("path", [CANCEL, RESUME])
@pytest.mark.parametrize("is_told", [True, False])
def test_what_has_ended_stays_ended(
    subscribed: Subscriber, stripe_console: StripeConsole, path: str, is_told: bool
) -> None:
    subscription_id = subscribed.subscription["id"]
    stripe_console.delete(f"subscriptions/{subscription_id}")
    if is_told:
        stripe_console.release()
    answer = subscribed.buyer.post(path, {"subscription_id": subscription_id})
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert subscribed.listed["status"] == "canceled"


def test_when_it_has_ended_one_may_subscribe_again(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    stripe_console.delete(f"subscriptions/{subscribed.subscription['id']}")
    stripe_console.release()
    subscribed.subscribe("monthly")
    stripe_console.release()
    assert sorted(one["status"] for one in subscribed.subscriptions) == ["active", "canceled"]
    assert subscribed.grants == [1000, 1000]


def test_late_news_of_a_living_one_do_not_wake_an_ended_one(
    subscribed: Subscriber, stripe_console: StripeConsole, webhook: Webhook
) -> None:
    news = stripe_console.events(subscribed.subscription["id"])
    stripe_console.delete(f"subscriptions/{subscribed.subscription['id']}")
    stripe_console.release()
    for told in news:
        webhook.outcome(told | {"id": f"{told['id']}_again"})
    assert subscribed.listed["status"] == "canceled"


@pytest.mark.parametrize("path", [CANCEL, RESUME])
def test_while_stripe_is_away_it_stays_as_it_was(
    subscribed: Subscriber, stripe_console: StripeConsole, path: str
) -> None:
    before = subscribed.listed
    stripe_console.fault(path="/v1/subscriptions/*", status=500, times=10)
    answer = subscribed.buyer.post(path, {"subscription_id": before["subscription_id"]})
    assert (answer.status_code, answer.json()["code"]) == (503, "stripe_unavailable")
    assert subscribed.listed == before


def test_who_is_banned_may_end_his_subscription_but_not_go_on_with_it(
    subscribed: Subscriber, database: psycopg.Connection[dict]
) -> None:
    which = {"subscription_id": subscribed.subscription["id"]}
    with banned(database, subscribed.buyer):
        assert subscribed.buyer.post(CANCEL, which).status_code == 200
        answer = subscribed.buyer.post(RESUME, which)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert subscribed.listed["cancel_at_period_end"] is True


# The portal


def test_the_portal_is_stripes_page_for_this_customer(subscribed: Subscriber) -> None:
    answer = subscribed.buyer.post(PORTAL, {"locale": "zh-Hans-CN"})
    check_answer(answer)
    assert answer.status_code == 201
    page = HTTP.get(answer.json()["url"])
    assert page.status_code == 200
    assert subscribed.subscription["id"] in page.text
    assert 'lang="zh' in page.text


def test_what_is_canceled_in_the_portal_is_listed_so(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    url = subscribed.buyer.post(PORTAL).json()["url"]
    wish = {"subscription": subscribed.subscription["id"], "action": "cancel"}
    assert HTTP.post(f"{url}/plan", data=wish).status_code == 303
    stripe_console.release()
    assert subscribed.subscription["cancel_at_period_end"] is False  # it says so by the time alone
    assert subscribed.listed["cancel_at_period_end"] is True

    resumed = subscribed.buyer.post(RESUME, {"subscription_id": subscribed.subscription["id"]})
    assert (resumed.status_code, resumed.json()["cancel_at_period_end"]) == (200, False)
    assert subscribed.subscription["cancel_at"] is None


def test_what_stripe_refuses_to_cancel_is_not_said_to_be_canceled(
    subscribed: Subscriber, stripe_console: StripeConsole
) -> None:
    """A change that is planned in the portal is in the way."""
    subscription_id = subscribed.subscription["id"]
    path = f"/v1/subscriptions/{subscription_id}"
    stripe_console.fault(method="POST", path=path, status=400)
    refused = subscribed.buyer.post(CANCEL, {"subscription_id": subscription_id}, key="1")
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_state")
    assert subscribed.listed["cancel_at_period_end"] is False
    canceled = subscribed.buyer.post(CANCEL, {"subscription_id": subscription_id}, key="1")
    assert (canceled.status_code, canceled.json()["cancel_at_period_end"]) == (200, True)


def test_who_has_bought_nothing_yet_has_a_portal_too(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    assert buyer.post(PORTAL).status_code == 201
    assert buyer.post(PORTAL).status_code == 201
    assert len(stripe_console.customers(buyer.email)) == 1


@pytest.mark.parametrize("url", ["https://evil.example/", "javascript:alert(1)", "//evil.example"])
def test_the_portal_leads_back_to_the_shop_alone(
    buyer: Person, stripe_console: StripeConsole, url: str
) -> None:
    answer = buyer.post(PORTAL, {"return_url": url})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "return_url")
    assert stripe_console.requests(path="/v1/billing_portal") == []


# Its price at Stripe


def test_a_package_has_one_price_at_stripe_however_often_it_is_sold(
    subscriber: Subscriber, stranger: Person, stripe_console: StripeConsole
) -> None:
    subscriber.buyer.order("monthly", currency="eur")
    stripe_console.forget_requests()
    stranger.order("monthly", currency="eur")
    assert stripe_console.requests(method="POST", path="/v1/prices") == []


def test_a_price_that_was_archived_at_stripe_is_replaced_once(
    subscriber: Subscriber, stranger: Person, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    session_id = stranger.order("yearly", currency="cny")["session_id"]
    [item] = stripe_console.api(f"checkout/sessions/{session_id}/line_items")["data"]
    stripe_console.change(f"prices/{item['price']['id']}", active="false")
    stripe_console.forget_requests()
    order = subscriber.subscribe("yearly", currency="cny")
    assert subscriber.buyer.refresh(order["payment_id"])["status"] == "succeeded"
    assert subscriber.grants == [12000]
    stranger.order("yearly", currency="cny")
    assert len(stripe_console.requests(method="POST", path="/v1/prices")) == 1
