"""Cleanup ends what nobody will finish, at Stripe too, and touches nothing else."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from backend.gateways.stripe_api import StripeApi
from backend.services.cleanup import Cleanup
from tests import shop
from tests.backend.checkout_page import CheckoutPage
from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.subscriber import DAY, Subscriber
from tests.backend.wallet import INTENTS
from tests.backend.webhook import Webhook, event
from tests.people import Person
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import IS_DECLINED, StripeConsole
from tests.together import at_once

Connection = psycopg.Connection[dict]
STARTER = {"package_id": "starter"}


@pytest.fixture(autouse=True)
def clean(jobs: Jobs, stripe_console: StripeConsole) -> Iterator[None]:
    """What other tests left is away; from here on Stripe tells nothing by itself."""
    stripe_console.deliver("drop")
    while not (report := jobs.cleanup())["done"]:
        assert report["payments_ended"], report
    stripe_console.forget_requests()
    yield


def age(database: Connection, *payment_ids: str, hours: int = 48) -> None:
    """Move orders back in time."""
    database.execute(
        "update payment_orders set created_at = created_at - make_interval(hours => %s),"
        " expires_at = expires_at - make_interval(hours => %s) where id = any(%s::uuid[])",
        [hours, hours, list(payment_ids)],
    )


def intent_order(buyer: Person) -> dict[str, Any]:
    answer = buyer.post(INTENTS, STARTER)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("ui_mode", ["hosted", "embedded"])
def test_an_abandoned_session_is_expired_at_stripe_too(
    buyer: Person, database: Connection, jobs: Jobs, stripe_console: StripeConsole, ui_mode: str
) -> None:
    order = buyer.order(ui_mode=ui_mode)
    age(database, order["payment_id"])
    assert jobs.cleanup()["payments_ended"] == 1
    assert stripe_console.api(f"checkout/sessions/{order['session_id']}")["status"] == "expired"
    assert buyer.payment(order["payment_id"])["status"] == "expired"
    assert jobs.cleanup()["payments_ended"] == 0


def test_an_abandoned_intent_is_canceled_at_stripe_too(
    buyer: Person, database: Connection, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    order = intent_order(buyer)
    age(database, order["payment_id"])
    assert jobs.cleanup()["payments_ended"] == 1
    intent = stripe_console.api(f"payment_intents/{order['payment_intent_id']}")
    assert (intent["status"], intent["cancellation_reason"]) == ("canceled", "abandoned")
    assert buyer.payment(order["payment_id"])["status"] == "expired"


def test_an_abandoned_subscription_is_one_too(
    buyer: Person, database: Connection, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    order = buyer.order("monthly")
    age(database, order["payment_id"])
    assert jobs.cleanup()["payments_ended"] == 1
    assert stripe_console.api(f"checkout/sessions/{order['session_id']}")["status"] == "expired"


def test_a_declined_buyer_who_went_away_is_done_with(
    buyer: Person, database: Connection, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    order = buyer.order()
    CheckoutPage(stripe_console, order).pay(IS_DECLINED)
    age(database, order["payment_id"])
    assert jobs.cleanup()["payments_ended"] == 1
    intent_id = stripe_console.api(f"checkout/sessions/{order['session_id']}")["payment_intent"]
    assert stripe_console.api(f"payment_intents/{intent_id}")["status"] == "canceled"


def test_what_is_still_open_is_left_alone(
    buyer: Person, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    order, in_page = buyer.order(), intent_order(buyer)
    stripe_console.forget_requests()
    assert jobs.cleanup()["payments_ended"] == 0
    assert stripe_console.requests(path="/v1/") == []
    for one in (order, in_page):
        assert buyer.payment(one["payment_id"])["status"] == "pending"


def test_what_was_paid_at_the_last_moment_is_paid(
    buyer: Person,
    stripe_js: StripeBrowser,
    database: Connection,
    jobs: Jobs,
    stripe_console: StripeConsole,
    shop_floor: Shop,
) -> None:
    """No webhook came, and nobody came back."""
    hosted, in_page = buyer.order(), intent_order(buyer)
    CheckoutPage(stripe_console, hosted).pay()
    stripe_js.confirm(in_page["client_secret"])
    age(database, hosted["payment_id"], in_page["payment_id"])
    jobs.cleanup()
    for one in (hosted, in_page):
        assert buyer.payment(one["payment_id"])["status"] == "succeeded"
    assert shop_floor.ledger(buyer) == [("purchase", 500), ("purchase", 500)]


def test_a_bank_that_takes_days_is_left_its_time(
    subscriber: Subscriber, database: Connection, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    """Nobody has told us that the buyer chose his bank."""
    subscriber.move(DAY)  # his bank settles in the time of his own clock
    buyer = subscriber.buyer
    order = buyer.order()
    stripe_console.pay_by_bank(order["url"])
    age(database, order["payment_id"], hours=100)
    for left in (1, 0):
        report = jobs.cleanup()
        assert (report["payments_ended"], report["payments_left"]) == (0, left)
        assert buyer.payment(order["payment_id"])["status"] == "processing"
    intent_id = stripe_console.api(f"checkout/sessions/{order['session_id']}")["payment_intent"]
    assert stripe_console.api(f"payment_intents/{intent_id}")["status"] == "processing"
    stripe_console.deliver("hold")
    stripe_console.settle_bank_payment(intent_id, succeeded=True)
    stripe_console.release()
    assert buyer.payment(order["payment_id"])["status"] == "succeeded"
    assert buyer.available == 500


def test_a_voucher_in_the_buyers_hand_is_left_its_time(
    buyer: Person,
    database: Connection,
    stripe_console: StripeConsole,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sandbox has no vouchers: what Stripe says of one is put over the intent of a card."""
    order = intent_order(buyer)
    age(database, order["payment_id"])
    voucher = {"status": "requires_action", "next_action": {"type": "oxxo_display_details"}}
    retrieve = StripeApi.retrieve_payment_intent
    monkeypatch.setattr(
        StripeApi, "retrieve_payment_intent", lambda api, id: retrieve(api, id) | voucher
    )
    client, headers = shop.client(buyer.env), shop.bearer(buyer.env["CRON_SECRET"])
    reports = [client.post("/api/jobs/cleanup", headers=headers).json for _ in range(2)]
    assert [report["payments_ended"] for report in reports] == [0, 0]
    assert [report["payments_left"] for report in reports] == [1, 0], "asked again when it ends"
    assert (
        stripe_console.requests(path=f"/v1/payment_intents/{order['payment_intent_id']}/cancel")
        == []
    )
    assert buyer.payment(order["payment_id"])["status"] == "pending"


