"""An endpoint that was made before an upgrade sends objects in their earlier shapes. They are never
guessed at: Stripe is asked for the object as it is now.
https://docs.stripe.com/webhooks/versioning"""

from typing import Any

import psycopg
import pytest

from tests.backend.commands import flask
from tests.backend.purchase import Purchase, Shop
from tests.backend.subscriber import Subscriber
from tests.backend.webhook import Webhook, event, retold
from tests.people import Person
from tests.stripe_browser import CAN_ONLY_BE_SAVED, StripeBrowser
from tests.stripe_console import StripeConsole, eventually

VERSIONS = ["2020-08-27", "2022-11-15", "2024-06-20", "2025-03-31.basil", "2026-03-25.dahlia"]
INTENTS = "/api/stripe/create-payment-intent"
TRIES = 3


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest, stripe_console: StripeConsole) -> str:
    """Everything is told in the shapes of this version; it is held until it is released."""
    stripe_console.speak_version(request.param)
    stripe_console.deliver("hold")
    return request.param


def inbox(database: psycopg.Connection[dict], about: str) -> dict[str, str]:
    """What became of the latest events that speak of this customer or object: {type: status}."""
    rows = database.execute(
        "select type, status, api_version from stripe_events where payload::text like %s"
        " order by received_at",
        [f"%{about}%"],
    ).fetchall()
    return {row["type"]: row["status"] for row in rows}


def versions_in(database: psycopg.Connection[dict], about: str) -> set[str]:
    rows = database.execute(
        "select distinct api_version from stripe_events where payload::text like %s", [f"%{about}%"]
    )
    return {row["api_version"] for row in rows}


def test_a_hosted_payment_and_its_refund(
    version: str,
    buyer: Person,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
    shop_floor: Shop,
) -> None:
    order = buyer.order()
    stripe_console.pay(order["url"])
    stripe_console.release("shuffle")
    assert shop_floor.ledger(buyer) == [("purchase", 500)]
    [intent] = stripe_console.charged(buyer.email)
    for amount in (100, 399):
        stripe_console.refund(intent["latest_charge"], amount=amount)
        stripe_console.release("shuffle")
    payment = buyer.payment(order["payment_id"])
    assert (payment["status"], payment["amount_refunded"]) == ("refunded", 499)
    assert buyer.available == 0
    assert versions_in(database, order["session_id"]) == {version}
    heard = inbox(database, intent["id"])
    assert heard["charge.refunded"] == "processed"
    assert "failed" not in heard.values()


