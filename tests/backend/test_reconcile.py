"""Nothing is lost: what Stripe knows and nobody told us is found, repaired once, and counted."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from backend.errors import StripeUnavailable
from backend.gateways.stripe_api import StripeApi
from backend.services.reconciliation import Reconciliation
from tests import shop
from tests.backend.checkout_page import CheckoutPage
from tests.backend.commands import flask
from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.silent_day import SilentDay
from tests.backend.subscriber import Subscriber
from tests.backend.wallet import INTENTS
from tests.backend.webhook import Webhook
from tests.people import People, Person
from tests.sandbox_process import port_range, start_sandbox
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import StripeConsole
from tests.together import all_at_once, at_once

LISTS = {
    "/v1/checkout/sessions", "/v1/payment_intents", "/v1/invoices", "/v1/subscriptions",
    "/v1/refunds", "/v1/disputes",
}  # fmt: skip
STARTER = {"package_id": "starter"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """One of this file's own: each run here reads all that was ever sold, by other tests too."""
    with start_sandbox(port_range(7), tmp_path_factory.mktemp("reconcile") / "data") as env:
        yield env


@pytest.fixture
def day(
    stripe_console: StripeConsole,
    stripe_js: StripeBrowser,
    people: People,
    database: psycopg.Connection[dict],
) -> SilentDay:
    return SilentDay(stripe_console, stripe_js, people, database)


@pytest.fixture
def level(stripe_console: StripeConsole, jobs: Jobs) -> None:
    """The books agree with Stripe, so that a report counts only what comes now; and from now on
    Stripe tells nothing by itself."""
    stripe_console.deliver("drop")
    jobs.reconcile()


def assert_books_are_right(day: SilentDay) -> None:
    twin = day.twin()
    assert day.books() == twin
    assert day.balances() == day.balances_of_twin(twin)


def total(report: dict[str, Any]) -> int:
    return sum(report["drift"].values())


def test_the_command_does_the_same_and_says_so(day: SilentDay, sandbox: dict[str, str]) -> None:
    day.pass_by(0.05)
    done = flask(sandbox, "reconcile", "--since", "2d")
    assert done.returncode == 0, done.stderr
    assert_books_are_right(day)
    assert " 0 refused." in done.stdout
    assert "checked, at disputes\n" in done.stderr, "it shows how far it is"
    assert "\r" not in done.stderr, "which is no terminal"
    assert "unpaid" in done.stdout
    again = flask(sandbox, "reconcile")
    assert ", 0 had drifted, 0 repaired, 0 refused." in again.stdout


# What comes to light only when the payment itself has been repaired.
FOLLOWING = ("refund", "dispute")


@pytest.mark.usefixtures("level")
def test_a_dry_run_repairs_nothing_and_tells_of_all_that_will_be(
    day: SilentDay, sandbox: dict[str, str]
) -> None:
    """It counts objects: a payment as its session and as its intent, which one repair mends."""
    day.pass_by(0.05)
    before = day.books()
    tried = [flask(sandbox, "reconcile", "--dry-run") for _ in range(2)]
    assert day.books() == before
    assert day.balances() == {}
    assert "repairing nothing" in tried[0].stdout
    told = [counts_in(run.stdout) for run in tried]
    assert told[0] == told[1]
    real = counts_in(flask(sandbox, "reconcile").stdout)
    assert_books_are_right(day)
    assert real["unpaid"] > 0
    for kind in real.keys() - FOLLOWING:
        assert told[0][kind] >= real[kind]


def counts_in(text: str) -> dict[str, int]:
    """The table that the command prints: drift by kind."""
    rows = [line.split() for line in text.splitlines() if line.startswith("  ")]
    return {kind: int(count.replace(",", "")) for kind, count in rows}


def test_three_at_once_repair_everything_once(day: SilentDay, jobs: Jobs) -> None:
    day.pass_by(0.05)
    at_once(3, lambda: jobs.ask("reconcile"))
    jobs.reconcile()
    assert_books_are_right(day)
    assert jobs.reconcile()["drift"] == {}


