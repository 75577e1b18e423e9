"""Auto-recharge: only as agreed, only once, and it stops by itself when the bank says no."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests import shop
from tests.backend.jobs import Jobs
from tests.backend.purchase import Shop
from tests.backend.server import give
from tests.backend.wallet import CARDS, INTENTS, STARTER, Wallet
from tests.people import Person, banned
from tests.stripe_browser import ASKS_ALWAYS, ASKS_ONCE, CAN_ONLY_BE_SAVED, StripeBrowser
from tests.stripe_console import SUCCEEDS, StripeConsole, eventually
from tests.together import at_once

Connection = psycopg.Connection[dict]
RECHARGE = "/api/credits/auto-recharge"
TERMS = {"enabled": True, "threshold": 100, "package_id": "starter", "monthly_limit": 2000}
OFF = {"enabled": False}
CREATE = "/v1/payment_intents"
MASTERCARD = "5555555555554444"


@pytest.fixture(autouse=True)
def _nobody_elses_recharge_is_due(database: Connection, changing_catalog: None) -> Iterator[None]:
    """The job charges whoever is due, of whichever test."""
    yield
    database.execute("update auto_recharges set enabled = false")


def agree(buyer: Person, **fields: Any) -> dict[str, Any]:
    answer = buyer.request("PUT", RECHARGE, json=TERMS | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def state(buyer: Person) -> dict[str, Any]:
    return buyer.get(RECHARGE).json()


def recharges(buyer: Person) -> list[dict[str, Any]]:
    """The buyer's recharges, newest first."""
    payments = buyer.get("/api/payments").json()["payments"]
    return [payment for payment in payments if payment["kind"] == "auto_recharge"]


def events(buyer: Person, event_type: str) -> list[dict[str, Any]]:
    """What the app was told, of one type."""
    told = buyer.get("/api/credits/events").json()["events"]
    return [event["data"] for event in told if event["type"] == event_type]


def spend_all(database: Connection, buyer: Person) -> None:
    if credits := buyer.available:
        give(database, buyer, -credits)


def let_pass(database: Connection, buyer: Person, interval: str) -> None:
    """As if this buyer's payments, and what he agreed to, were so much older."""
    for table, column in (("payment_orders", "created_at"), ("auto_recharges", "consented_at")):
        database.execute(
            f"update {table} set {column} = {column} - %s::interval where user_id = %s",
            [interval, buyer.id],
        )


@pytest.fixture
def due(wallet: Wallet) -> Wallet:
    """A buyer without credits who has agreed to 500 for 4.99 USD whenever he has less than 100."""
    wallet.save()
    agree(wallet.buyer)
    return wallet


# What is agreed to


def test_it_is_off_until_the_user_says_so(buyer: Person, jobs: Jobs) -> None:
    assert state(buyer) == {
        "enabled": False, "threshold": None, "package_id": None, "monthly_limit": None,
        "currency": None, "amount": None, "spent_this_month": 0, "off_reason": None,
        "consented_at": None,
    }  # fmt: skip
    assert jobs.recharge() == {}
    assert recharges(buyer) == []