@pytest.fixture
def orphan(buyer: Person, database: Connection) -> str:
    """An order whose process died before it had asked Stripe."""
    [row] = database.execute(
        "select create_payment(%s, 'starter', null, 'usd', false, 'hosted', null, 'en', 'k', 'h')"
        " -> 'payment' ->> 'payment_id' as id",
        [buyer.id],
    ).fetchall()
    return row["id"]


def test_an_order_that_never_reached_stripe_ends_here(
    orphan: str, buyer: Person, database: Connection, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    jobs.cleanup()
    assert buyer.payment(orphan)["status"] == "pending"
    age(database, orphan)
    stripe_console.forget_requests()
    assert jobs.cleanup()["payments_ended"] == 1
    assert buyer.payment(orphan)["status"] == "expired"
    assert stripe_console.requests(path="/v1/") == []


def test_an_order_that_seemed_not_to_have_reached_stripe_and_was_paid_is_paid(
    orphan: str, buyer: Person, database: Connection, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    """Only the answer was lost: whoever hears of the money later is believed."""
    url = buyer.refresh(orphan)["payment_url"]
    database.execute(
        "update payment_orders set stripe_checkout_session_id = null, payment_url = null where id = %s",
        [orphan],
    )
    age(database, orphan)
    jobs.cleanup()
    assert buyer.payment(orphan)["status"] == "expired"
    stripe_console.deliver("hold")
    CheckoutPage(stripe_console, {"url": url, "client_secret": None}).pay()
    stripe_console.release()
    assert buyer.payment(orphan)["status"] == "succeeded"
    assert buyer.available == 500


def test_a_renewal_that_waits_is_not_abandoned(
    subscribed: Subscriber, database: Connection, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    subscribed.change_card("4000000000000341")
    subscribed.renew()
    stripe_console.release()
    waiting = subscribed.payments[-1]
    age(database, waiting["payment_id"])
    jobs.cleanup()
    assert subscribed.buyer.payment(waiting["payment_id"])["status"] == "pending"
    assert subscribed.invoices[-1]["status"] == "open"


# Many, twice, and what is in the way


@pytest.fixture
def small_batches(sandbox: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Cleanup:
    """The job in this process, with batches of five."""
    monkeypatch.setattr("backend.services.cleanup.BATCH", 5)
    return shop.app(sandbox).extensions["services"].cleanup


def test_many_are_done_in_batches(
    buyer: Person, database: Connection, small_batches: Cleanup
) -> None:
    age(database, *[buyer.order()["payment_id"] for _ in range(12)])
    report = small_batches.run()
    assert (report["payments_ended"], report["done"]) == (12, True)
    statuses = {payment["status"] for payment in buyer.get("/api/payments").json()["payments"]}
    assert statuses == {"expired"}


def test_many_orders_that_never_reached_stripe_are_counted_and_more_is_said_to_be_left(
    buyer: Person, database: Connection, small_batches: Cleanup
) -> None:
    for nth in range(7):
        database.execute(
            "select create_payment(%s, 'starter', null, 'usd', false, 'hosted', null, 'en', %s, 'h')",
            [buyer.id, f"key-{nth}"],
        )
    payments = buyer.get("/api/payments").json()["payments"]
    age(database, *[payment["payment_id"] for payment in payments])
    reports = [small_batches.run() for _ in range(2)]
    assert [report["payments_ended"] for report in reports] == [5, 2]
    assert [report["done"] for report in reports] == [False, True]


def test_what_stripe_refuses_holds_up_nothing_that_comes_after_it(
    buyer: Person, database: Connection, small_batches: Cleanup, stripe_console: StripeConsole
) -> None:
    *refused, last = [buyer.order() for _ in range(6)]
    age(database, *[order["payment_id"] for order in (*refused, last)])
    for order in refused:
        stripe_console.fault(path=f"/v1/checkout/sessions/{order['session_id']}", status=400)
    report = small_batches.run()
    assert (report["refused"], report["payments_ended"], report["done"]) == (5, 1, True)
    assert buyer.payment(last["payment_id"])["status"] == "expired"


def test_what_cannot_be_read_holds_up_nothing_that_comes_after_it(
    buyer: Person,
    database: Connection,
    small_batches: Cleanup,
    stripe_console: StripeConsole,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It stands first in every run."""
    odd, other = buyer.order(), buyer.order()
    age(database, odd["payment_id"], hours=60)
    age(database, other["payment_id"])
    read = StripeApi.retrieve_checkout_session

    def read_oddly(stripe: StripeApi, session_id: str) -> dict[str, Any]:
        found = read(stripe, session_id)
        return found | {"metadata": "odd"} if session_id == odd["session_id"] else found

    with monkeypatch.context() as patch:
        patch.setattr(StripeApi, "retrieve_checkout_session", read_oddly)
        report = small_batches.run()
    assert (report["refused"], report["payments_ended"], report["done"]) == (1, 1, True)
    assert buyer.payment(other["payment_id"])["status"] == "expired"
    assert stripe_console.api(f"checkout/sessions/{odd['session_id']}")["status"] == "open"
    assert small_batches.run()["payments_ended"] == 1


def test_what_cannot_be_recorded_holds_up_nothing_that_comes_after_it(
    buyer: Person, database: Connection, jobs: Jobs
) -> None:
    odd, other = buyer.order(), buyer.order()
    age(database, odd["payment_id"], hours=60)
    age(database, other["payment_id"])
    database.execute(
        "alter table payment_orders add constraint poison "
        f"check (id <> '{odd['payment_id']}' or status <> 'expired') not valid"
    )
    try:
        report = jobs.cleanup()
    finally:
        database.execute("alter table payment_orders drop constraint poison")
    assert (report["refused"], report["payments_ended"], report["done"]) == (1, 1, True)
    assert buyer.payment(other["payment_id"])["status"] == "expired"
    assert jobs.cleanup()["payments_ended"] == 1


def test_two_at_once_do_it_once(
    buyer: Person, database: Connection, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    orders = [buyer.order() for _ in range(5)] + [intent_order(buyer) for _ in range(5)]
    age(database, *[order["payment_id"] for order in orders])
    answers = at_once(3, lambda: jobs.ask("cleanup"))
    assert [answer.status_code for answer in answers] == [200] * 3
    for order in orders:
        assert buyer.payment(order["payment_id"])["status"] == "expired"
    assert {answer.json()["refused"] for answer in answers} == {0}
    assert jobs.cleanup()["payments_ended"] == 0


def test_objects_that_are_gone_at_stripe_do_not_hold_up_the_others(
    buyer: Person,
    database: Connection,
    jobs: Jobs,
    shop_floor: Shop,
    stripe_console: StripeConsole,
) -> None:
    gone = [buyer.order() for _ in range(3)]
    for nth, order in enumerate(gone):
        shop_floor.set_session(order["payment_id"], f"cs_that_is_gone_{nth}_{buyer.id}")
    intent = intent_order(buyer)
    database.execute(
        "update payment_orders set stripe_payment_intent_id = %s where id = %s",
        [f"pi_that_is_gone_{buyer.id}", intent["payment_id"]],
    )
    last = buyer.order()
    ids = [order["payment_id"] for order in (*gone, intent, last)]
    age(database, *ids)
    report = jobs.cleanup()
    assert (report["payments_ended"], report["refused"], report["done"]) == (5, 0, True)
    for payment_id in ids:
        assert buyer.payment(payment_id)["status"] == "expired"


def test_a_subscription_that_is_gone_at_stripe_does_not_hold_up_anything(
    subscribed: Subscriber, buyer: Person, stranger: Person, database: Connection, jobs: Jobs
) -> None:
    database.execute(
        "insert into subscriptions (id, user_id, livemode, stripe_price_id, status, learnt_at, created_at)"
        " select 'sub_that_is_gone', gen_random_uuid(), false, stripe_price_id, 'active', now(), now()"
        " from subscriptions where user_id = %s",
        [subscribed.buyer.id],
    )
    order = stranger.order()
    age(database, order["payment_id"])
    reports = [jobs.cleanup() for _ in range(2)]
    database.execute("delete from subscriptions where id = 'sub_that_is_gone'")
    assert reports[0]["payments_ended"] == 1
    assert reports[1]["refused"] == 0, "it is not asked for again for ever"


def test_while_stripe_is_away_it_stays_for_the_next_run(
    buyer: Person, database: Connection, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    first, second = buyer.order(), buyer.order()
    age(database, first["payment_id"], second["payment_id"])
    stripe_console.fault(path=f"/v1/checkout/sessions/{first['session_id']}", status=500, times=3)
    report = jobs.cleanup()
    assert (report["payments_ended"], report["unavailable"], report["done"]) == (1, 1, False)
    assert jobs.cleanup()["payments_ended"] == 1


# Records


@pytest.fixture
def records(webhook: Webhook, buyer: Person, database: Connection) -> dict[str, str]:
    """An event and a key of each age: {name: event id}."""
    ids = {}
    for name, days, status in (
        ("old", 181, "processed"),
        ("old and ignored", 181, "ignored"),
        ("old and failed", 400, "failed"),
        ("young", 179, "processed"),
    ):
        told = event("test.kept", {"id": "x"})
        webhook.send(told)
        database.execute(
            "update stripe_events set status = %s, received_at = now() - make_interval(days => %s) where id = %s",
            [status, days, told["id"]],
        )
        ids[name] = told["id"]
    for key, days in (("old", 31), ("young", 29)):
        buyer.post("/api/stripe/create-checkout-session", STARTER, key=key)
        database.execute(
            "update idempotency_keys set created_at = now() - make_interval(days => %s) where caller = %s and key = %s",
            [days, buyer.id, key],
        )
    return ids


def test_old_records_are_deleted_and_what_failed_is_kept_for_a_person(
    records: dict[str, str], buyer: Person, database: Connection, jobs: Jobs
) -> None:
    report = jobs.cleanup()
    assert (report["events_deleted"], report["keys_deleted"]) == (2, 1)
    left = database.execute(
        "select id from stripe_events where id = any(%s)", [list(records.values())]
    )
    assert {row["id"] for row in left} == {records["old and failed"], records["young"]}
    keys = database.execute("select key from idempotency_keys where caller = %s", [buyer.id])
    assert [row["key"] for row in keys] == ["young"]
    database.execute(
        "update stripe_events set status = 'ignored' where id = %s", [records["old and failed"]]
    )


def test_an_event_that_comes_again_after_its_record_was_deleted_changes_nothing(
    shop_floor: Shop,
    buyer: Person,
    database: Connection,
    jobs: Jobs,
    webhook: Webhook,
    stripe_console: StripeConsole,
) -> None:
    bought = shop_floor.sell(buyer)
    [completed] = [
        told
        for told in stripe_console.events(bought.order["session_id"])
        if told["type"] == "checkout.session.completed"
    ]
    assert webhook.outcome(completed) == "processed"
    database.execute(
        "update stripe_events set received_at = now() - interval '181 days' where id = %s",
        [completed["id"]],
    )
    jobs.cleanup()
    assert webhook.outcome(completed) == "processed", "not known any more"
    assert shop_floor.ledger(buyer) == [("purchase", 500)]