def test_webhooks_that_arrive_meanwhile_change_nothing(
    day: SilentDay, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    day.pass_by(0.05)
    late = random.sample(stripe_console.deliveries(status="dropped"), 100)
    all_at_once(
        lambda: jobs.ask("reconcile"),
        *[
            lambda some=late[nth::2]: [stripe_console.send_again(one["id"]) for one in some]
            for nth in range(2)
        ],
    )
    jobs.reconcile()
    assert_books_are_right(day)


DAY = 86_400
DAYS_BACK = {
    "/v1/checkout/sessions": 30, "/v1/payment_intents": 30, "/v1/invoices": 90,
    "/v1/subscriptions": None, "/v1/refunds": 180, "/v1/disputes": 180,
}  # fmt: skip


def days_back(stripe_console: StripeConsole) -> dict[str, int | None]:
    """How far back each list was asked for; None: all of it."""
    asked = {}
    for request in stripe_console.requests(method="GET"):
        if request["path"] in LISTS:
            since = request["params"].get("created", {}).get("gte")
            asked[request["path"]] = since and round((request["at"] - int(since)) / DAY)
    return asked


def test_the_job_looks_back_as_far_as_things_may_change(
    level: None, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    """A payment is known after days; a dispute is decided, and a refund fails, after months."""
    stripe_console.forget_requests()
    jobs.reconcile()
    assert days_back(stripe_console) == DAYS_BACK


@pytest.mark.parametrize(("since", "days"), [("2d", 2), ("100d", 100), ("400d", 400)])
def test_a_person_may_look_further_back_and_never_less_far_for_what_is_slow(
    sandbox: dict[str, str], stripe_console: StripeConsole, since: str, days: int
) -> None:
    stripe_console.forget_requests()
    assert flask(sandbox, "reconcile", "--since", since, "--dry-run").returncode == 0
    slow = {"/v1/invoices": 90, "/v1/refunds": 180, "/v1/disputes": 180}
    wanted = {path: max(days, slow.get(path, 0)) for path in LISTS}
    assert days_back(stripe_console) == wanted | {"/v1/subscriptions": None}


# A run that is cut off


@pytest.fixture
def small_pages(
    sandbox: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    database: psycopg.Connection[dict],
) -> Iterator[Reconciliation]:
    """Reconciliation in this process, ten objects a page, from a minute ago on."""
    monkeypatch.setattr("backend.services.reconciliation.WINDOW_SECONDS", 60)
    monkeypatch.setattr("backend.gateways.stripe_api.PAGE_SIZE", 10)
    monkeypatch.setattr("backend.gateways.stripe_api.STRIPE_RETRIES_MAX", 0)
    yield shop.app(sandbox).extensions["services"].reconciliation
    database.execute("update reconciliations set finished_at = now()")


def asked_lists(stripe_console: StripeConsole) -> list[tuple[str, str | None]]:
    """(list, starting_after) in the order in which they were asked."""
    return [
        (request["path"], request["params"].get("starting_after"))
        for request in stripe_console.requests(method="GET")
        if request["path"] in LISTS
    ]


def test_a_run_that_stripe_cut_off_goes_on_from_where_it_was(
    day: SilentDay, small_pages: Reconciliation, stripe_console: StripeConsole
) -> None:
    day.pass_by(0.05)
    for name in ("payment_intents", "refunds"):
        stripe_console.forget_requests()
        stripe_console.fault(path=f"/v1/{name}", status=500)
        with pytest.raises(StripeUnavailable):
            small_pages.run()
    assert ("/v1/checkout/sessions", None) not in asked_lists(stripe_console), "was done before"
    report = small_pages.run()
    assert report["done"] is True
    assert_books_are_right(day)
    assert report["repaired"] == total(report) >= day.count - 10, "the whole run is counted"


class Killed(BaseException):
    """The process is gone, whatever it was doing."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_that_is_killed_again_and_again_skips_nothing(
    day: SilentDay, small_pages: Reconciliation, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """At each third page, before or after its place was written down."""
    day.pass_by(0.05)
    note, pages = small_pages._note, iter(range(1, 10_000))

    def note_or_die(*place: Any) -> None:
        is_last = next(pages) % 3 == 0
        if is_last and moment == "before":
            raise Killed
        note(*place)
        if is_last and place[0]:  # not after the end, which would be the beginning of the next run
            raise Killed

    monkeypatch.setattr(small_pages, "_note", note_or_die)
    killed = 0
    while True:
        try:
            report = small_pages.run()
            break
        except Killed:
            killed += 1
            assert killed < 200
    assert killed >= 3
    assert report["refused"] == 0
    assert_books_are_right(day)


def test_a_place_that_is_gone_at_stripe_does_not_stop_it_for_ever(
    day: SilentDay, jobs: Jobs, database: psycopg.Connection[dict]
) -> None:
    """A draft invoice may be deleted between two calls."""
    day.pass_by(0.01)
    database.execute(
        "update reconciliations set finished_at = null, resource = 'invoices',"
        " starting_after = 'in_that_was_deleted', counts = '{}'"
    )
    answers = [jobs.ask("reconcile").status_code for _ in range(2)]
    database.execute("update reconciliations set finished_at = now()")
    assert answers[-1] == 200
    jobs.reconcile()
    assert_books_are_right(day)


def test_while_stripe_is_away_the_job_says_so_and_loses_nothing(
    day: SilentDay, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    day.pass_by(0.01)
    stripe_console.fault(path="/v1/refunds", status=500, times=3)
    answer = jobs.ask("reconcile")
    assert (answer.status_code, answer.json()["code"]) == (503, "stripe_unavailable")
    jobs.reconcile()
    assert_books_are_right(day)


# What is none of ours, or none of its business


@pytest.mark.usefixtures("level")
def test_objects_of_another_shop_on_the_same_account_are_no_drift(
    jobs: Jobs, stripe_console: StripeConsole
) -> None:
    charged = {
        "amount": 5000,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "confirm": "true",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
    }
    for metadata in ({}, {"metadata[payment_id]": "order-17"}, {"metadata[user_id]": "me"}):
        intent = stripe_console.change("payment_intents", **charged, **metadata)
        stripe_console.refund(intent["latest_charge"], amount=100)
    stripe_console.dispute(stripe_console.change("payment_intents", **charged)["latest_charge"])
    customer = stripe_console.change("customers", email="gym@example.com")["id"]
    stripe_console.use_card(customer, "4242424242424242")
    recurring = {"recurring[interval]": "month", "product_data[name]": "Gym"}
    price = stripe_console.change("prices", currency="usd", unit_amount=3000, **recurring)["id"]
    stripe_console.change("subscriptions", customer=customer, **{"items[0][price]": price})
    stripe_console.change(
        "checkout/sessions",
        mode="payment",
        client_reference_id="order-18",
        success_url="https://gym.example/",
        **{
            "line_items[0][quantity]": 1,
            "line_items[0][price_data][currency]": "usd",
            "line_items[0][price_data][unit_amount]": 700,
            "line_items[0][price_data][product_data][name]": "Towel",
        },
    )
    report = jobs.reconcile()
    assert (report["drift"], report["repaired"], report["refused"]) == ({}, 0, 0)
    assert report["checked"] >= 9


@pytest.fixture
def other_amount(
    level: None, buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> str:
    """A payment of which less was captured than was ordered."""
    order = buyer.post(INTENTS, STARTER).json()
    stripe_console.change(f"payment_intents/{order['payment_intent_id']}", amount=100)
    assert stripe_js.confirm(order["client_secret"])["status"] == "succeeded"
    return order["payment_id"]


def test_another_amount_than_ordered_is_refused_and_flagged_not_repaired(
    other_amount: str, buyer: Person, jobs: Jobs
) -> None:
    report = jobs.reconcile()
    assert (report["refused"], report["repaired"]) == (1, 0)
    payment = buyer.payment(other_amount)
    assert (payment["status"], payment["error"]["code"]) == ("failed", "amount_mismatch")
    assert buyer.available == 0


def test_what_was_flagged_stays_flagged_and_is_not_found_again(
    other_amount: str, buyer: Person, jobs: Jobs
) -> None:
    jobs.reconcile()
    before = buyer.payment(other_amount)
    again = jobs.reconcile()
    assert (again["drift"], again["repaired"], again["refused"]) == ({}, 0, 0)
    assert buyer.payment(other_amount) == before


def test_a_second_session_paid_for_the_same_order_is_found_and_credits_nothing(
    level: None, buyer: Person, stripe_console: StripeConsole, shop_floor: Shop, jobs: Jobs
) -> None:
    """Money for nothing: a person must give it back, and is told until then."""
    bought = shop_floor.sell(buyer)
    stripe_console.deliver("drop")
    first = stripe_console.api(f"checkout/sessions/{bought.order['session_id']}")
    again = stripe_console.change(
        "checkout/sessions",
        mode="payment",
        success_url=first["success_url"],
        **{f"metadata[{name}]": value for name, value in first["metadata"].items()},
        **{
            "line_items[0][quantity]": 1,
            "line_items[0][price_data][currency]": "usd",
            "line_items[0][price_data][unit_amount]": 499,
            "line_items[0][price_data][product_data][name]": "Starter",
        },
    )
    stripe_console.pay(again["url"])
    for _ in range(2):
        report = jobs.reconcile()
        assert (report["drift"], report["repaired"], report["refused"]) == ({"conflict": 1}, 0, 1)
    assert (bought.now["status"], buyer.available) == ("succeeded", 500)
    stripe_console.change(f"checkout/sessions/{again['id']}", **{"metadata[payment_id]": ""})
    assert jobs.reconcile()["drift"] == {}


def test_the_command_fails_when_a_person_must_look(
    other_amount: str, sandbox: dict[str, str]
) -> None:
    done = flask(sandbox, "reconcile")
    assert done.returncode == 1
    assert "1 refused." in done.stdout


# One kind after the other


def test_a_payment_on_its_way_is_found_on_its_way(
    day: SilentDay, jobs: Jobs, stripe_console: StripeConsole, buyer: Person
) -> None:
    """And when the bank is through, days later, found paid."""
    day.pass_by(0.01)
    jobs.reconcile()
    [waiting] = [
        sale for sale in day.sales if sale.buyer.payment(sale.payment_id)["status"] == "processing"
    ]
    session = stripe_console.api(f"checkout/sessions/{waiting.order['session_id']}")
    stripe_console.settle_bank_payment(session["payment_intent"], succeeded=True)
    assert jobs.reconcile()["drift"].keys() == {"unpaid"}
    assert waiting.buyer.payment(waiting.payment_id)["status"] == "succeeded"


def test_a_bank_that_refused_is_found(
    buyer: Person, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    order = buyer.order()
    stripe_console.pay_by_bank(order["url"])
    session = stripe_console.api(f"checkout/sessions/{order['session_id']}")
    stripe_console.settle_bank_payment(session["payment_intent"], succeeded=False)
    jobs.reconcile()
    payment = buyer.payment(order["payment_id"])
    assert (payment["status"], payment["error"]["code"]) == ("failed", "async_payment_failed")


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("verb", ["win", "lose"])
def test_how_a_dispute_ended_is_found(
    shop_floor: Shop, buyer: Person, stripe_console: StripeConsole, jobs: Jobs, verb: str
) -> None:
    bought = shop_floor.sell(buyer)
    stripe_console.deliver("drop")
    dispute = stripe_console.dispute(bought.charge_id)
    assert jobs.reconcile()["drift"] == {"dispute": 1}
    assert buyer.available == 0
    stripe_console.change_dispute(dispute["id"], verb)
    assert jobs.reconcile()["drift"] == {"dispute": 1}
    assert buyer.available == (500 if verb == "win" else 0)


@pytest.mark.usefixtures("level")
def test_a_refund_that_failed_after_all_is_found(
    shop_floor: Shop, buyer: Person, stripe_console: StripeConsole, jobs: Jobs
) -> None:
    bought = shop_floor.sell(buyer)
    stripe_console.deliver("drop")
    refund = stripe_console.refund(bought.charge_id, amount=100)
    assert sum(jobs.reconcile()["drift"].values()) == 1
    stripe_console.change_refund(refund["id"], "fail")
    assert sum(jobs.reconcile()["drift"].values()) == 1
    assert bought.now["status"] == "succeeded"
    assert buyer.available == 500


@pytest.mark.usefixtures("level")
def test_an_order_whose_answer_was_lost_is_linked(
    buyer: Person, stripe_console: StripeConsole, jobs: Jobs, shop_floor: Shop
) -> None:
    """Stripe made the session, and the process died before it wrote that down."""
    stripe_console.fault(
        method="POST", path="/v1/checkout/sessions", kind="drop", when="after", times=3
    )
    assert buyer.post("/api/stripe/create-checkout-session", STARTER).status_code == 503
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert payment["payment_url"] is None
    assert jobs.reconcile()["drift"] == {"link": 1}
    found = buyer.payment(payment["payment_id"])
    CheckoutPage(stripe_console, {"url": found["payment_url"], "client_secret": None}).pay()
    jobs.reconcile()
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


def test_events_that_come_after_the_repair_change_nothing(
    day: SilentDay, jobs: Jobs, webhook: Webhook, stripe_console: StripeConsole
) -> None:
    day.pass_by(0.01)
    jobs.reconcile()
    before = day.books()
    for told in stripe_console.api("events", limit=100)["data"]:
        webhook.send(told)
    assert day.books() == before
    assert jobs.reconcile()["drift"] == {}


def test_only_the_scheduler_may_call_it(buyer: Person, people: People) -> None:
    for person in (buyer, people.admin()):
        for job in ("reconcile", "cleanup"):
            answer = person.post(f"/api/jobs/{job}")
            assert answer.status_code in (401, 403), json.dumps(answer.json())


# All of it; last, for everything after it would have to be looked through again


@pytest.mark.usefixtures("level")
def test_all_webhooks_of_200_payments_lost_and_one_reconcile_brings_everything(
    day: SilentDay, jobs: Jobs
) -> None:
    day.pass_by()
    assert day.count == 200
    assert day.balances() == {}
    report = jobs.reconcile()
    assert_books_are_right(day)
    assert report["repaired"] == total(report) >= 190
    assert report["refused"] == 0
    again = jobs.reconcile()
    assert (again["drift"], again["repaired"], again["refused"]) == ({}, 0, 0)
    assert again["checked"] >= report["checked"]


def test_what_the_database_cannot_take_holds_up_nothing_else(
    level: None,
    buyer: Person,
    stranger: Person,
    shop_floor: Shop,
    jobs: Jobs,
    database: psycopg.Connection[dict],
) -> None:
    poisonous, other = shop_floor.sell_silently(buyer), shop_floor.sell_silently(stranger)
    database.execute(
        "alter table payment_orders add constraint poison "
        f"check (id <> '{poisonous.payment_id}' or paid_at is null) not valid"
    )
    try:
        report = jobs.reconcile()
    finally:
        database.execute("alter table payment_orders drop constraint poison")
    assert report["refused"] > 0
    assert (other.now["status"], poisonous.now["status"]) == ("succeeded", "pending")
    jobs.reconcile()
    assert poisonous.now["status"] == "succeeded"


def test_an_id_that_another_order_has_holds_up_nothing_else(
    level: None,
    buyer: Person,
    stranger: Person,
    shop_floor: Shop,
    jobs: Jobs,
    database: psycopg.Connection[dict],
) -> None:
    """Nobody knows how it could come to that; if it does, a person must look."""
    taken, other = shop_floor.sell_silently(buyer), shop_floor.sell_silently(stranger)
    has = "update payment_orders set stripe_payment_intent_id = %s where id = %s"
    holder = buyer.order()["payment_id"]
    database.execute(has, [taken.intent_id, holder])
    assert jobs.reconcile()["refused"] > 0
    assert (taken.now["status"], other.now["status"]) == ("pending", "succeeded")
    database.execute(has, [None, holder])
    jobs.reconcile()
    assert taken.now["status"] == "succeeded"


@pytest.mark.parametrize(
    ("wish", "path"),
    [
        ("/api/stripe/create-checkout-session", "/v1/checkout/sessions"),
        (INTENTS, "/v1/payment_intents"),
    ],
)
def test_what_stripe_made_twice_and_nobody_was_told_of_is_no_drift(
    level: None, buyer: Person, jobs: Jobs, stripe_console: StripeConsole, wish: str, path: str
) -> None:
    stripe_console.fault(method="POST", path=path, status=500, when="during")
    assert buyer.post(wish, STARTER).status_code == 201
    [customer] = stripe_console.customers(buyer.email)
    assert len(stripe_console.api(path.removeprefix("/v1/"), customer=customer)["data"]) == 2
    report = jobs.reconcile()
    assert (report["drift"], report["refused"]) == ({}, 0)


@pytest.mark.parametrize("trouble", ["reading", "comparing"])
def test_what_cannot_be_read_or_compared_holds_up_nothing_else(
    level: None,
    buyer: Person,
    stranger: Person,
    shop_floor: Shop,
    small_pages: Reconciliation,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
) -> None:
    poisonous, other = shop_floor.sell_silently(buyer), shop_floor.sell_silently(stranger)
    read = StripeApi.page_of

    def read_poison(stripe: StripeApi, name: str, *place: Any) -> Any:
        objects, has_more = read(stripe, name, *place)
        for found in objects:
            if (found.get("metadata") or {}).get("payment_id") == poisonous.payment_id:
                if trouble == "reading":
                    found["metadata"] = "of another shape"
                else:
                    found["amount_total"] = found["amount_received"] = "much"
        return objects, has_more

    monkeypatch.setattr(StripeApi, "page_of", read_poison)
    report = small_pages.run()
    while not report["done"]:
        report = small_pages.run()
    assert report["refused"] > 0
    assert other.now["status"] == "succeeded"


def test_what_is_told_while_a_list_is_read_is_newer_than_the_list(
    subscribed: Subscriber, small_pages: Reconciliation, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = StripeApi.page_of

    def read_and_then_cancel(stripe: StripeApi, name: str, *place: Any) -> Any:
        page = read(stripe, name, *place)
        if name == "subscriptions":
            subscription = {"subscription_id": subscribed.subscription["id"]}
            answer = subscribed.buyer.post("/api/stripe/cancel-subscription", subscription)
            assert answer.status_code == 200, answer.text
        return page

    monkeypatch.setattr(StripeApi, "page_of", read_and_then_cancel)
    small_pages.run_whole(datetime.now(UTC), dry_run=False, progress=lambda *_: None)
    assert subscribed.listed["cancel_at_period_end"] is True