def test_what_was_agreed_to_is_shown_with_the_price(due: Wallet) -> None:
    shown = state(due.buyer)
    assert shown.pop("consented_at")
    assert shown == TERMS | {
        "currency": "usd", "amount": 499, "spent_this_month": 0, "off_reason": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"threshold": 0}, 422, "validation_error"),
        ({"threshold": -1}, 422, "validation_error"),
        ({"threshold": 10**10}, 422, "validation_error"),
        ({"threshold": None}, 422, "validation_error"),
        ({"package_id": None}, 422, "validation_error"),
        ({"monthly_limit": None}, 422, "validation_error"),
        ({"monthly_limit": 0}, 422, "validation_error"),
        ({"monthly_limit": 498}, 422, "validation_error"),
        ({"enabled": "yes"}, 422, "validation_error"),
        ({"enabled": None}, 422, "validation_error"),
        ({"amount": 1}, 422, "validation_error"),
        ({"expected_amount": 399}, 422, "validation_error"),
        ({"user_id": "x"}, 422, "validation_error"),
        ({"package_id": "gone"}, 404, "not_found"),
        ({"package_id": "monthly"}, 404, "not_found"),
        ({"currency": "chf"}, 404, "not_found"),
    ],
)
def test_terms_that_make_no_sense_are_refused_and_nothing_changes(
    due: Wallet, database: Connection, fields: dict, status: int, code: str
) -> None:
    before = state(due.buyer)
    answer = due.buyer.request("PUT", RECHARGE, json=TERMS | fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert state(due.buyer) == before
    assert len(consents(database, due.buyer)) == 1


def test_without_a_card_there_is_nothing_to_agree_to(buyer: Person) -> None:
    answer = buyer.request("PUT", RECHARGE, json=TERMS)
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert "card" in answer.json()["detail"]


def test_who_may_not_buy_may_not_agree_either(due: Wallet, database: Connection) -> None:
    with banned(database, due.buyer):
        answer = due.buyer.request("PUT", RECHARGE, json=TERMS)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    due.buyer.token = "nobody"
    for method in ("GET", "PUT"):
        answer = due.buyer.request(method, RECHARGE, json=TERMS)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def consents(database: Connection, buyer: Person) -> list[dict[str, Any]]:
    query = "select terms from auto_recharge_consents where user_id = %s order by given_at"
    return [row["terms"] for row in database.execute(query, [buyer.id])]


def test_every_consent_and_every_withdrawal_is_kept(due: Wallet, database: Connection) -> None:
    agree(due.buyer, threshold=200)
    assert agree(due.buyer, enabled=False)["enabled"] is False
    terms = TERMS | {"currency": "usd", "amount": 499, "payment_method_id": due.ids[0]}
    assert consents(database, due.buyer) == [terms, terms | {"threshold": 200}, OFF]


def test_withdrawing_needs_no_terms(due: Wallet, buyer: Person, jobs: Jobs) -> None:
    assert due.buyer.request("PUT", RECHARGE, json=OFF).json()["enabled"] is False
    assert jobs.recharge() == {}


def test_a_consent_cannot_be_changed_by_anybody(due: Wallet, database: Connection) -> None:
    for change in ("update auto_recharge_consents set terms = '{}'", "delete from auto_recharge_consents", "truncate auto_recharge_consents"):  # fmt: skip
        with pytest.raises(psycopg.Error):
            database.execute(change)
    assert len(consents(database, due.buyer)) == 1


def test_the_tables_show_everybody_his_own_only(due: Wallet, stranger: Person) -> None:
    change = {"user_id": stranger.id}
    for table in ("auto_recharges", "auto_recharge_consents"):
        assert len(due.buyer.postgrest("GET", table).json()) == 1
        assert stranger.postgrest("GET", table).json() == []
        for verb in ("PATCH", "POST", "DELETE"):
            answer = due.buyer.postgrest(verb, f"{table}?user_id=eq.{due.buyer.id}", json=change)
            assert answer.status_code == 403, (table, verb)
    assert state(stranger)["enabled"] is False


# The job


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


# When the bank says no


def test_a_decline_ends_that_recharge_and_the_next_one_waits_a_day(
    due: Wallet, jobs: Jobs, database: Connection, stripe_console: StripeConsole
) -> None:
    stripe_console.decline_next("insufficient_funds")
    assert jobs.recharge() == {"failed": 1}
    [payment] = recharges(due.buyer)
    assert (payment["status"], payment["payment_url"]) == ("failed", None)
    assert payment["error"]["decline_code"] == "insufficient_funds"
    assert state(due.buyer)["enabled"] is True
    let_pass(database, due.buyer, "23 hours")
    assert jobs.recharge() == {}
    let_pass(database, due.buyer, "61 minutes")
    assert jobs.recharge() == {"succeeded": 1}


def test_what_was_declined_cannot_be_paid_later(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    stripe_console.decline_next("do_not_honor")
    jobs.recharge()
    [customer] = stripe_console.customers(due.buyer.email)
    [intent] = stripe_console.api("payment_intents", customer=customer)["data"]
    assert intent["status"] == "canceled"
    payment = due.buyer.refresh(recharges(due.buyer)[0]["payment_id"])
    assert payment["status"] == "failed"
    assert "client_secret" not in payment


def test_three_declines_in_a_row_switch_it_off_and_say_so(
    wallet: Wallet, jobs: Jobs, database: Connection
) -> None:
    wallet.save(CAN_ONLY_BE_SAVED)
    agree(wallet.buyer)
    for nth in range(1, 4):
        assert jobs.recharge() == {"failed": 1}
        shown = state(wallet.buyer)
        assert shown["enabled"] is (nth < 3)
        let_pass(database, wallet.buyer, "25 hours")
    assert shown["off_reason"] == "payments_failed"
    assert events(wallet.buyer, "auto_recharge_off") == [{"reason": "payments_failed"}]
    assert jobs.recharge() == {}


def test_a_success_in_between_begins_the_count_anew(
    due: Wallet, jobs: Jobs, database: Connection, stripe_console: StripeConsole
) -> None:
    for outcome in ("failed", "failed", "succeeded", "failed", "failed"):
        if outcome == "failed":
            stripe_console.decline_next("insufficient_funds")
        assert jobs.recharge() == {outcome: 1}
        spend_all(database, due.buyer)
        let_pass(database, due.buyer, "25 hours")
    assert state(due.buyer)["enabled"] is True


def test_whoever_agrees_again_begins_anew(wallet: Wallet, jobs: Jobs, database: Connection) -> None:
    wallet.save(CAN_ONLY_BE_SAVED)
    agree(wallet.buyer)
    for _ in range(3):
        jobs.recharge()
        let_pass(database, wallet.buyer, "25 hours")
    second = wallet.save()
    wallet.buyer.post(f"{CARDS}/{second}/default")
    assert agree(wallet.buyer)["off_reason"] is None
    assert jobs.recharge() == {"succeeded": 1}


# When the bank asks


@pytest.fixture
def asked(wallet: Wallet, jobs: Jobs) -> Wallet:
    """A recharge waits for its buyer's 3D Secure."""
    wallet.save(ASKS_ALWAYS)
    agree(wallet.buyer)
    assert jobs.recharge() == {"requires_action": 1}
    return wallet


def test_a_recharge_that_the_bank_asks_about_appears_as_an_open_payment(asked: Wallet) -> None:
    [item] = asked.buyer.get("/api/cart/count").json()["items"]
    assert (item["kind"], item["ui_mode"]) == ("auto_recharge", "off_session")
    assert (item["status"], item["requires_action"]) == ("pending", True)
    address = f"{asked.buyer.env['FRONTEND_URL']}/?payment={item['payment_id']}"
    assert item["payment_url"] == address
    assert state(asked.buyer)["enabled"] is True


def test_the_app_is_told_once_that_a_payment_waits(
    asked: Wallet, jobs: Jobs, stripe_console: StripeConsole
) -> None:
    [payment] = recharges(asked.buyer)
    wanted = [{"payment_id": payment["payment_id"]}]
    assert events(asked.buyer, "payment_requires_action") == wanted
    asked.buyer.refresh(payment["payment_id"])
    [delivery] = stripe_console.deliveries(event_type="payment_intent.payment_failed")[:1]
    stripe_console.send_again(delivery["id"], times=3)
    jobs.recharge()
    assert events(asked.buyer, "payment_requires_action") == wanted


def test_while_it_waits_no_other_is_begun(asked: Wallet, jobs: Jobs, database: Connection) -> None:
    assert jobs.recharge() == {}
    let_pass(database, asked.buyer, "2 days")
    assert jobs.recharge() == {}
    assert len(recharges(asked.buyer)) == 1


@pytest.mark.parametrize("number", [ASKS_ALWAYS, SUCCEEDS])
def test_the_buyer_finishes_it_with_the_same_card_or_another(
    asked: Wallet,
    stripe_js: StripeBrowser,
    stripe_console: StripeConsole,
    shop_floor: Shop,
    number: str,
) -> None:
    payment = asked.buyer.refresh(recharges(asked.buyer)[0]["payment_id"])
    assert payment["requires_action"] is True
    card = asked.ids[0] if number == ASKS_ALWAYS else number
    intent = stripe_js.confirm(payment["client_secret"], card)
    if number == ASKS_ALWAYS:
        assert intent["status"] == "requires_action"
        stripe_js.authenticate(payment["client_secret"])
    payment = asked.buyer.refresh(payment["payment_id"])
    assert (payment["status"], payment["requires_action"]) == ("succeeded", False)
    assert shop_floor.ledger(asked.buyer) == [("purchase", 500)]
    assert len(stripe_console.charged(asked.buyer.email)) == 1
    assert asked.buyer.get("/api/cart/count").json()["count"] == 0


def test_the_buyer_may_refuse_it(
    asked: Wallet, stripe_js: StripeBrowser, jobs: Jobs, database: Connection
) -> None:
    [payment] = recharges(asked.buyer)
    answer = asked.buyer.post(f"/api/payments/{payment['payment_id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert jobs.recharge() == {}
    let_pass(database, asked.buyer, "25 hours")
    assert jobs.recharge() == {"requires_action": 1}


def test_a_card_that_was_set_up_is_charged_without_asking(wallet: Wallet, jobs: Jobs) -> None:
    wallet.save(ASKS_ONCE)
    agree(wallet.buyer)
    assert jobs.recharge() == {"succeeded": 1}


# When Stripe's answer is lost


@pytest.mark.parametrize("told", [True, False], ids=["webhook came", "no webhook"])
@pytest.mark.parametrize(
    ("number", "outcome", "charges"),
    [
        (SUCCEEDS, "succeeded", 1),
        (CAN_ONLY_BE_SAVED, "failed", 0),
        (ASKS_ALWAYS, "pending", 0),
    ],
    ids=["paid", "declined", "3D Secure"],
)
def test_an_answer_that_was_lost_is_found_by_the_next_run(
    wallet: Wallet,
    jobs: Jobs,
    stripe_console: StripeConsole,
    number: str,
    outcome: str,
    charges: int,
    told: bool,
) -> None:
    wallet.save(number)
    agree(wallet.buyer)
    stripe_console.deliver("hold")
    stripe_console.fault(method="POST", path=CREATE, status=500, when="after", times=3)
    assert jobs.recharge() == {"unavailable": 1}
    if told:
        stripe_console.release()
    jobs.recharge()
    [payment] = recharges(wallet.buyer)
    assert payment["status"] == outcome
    assert payment["requires_action"] is (outcome == "pending")
    assert wallet.buyer.get("/api/cart/count").json()["count"] == (outcome == "pending")
    assert len(stripe_console.charged(wallet.buyer.email)) == charges
    assert wallet.buyer.available == 500 * charges
    [customer] = stripe_console.customers(wallet.buyer.email)
    assert len(stripe_console.api("payment_intents", customer=customer)["data"]) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_shop_whose_key_is_refused_has_tried_no_card(
    due: Wallet, stripe_console: StripeConsole, jobs: Jobs, status: int
) -> None:
    """Three failures switch it off: those of the shop's own key must not."""
    stripe_console.fault(method="POST", path=CREATE, status=status, times=4)
    for _ in range(4):
        assert jobs.recharge() == {"unavailable": 1}
    assert [payment["status"] for payment in recharges(due.buyer)] == ["pending"]
    assert jobs.recharge() == {"succeeded": 1}
    assert due.buyer.available == 500
    assert len(stripe_console.charged(due.buyer.email)) == 1


@pytest.mark.parametrize("verb", ["refresh", "cancel"])
def test_a_buyer_who_looks_at_a_recharge_whose_answer_was_lost_does_no_harm(
    due: Wallet, jobs: Jobs, stripe_console: StripeConsole, shop_floor: Shop, verb: str
) -> None:
    """The card has been charged, and nobody here knows it yet."""
    stripe_console.deliver("hold")
    stripe_console.fault(method="POST", path=CREATE, status=500, when="after", times=3)
    assert jobs.recharge() == {"unavailable": 1}
    [payment] = recharges(due.buyer)
    due.buyer.post(f"/api/payments/{payment['payment_id']}/{verb}")
    jobs.recharge()
    stripe_console.release()
    assert recharges(due.buyer)[0]["status"] == "succeeded"
    assert shop_floor.ledger(due.buyer) == [("purchase", 500)]
    [customer] = stripe_console.customers(due.buyer.email)
    assert len(stripe_console.api("payment_intents", customer=customer)["data"]) == 1


def test_a_silent_stripe_charges_once_in_the_end(
    due: Wallet, stripe_console: StripeConsole, monkeypatch: pytest.MonkeyPatch, jobs: Jobs
) -> None:
    """Asked in this process, with a shorter time limit than the real one."""
    monkeypatch.setattr("backend.gateways.stripe_api.STRIPE_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)
    stripe_console.fault(method="POST", path=CREATE, kind="delay", seconds=0.5, times=3)
    headers = shop.bearer(due.buyer.env["CRON_SECRET"])
    answer = shop.client(due.buyer.env).post("/api/jobs/auto-recharge", headers=headers)
    assert answer.json["unavailable"] == 1
    eventually(
        lambda: stripe_console.requests(path=CREATE),
        lambda asked: all(request["status"] for request in asked),
    )
    jobs.recharge()
    eventually(lambda: due.buyer.available, lambda credits: credits == 500)
    assert len(stripe_console.charged(due.buyer.email)) == 1


# Beside other ways


def test_a_purchase_by_hand_leaves_the_month_alone(due: Wallet) -> None:
    answer = due.buyer.post(INTENTS, STARTER | {"payment_method_id": due.ids[0]})
    assert answer.json()["status"] == "succeeded"
    assert state(due.buyer)["spent_this_month"] == 0


def test_while_taxes_are_worked_out_on_stripes_page_nothing_is_charged_off_session(
    due: Wallet, stripe_console: StripeConsole
) -> None:
    client = shop.client(due.buyer.env, AUTOMATIC_TAX="true")
    assert client.get("/api/config").json["features"]["auto_recharge"] is False
    answer = client.put(RECHARGE, json=TERMS, headers=shop.bearer(due.buyer.token))
    assert (answer.status_code, answer.json["code"]) == (409, "invalid_state")
    headers = shop.bearer(due.buyer.env["CRON_SECRET"])
    assert client.post("/api/jobs/auto-recharge", headers=headers).json["succeeded"] == 0
    assert stripe_console.charged(due.buyer.email) == []
