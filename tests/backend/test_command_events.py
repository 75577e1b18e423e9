"""`flask events` and its route for admins: look into the inbox, and take an event again."""

import uuid
from typing import Any

import psycopg
import pytest

from tests.backend.commands import flask
from tests.backend.purchase import Purchase, Shop
from tests.backend.webhook import Webhook, event
from tests.people import Person
from tests.specification import check_answer
from tests.stripe_console import StripeConsole
from tests.together import at_once

OF_NOBODY = "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"


def replay_path(event_id: str) -> str:
    return f"/api/admin/events/{event_id}/replay"


@pytest.fixture
def curable(
    shop_floor: Shop, buyer: Person, webhook: Webhook, stripe_console: StripeConsole
) -> Any:
    """A paid session whose event was refused, because it says a session that is not the order's.
    What was wrong is mended since: (the purchase, its event)."""
    bought = shop_floor.sell_silently(buyer)
    [completed] = [
        told
        for told in stripe_console.events(bought.order["session_id"])
        if told["type"] == "checkout.session.completed"
    ]
    shop_floor.set_session(bought.payment_id, "cs_of_another_order")
    assert webhook.outcome(completed) == "failed"
    assert shop_floor.event_row(completed["id"])["error"] == "session_mismatch"
    shop_floor.set_session(bought.payment_id, bought.order["session_id"])
    return bought, completed


@pytest.fixture
def hopeless(webhook: Webhook) -> dict[str, Any]:
    """An event about an order that is not in the books."""
    intent = {"id": f"pi_{uuid.uuid4().hex}", "object": "payment_intent", "status": "canceled"}
    told = event("payment_intent.canceled", intent | {"metadata": {"payment_id": OF_NOBODY}})
    assert webhook.outcome(told) == "failed"
    return told


@pytest.fixture(autouse=True)
def no_other_failures(database: psycopg.Connection[dict]) -> None:
    """What other tests have left behind is looked at already."""
    database.execute("update stripe_events set status = 'ignored' where status = 'failed'")


# The shell


def test_the_list_shows_the_newest_with_what_became_of_them(
    sandbox: dict[str, str], hopeless: dict[str, Any]
) -> None:
    shown = flask(sandbox, "events", "list", "--limit", "1").stdout
    assert "failed" in shown
    assert hopeless["id"] in shown
    assert "payment_intent.canceled  unknown_payment" in shown
    assert len(shown.splitlines()) == 1


def test_the_list_is_narrowed_by_status_and_type(
    sandbox: dict[str, str], hopeless: dict[str, Any], webhook: Webhook
) -> None:
    kind = f"test.{uuid.uuid4().hex}"
    webhook.send(event(kind, {"id": "x"}))
    assert flask(sandbox, "events", "list", "--type", kind).stdout.count(kind) == 1
    failed = flask(sandbox, "events", "list", "--status", "failed").stdout
    assert hopeless["id"] in failed
    assert kind not in failed
    nothing = flask(sandbox, "events", "list", "--type", kind, "--status", "failed")
    assert (nothing.returncode, nothing.stdout) == (0, "There are none.\n")


def test_the_list_is_as_long_as_asked_across_pages(
    sandbox: dict[str, str], webhook: Webhook
) -> None:
    kind = f"test.{uuid.uuid4().hex}"
    for _ in range(103):
        webhook.send(event(kind, {"id": "x"}))
    ids = {
        line.split()[2]
        for line in flask(
            sandbox, "events", "list", "--type", kind, "--limit", "103"
        ).stdout.splitlines()
    }
    assert len(ids) == 103


def test_what_failed_is_taken_again_by_its_id(sandbox: dict[str, str], curable: Any) -> None:
    bought, completed = curable
    done = flask(sandbox, "events", "replay", completed["id"])
    assert (done.returncode, done.stdout) == (0, f"{completed['id']}  processed\n")
    assert bought.now["status"] == "succeeded"
    assert bought.buyer.available == 500


def test_everything_that_failed_is_taken_again_at_once(
    sandbox: dict[str, str], curable: Any, hopeless: dict[str, Any]
) -> None:
    bought, completed = curable
    done = flask(sandbox, "events", "replay", "--failed")
    assert done.stdout.splitlines() == [
        f"{completed['id']}  processed", f"{hopeless['id']}  failed",
    ]  # fmt: skip
    assert done.returncode == 1
    assert "1 failed again" in done.stderr
    assert bought.buyer.available == 500