def test_a_payment_inside_the_page(
    version: str, buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    order = buyer.post(INTENTS, {"package_id": "starter", "save_payment_method": True}).json()
    stripe_js.confirm(order["client_secret"])
    stripe_console.release("shuffle")
    assert buyer.payment(order["payment_id"])["status"] == "succeeded"
    assert buyer.available == 500
    [card] = buyer.get("/api/payment-methods").json()["payment_methods"]
    assert (card["last4"], card["is_default"]) == ("4242", True)


def test_a_dispute(
    version: str, buyer: Person, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    bought = shop_floor.sell(buyer)
    stripe_console.deliver("hold")
    dispute = stripe_console.dispute(bought.charge_id)
    stripe_console.release()
    assert buyer.available == 0
    stripe_console.change_dispute(dispute["id"], "win")
    stripe_console.release("reverse")
    assert buyer.available == 500


def test_a_subscription_and_its_renewals(
    version: str,
    subscriber: Subscriber,
    stripe_console: StripeConsole,
    database: psycopg.Connection[dict],
) -> None:
    subscriber.subscribe("monthly")
    stripe_console.release("shuffle")
    assert subscriber.grants == [1000]
    subscriber.renew()
    stripe_console.release("shuffle")
    assert subscriber.grants == [1000, 1000]
    assert subscriber.listed["status"] == "active"
    assert versions_in(database, subscriber.customer_id) == {version}
    assert "failed" not in inbox(database, subscriber.customer_id).values()
    # A refund is found by its intent, which earlier invoices name in another place.
    intent = subscriber.intent_of(subscriber.invoices[-1]["id"])
    stripe_console.refund(intent["latest_charge"])
    stripe_console.release()
    assert subscriber.payments[-1]["status"] == "refunded"
    assert subscriber.buyer.available == 1000


def test_a_refused_renewal_and_its_end(
    version: str, subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    subscriber.subscribe("monthly")
    subscriber.change_card(CAN_ONLY_BE_SAVED)
    subscriber.renew()
    stripe_console.release("shuffle")
    assert subscriber.listed["status"] == "past_due"
    waiting = subscriber.payments[-1]
    assert (waiting["status"], waiting["ui_mode"]) == ("pending", "invoice")
    stripe_console.delete(f"subscriptions/{subscriber.subscription['id']}")
    stripe_console.release()
    assert subscriber.listed["status"] == "canceled"
    assert subscriber.grants == [1000]


def test_a_deleted_customer(
    version: str, subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    subscriber.subscribe("monthly")
    stripe_console.release()
    stripe_console.delete(f"customers/{subscriber.customer_id}")
    stripe_console.release()
    assert subscriber.listed["status"] == "canceled"
    assert subscriber.buyer.order("starter")["status"] == "pending"


# Asking anew


@pytest.fixture
def early(
    buyer: Person, stripe_console: StripeConsole, shop_floor: Shop
) -> tuple[Purchase, dict[str, Any]]:
    """A purchase nobody has heard of, and its first event as a version of 2024 tells it."""
    bought = shop_floor.sell_silently(buyer)
    stripe_console.deliver("drop")
    [completed] = [
        told
        for told in stripe_console.events(bought.order["session_id"])
        if told["type"] == "checkout.session.completed"
    ]
    return bought, completed | {"api_version": "2024-06-20"}


def test_only_what_stripe_says_now_counts(early: Any, webhook: Webhook) -> None:
    """The earlier shape claims another amount: it is not even looked at."""
    bought, told = early
    said = told["data"]["object"] | {"amount_total": 1, "payment_status": "unpaid"}
    assert webhook.outcome(told | {"data": {"object": said}}) == "processed"
    assert bought.buyer.available == 500


@pytest.mark.parametrize("outage", [{"status": 500}, {"status": 429}, {"kind": "drop"}], ids=str)
def test_while_stripe_cannot_be_asked_the_event_is_refused_and_comes_again(
    early: Any, webhook: Webhook, stripe_console: StripeConsole, outage: dict[str, Any]
) -> None:
    bought, told = early
    stripe_console.fault(path="/v1/checkout/sessions/*", times=TRIES, **outage)
    answer = webhook.send(told)
    assert (answer.status_code, answer.json()["code"]) == (503, "stripe_unavailable")
    assert bought.buyer.available == 0
    stripe_console.put_back()
    assert webhook.outcome(told) == "processed"
    assert webhook.outcome(told) == "duplicate"
    assert bought.buyer.available == 500


def test_stripe_itself_sends_it_again(
    buyer: Person, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    stripe_console.speak_version("2024-06-20")
    stripe_console.deliver("hold")
    order = buyer.order()
    stripe_console.pay(order["url"])
    [completed] = stripe_console.events(order["session_id"])
    stripe_console.fault(path="/v1/checkout/sessions/*", status=500, times=TRIES)
    stripe_console.release()
    [delivery] = eventually(
        lambda: stripe_console.deliveries(event_id=completed["id"]),
        lambda told: [each["status"] for each in told] == ["succeeded"],
    )
    assert delivery["attempts"] == 2, "the first was answered with a 503"
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_a_repeated_event_asks_stripe_no_more_than_it_must(
    early: Any, webhook: Webhook, stripe_console: StripeConsole
) -> None:
    """One request for each delivery that is not known to be done, and none for one that is."""
    bought, told = early
    webhook.outcome(told)
    stripe_console.forget_requests()
    assert webhook.outcome(told) == "duplicate"
    assert len(stripe_console.requests(path="/v1/checkout/sessions")) <= 1


UNREADABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "an object that is gone": ("invoice.paid", {"object": "invoice", "id": "in_that_is_gone"}),
    "a session that is gone": (
        "checkout.session.completed",
        {"object": "checkout.session", "id": "cs_that_is_gone"},
    ),
    "a kind that can't be asked for": (
        "customer.subscription.updated",
        {"object": "plan", "id": "plan_1"},
    ),
    "no kind at all": ("charge.refunded", {"id": "ch_1"}),
    "no id at all": ("invoice.paid", {"object": "invoice"}),
}


@pytest.mark.parametrize(("event_type", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_recorded_as_failed_and_kept_whole(
    webhook: Webhook, shop_floor: Shop, event_type: str, said: dict[str, Any]
) -> None:
    told = event(event_type, said, api_version="2024-06-20")
    assert webhook.outcome(told) == "failed"
    row = shop_floor.event_row(told["id"])
    assert (row["error"], row["payload"]) == ("unreadable", told)


def test_what_could_not_be_read_can_be_taken_again(
    early: Any, webhook: Webhook, shop_floor: Shop, sandbox: dict[str, str], database: Any
) -> None:
    bought, told = early
    broken = retold(told) | {"data": {"object": {"object": "checkout.session", "id": "cs_gone"}}}
    assert webhook.outcome(broken) == "failed"
    # What was wrong is put right by hand.
    session_id = bought.order["session_id"]
    database.execute(
        "update stripe_events set payload = jsonb_set(payload, '{data,object,id}', to_jsonb(%s::text))"
        " where id = %s",
        [session_id, broken["id"]],
    )
    done = flask(sandbox, "events", "replay", broken["id"])
    assert done.returncode == 0, done.stdout
    assert bought.buyer.available == 500


@pytest.mark.parametrize("version_told", ["", None, "2099-01-01.unknown", "nonsense"])
def test_a_version_that_nobody_knows_is_asked_for_too(
    early: Any, webhook: Webhook, version_told: str | None
) -> None:
    bought, told = early
    assert webhook.outcome(told | {"api_version": version_told}) == "processed"
    assert bought.buyer.available == 500


def test_later_releases_of_our_own_version_are_read_as_they_are(
    early: Any, webhook: Webhook, stripe_console: StripeConsole
) -> None:
    """Releases of one name differ by additions alone."""
    bought, told = early
    stripe_console.forget_requests()
    assert webhook.outcome(told | {"api_version": "2026-12-16.endive"}) == "processed"
    assert stripe_console.requests(path="/v1/checkout/sessions") == []
    assert bought.buyer.available == 500
