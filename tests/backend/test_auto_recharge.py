"""Auto-recharge: only as agreed, and only once."""

import pytest

from tests import shop
from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.recharging import (
    CREATE,
    Connection,
    agree,
    events,
    let_pass,
    recharges,
    spend_all,
    state,
)
from tests.backend.server import give
from tests.backend.wallet import CARDS, Wallet
from tests.people import Person, banned
from tests.stripe_console import MASTERCARD, StripeConsole
from tests.together import at_once

pytestmark = pytest.mark.usefixtures("nobody_elses_recharge_is_due", "changing_catalog")


def test_below_the_threshold_the_default_card_is_charged_once(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    assert jobs.recharge() == {"succeeded": 1}
    assert jobs.recharge() == {}
    [payment] = recharges(due.buyer)
    assert (payment["status"], payment["amount_paid"], payment["ui_mode"]) == ("succeeded", 499, "off_session")  # fmt: skip
    assert shop_floor.ledger(due.buyer) == [("purchase", 500)]
    assert len(stripe_console.charged(due.buyer.email)) == 1
    assert state(due.buyer)["spent_this_month"] == 499


def test_stripe_is_told_that_nobody_is_there(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    stripe_console.forget_requests()
    jobs.recharge()
    [request] = stripe_console.requests(method="POST", path=CREATE)
    sent = request["params"]
    assert (sent["off_session"], sent["confirm"]) == ("true", "true")
    assert sent["payment_method_options"] == {"card": {"stored_credential_usage": "unscheduled"}}
    assert (sent["payment_method"], sent["amount"]) == (due.ids[0], "499")
    assert sent["metadata"]["user_id"] == due.buyer.id


def test_a_recharge_mails_nothing_by_itself(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    """Nobody is there to be told by mail; whether Stripe sends receipts, its Dashboard says."""
    stripe_console.forget_requests()
    jobs.recharge()
    [request] = stripe_console.requests(method="POST", path=CREATE)
    assert "receipt_email" not in request["params"]
    assert stripe_console.charged(due.buyer.email)[0]["receipt_email"] is None


def test_eight_jobs_at_once_charge_once(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    answers = at_once(8, lambda: jobs.ask("auto-recharge"))
    assert {answer.status_code for answer in answers} == {200}
    assert len(recharges(due.buyer)) == len(stripe_console.charged(due.buyer.email)) == 1
    assert shop_floor.ledger(due.buyer) == [("purchase", 500)]


@pytest.mark.parametrize(("credits", "outcome"), [(99, {"succeeded": 1}), (100, {})])
def test_the_threshold_is_what_one_has_less_than(
    due: Wallet, jobs: Jobs, database: Connection, credits: int, outcome: dict
) -> None:
    give(database, due.buyer, credits)
    assert jobs.recharge() == outcome


def test_held_credits_do_not_count(due: Wallet, jobs: Jobs, database: Connection) -> None:
    give(database, due.buyer, 150)
    query = "select hold(%s, 'audio_processing', 20, 600, 'k')"
    database.execute(query, [due.buyer.id])
    assert due.buyer.available < 100
    assert jobs.recharge() == {"succeeded": 1}


def test_the_card_that_is_the_default_now_is_charged(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    second = due.save(MASTERCARD)
    due.buyer.post(f"{CARDS}/{second}/default")
    stripe_console.forget_requests()
    jobs.recharge()
    [request] = stripe_console.requests(method="POST", path=CREATE)
    assert request["params"]["payment_method"] == second


@pytest.mark.parametrize(("minutes", "outcome"), [(9, {}), (11, {"succeeded": 1})])
def test_between_two_recharges_are_ten_minutes(
    due: Wallet, jobs: Jobs, database: Connection, minutes: int, outcome: dict
) -> None:
    jobs.recharge()
    spend_all(database, due.buyer)
    let_pass(database, due.buyer, f"{minutes} minutes")
    assert jobs.recharge() == outcome


def test_a_month_costs_no_more_than_was_agreed(
    due: Wallet, jobs: Jobs, database: Connection, stripe_console: StripeConsole
) -> None:
    agree(due.buyer, monthly_limit=1100)
    outcomes = []
    for _ in range(4):
        outcomes.append(jobs.recharge())
        spend_all(database, due.buyer)
        let_pass(database, due.buyer, "11 minutes")
    assert outcomes == [{"succeeded": 1}, {"succeeded": 1}, {}, {}]
    assert len(stripe_console.charged(due.buyer.email)) == 2
    assert state(due.buyer)["spent_this_month"] == 998


def test_the_next_month_begins_anew(due: Wallet, jobs: Jobs, database: Connection) -> None:
    agree(due.buyer, monthly_limit=499)
    assert jobs.recharge() == {"succeeded": 1}
    spend_all(database, due.buyer)
    let_pass(database, due.buyer, "32 days")
    assert state(due.buyer)["spent_this_month"] == 0
    assert jobs.recharge() == {"succeeded": 1}


def test_whom_the_limit_stops_stops_nobody_else(
    due: Wallet, jobs: Jobs, database: Connection
) -> None:
    """More of them than one run takes, and all in front of the one who is due."""
    database.execute(
        """
        insert into auth.users (id, email, aud, role)
        select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, n || '@broke.example',
               'authenticated', 'authenticated'
        from generate_series(1, 12) n on conflict do nothing
        """
    )
    database.execute(
        """
        with who as (select id from auth.users where email like '%@broke.example'), agreed as (
          insert into auto_recharges (user_id, livemode, enabled, threshold, package_id, currency,
                                      amount, monthly_limit, consented_at)
          select id, false, true, 100, 'starter', 'usd', 499, 499, now() from who
          on conflict (user_id, livemode) do update set enabled = true)
        insert into payment_orders (user_id, package_id, kind, livemode, amount, currency, credits,
                                    expires_after_days, ui_mode, processing, status, locale)
        select id, 'starter', 'auto_recharge', false, 499, 'usd', 500, 365, 'off_session', true,
               'processing', 'en' from who
        """
    )
    assert jobs.recharge() == {"succeeded": 1}
    assert due.buyer.available == 500


def test_a_price_that_has_risen_switches_it_off(
    due: Wallet, jobs: Jobs, database: Connection, stripe_console: StripeConsole
) -> None:
    database.execute(
        "update credit_package_prices set amount = 599 "
        "where package_id = 'starter' and currency = 'usd'"
    )
    assert jobs.recharge() == {}
    assert (state(due.buyer)["enabled"], state(due.buyer)["off_reason"]) == (False, "price_changed")
    assert events(due.buyer, "auto_recharge_off") == [{"reason": "price_changed"}]
    assert stripe_console.charged(due.buyer.email) == []


def test_a_price_that_has_fallen_is_what_is_charged(
    due: Wallet, jobs: Jobs, database: Connection
) -> None:
    database.execute(
        "update credit_package_prices set amount = 399 "
        "where package_id = 'starter' and currency = 'usd'"
    )
    assert jobs.recharge() == {"succeeded": 1}
    assert recharges(due.buyer)[0]["amount_paid"] == 399


def test_a_removed_card_switches_it_off_and_no_other_is_charged(due: Wallet, jobs: Jobs) -> None:
    default = due.ids[0]
    due.save(MASTERCARD)
    due.buyer.request("DELETE", f"{CARDS}/{default}")
    assert (state(due.buyer)["enabled"], state(due.buyer)["off_reason"]) == (False, "no_card")
    assert events(due.buyer, "auto_recharge_off") == [{"reason": "no_card"}]
    assert jobs.recharge() == {}


def test_a_card_that_only_stripe_knows_is_gone_charges_nobody_and_holds_up_nothing(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    stripe_console.change(f"payment_methods/{due.ids[0]}/detach")
    assert jobs.recharge() == {"failed": 1}
    assert recharges(due.buyer)[0]["status"] == "failed"
    assert stripe_console.charged(due.buyer.email) == []


def test_a_customer_that_only_stripe_knows_is_gone_holds_up_nothing(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    [customer] = stripe_console.customers(due.buyer.email)
    stripe_console.delete(f"customers/{customer}")
    assert jobs.ask("auto-recharge").status_code == 200
    assert recharges(due.buyer)[0]["status"] == "failed"
    assert jobs.recharge() == {}
    assert state(due.buyer)["enabled"] is False


def test_banned_users_are_not_charged(due: Wallet, jobs: Jobs, database: Connection) -> None:
    with banned(database, due.buyer):
        assert jobs.recharge() == {}
    assert jobs.recharge() == {"succeeded": 1}


def test_a_shop_that_is_closed_charges_nobody(due: Wallet, stripe_console: StripeConsole) -> None:
    client = shop.client(due.buyer.env, PAYMENTS_ENABLED="false")
    headers = shop.bearer(due.buyer.env["CRON_SECRET"])
    answer = client.post("/api/jobs/auto-recharge", headers=headers)
    assert (answer.status_code, answer.json["succeeded"]) == (200, 0)
    assert recharges(due.buyer) == []


def test_without_the_schedulers_secret_nobody_is_charged(due: Wallet, stranger: Person) -> None:
    for token in (stranger.token, stranger.env["SERVICE_API_KEYS"].split(",")[0]):
        stranger.token = token
        assert stranger.post("/api/jobs/auto-recharge").status_code == 403
    assert recharges(due.buyer) == []