def test_when_nothing_failed_there_is_nothing_to_do(sandbox: dict[str, str]) -> None:
    done = flask(sandbox, "events", "replay", "--failed")
    assert (done.returncode, done.stdout) == (0, "Nothing has failed.\n")


def test_what_was_processed_is_not_done_twice(
    sandbox: dict[str, str], curable: Any, shop_floor: Shop
) -> None:
    bought, completed = curable
    for _ in range(2):
        last = flask(sandbox, "events", "replay", completed["id"])
    assert (last.returncode, last.stdout) == (0, f"{completed['id']}  duplicate\n")
    assert shop_floor.ledger(bought.buyer) == [("purchase", 500)]


def test_an_unknown_event_is_said_to_be_unknown_and_the_others_are_taken(
    sandbox: dict[str, str], curable: Any
) -> None:
    bought, completed = curable
    done = flask(sandbox, "events", "replay", "evt_of_nobody", completed["id"])
    assert "evt_of_nobody  unknown: There is no such event." in done.stdout
    assert done.returncode == 1
    assert "failed again" not in done.stderr
    assert bought.buyer.available == 500


@pytest.mark.parametrize("words", [["list"], ["replay", "--failed"], ["replay", "evt_1"]])
def test_a_key_that_the_database_does_not_know_ends_with_a_sentence(
    sandbox: dict[str, str], words: list[str]
) -> None:
    wrong = {"SUPABASE_SECRET_KEY": "sb_secret_of_another_project"}
    done = flask(sandbox | wrong, "events", *words)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database: ")
    assert done.stderr.endswith("`flask doctor` says what is wrong.\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [[], ["evt_1", "--failed"]])
def test_it_wants_ids_or_all_that_failed(sandbox: dict[str, str], words: list[str]) -> None:
    refused = flask(sandbox, "events", "replay", *words)
    assert refused.returncode == 2
    assert "Name events, or say --failed." in refused.stderr


# The route


def test_an_admin_takes_an_event_again(admin: Person, curable: Any) -> None:
    bought, completed = curable
    for expected in ("processed", "duplicate"):
        answer = admin.post(replay_path(completed["id"]))
        assert answer.status_code == 200, answer.text
        check_answer(answer)
        assert (answer.json()["event_id"], answer.json()["status"]) == (completed["id"], expected)
    assert bought.buyer.available == 500


def test_two_admins_at_once_take_it_once(admin: Person, curable: Any, shop_floor: Shop) -> None:
    bought, completed = curable
    answers = at_once(6, lambda: admin.post(replay_path(completed["id"])).json()["status"])
    assert sorted(answers) == ["duplicate"] * 5 + ["processed"]
    assert shop_floor.ledger(bought.buyer) == [("purchase", 500)]


def test_what_fails_again_says_so(admin: Person, hopeless: dict[str, Any]) -> None:
    answer = admin.post(replay_path(hopeless["id"]))
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")


def test_an_unknown_event_is_not_found(admin: Person) -> None:
    answer = admin.post(replay_path("evt_of_nobody"))
    check_answer(answer)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_nobody_else_takes_events_again(
    buyer: Person, curable: Any, sandbox: dict[str, str]
) -> None:
    bought, completed = curable
    assert buyer.post(replay_path(completed["id"])).status_code == 403
    service = {"Authorization": f"Bearer {sandbox['SERVICE_API_KEYS'].split(',')[0]}"}
    refused = buyer.request("POST", replay_path(completed["id"]), headers=service)
    assert refused.status_code in (401, 403)
    assert bought.buyer.available == 0


def test_while_stripe_is_away_a_replay_that_must_ask_it_fails_and_can_be_repeated(
    admin: Person,
    purchase: Purchase,
    webhook: Webhook,
    stripe_console: StripeConsole,
    shop_floor: Shop,
) -> None:
    stripe_console.deliver("drop")
    stripe_console.refund(purchase.charge_id)
    [told] = [
        each
        for each in stripe_console.events(purchase.charge_id)
        if each["type"] == "charge.refunded"
    ]
    gone = told | {"data": {"object": told["data"]["object"] | {"id": "ch_that_is_gone"}}}
    assert webhook.outcome(gone) == "failed"
    assert shop_floor.event_row(gone["id"])["error"] == "unreadable"
    stripe_console.fault(path="/v1/charges/*", status=500, times=3)
    answer = admin.post(replay_path(gone["id"]))
    assert (answer.status_code, answer.json()["code"]) == (503, "stripe_unavailable")
    assert shop_floor.event_row(gone["id"])["status"] == "failed"
