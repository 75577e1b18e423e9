"""Saved cards: kept when the buyer says so, as little of them as it takes, and his alone."""

import itertools

import psycopg
import pytest

from tests.backend.in_page import begin
from tests.backend.subscriber import Subscriber
from tests.backend.wallet import CARDS, INTENTS, STARTER, Wallet
from tests.people import People, Person
from tests.stripe_browser import ASKS_ALWAYS, ASKS_ONCE, CAN_ONLY_BE_SAVED, StripeBrowser
from tests.stripe_console import IS_DECLINED, MASTERCARD, SUCCEEDS, StripeConsole, eventually
from tests.together import at_once

Connection = psycopg.Connection[dict]


# Saving


def test_a_card_is_kept_when_the_buyer_ticks_the_box(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    card = wallet.pay_and_save()
    creations = stripe_console.requests(method="POST", path="/v1/payment_intents")
    [request] = [each for each in creations if each["path"] == "/v1/payment_intents"]
    assert request["params"]["setup_future_usage"] == "off_session"
    kept_for = {"card": {"setup_credential_usage": "unscheduled"}}
    assert request["params"]["payment_method_options"] == kept_for
    [listed] = wallet.cards
    assert listed == {
        "id": card, "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034, "is_default": True,
    }  # fmt: skip


def test_without_the_box_nothing_is_kept(
    wallet: Wallet, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    order = begin(wallet.buyer)
    stripe_js.confirm(order["client_secret"])
    wallet.buyer.refresh(order["payment_id"])
    assert wallet.refresh() == []


def test_a_card_can_be_kept_without_a_payment(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    card = wallet.save()
    [request] = stripe_console.requests(method="POST", path="/v1/setup_intents")[:1]
    [customer] = stripe_console.customers(wallet.buyer.email)
    assert request["params"] == {
        "customer": customer,
        "usage": "off_session",
        "allowed_payment_method_types": ["card"],
        "payment_method_options": {"card": {"setup_credential_usage": "unscheduled"}},
        "metadata": {"user_id": wallet.buyer.id},
    }
    assert wallet.ids == [card]
    assert wallet.buyer.available == 0


def test_a_set_up_answers_what_the_browser_needs(buyer: Person) -> None:
    answer = buyer.post(f"{CARDS}/setup-intent")
    assert answer.status_code == 201
    assert answer.json().keys() == {"setup_intent_id", "client_secret"}
    assert answer.json()["client_secret"].startswith(answer.json()["setup_intent_id"])


@pytest.mark.parametrize("number", [ASKS_ALWAYS, ASKS_ONCE])
def test_a_bank_that_asks_is_answered_before_the_card_is_kept(
    wallet: Wallet, stripe_js: StripeBrowser, number: str
) -> None:
    secret = wallet.buyer.post(f"{CARDS}/setup-intent").json()["client_secret"]
    assert stripe_js.confirm(secret, number)["status"] == "requires_action"
    assert wallet.refresh() == []
    refused = stripe_js.authenticate(secret, succeeds=False)
    assert refused["status"] == "requires_payment_method"
    assert wallet.refresh() == []
    stripe_js.confirm(secret, number)
    kept = stripe_js.authenticate(secret)["payment_method"]
    assert [card["id"] for card in wallet.refresh()] == [kept]


def test_one_key_at_the_same_moment_has_one_answer(buyer: Person) -> None:
    answers = at_once(6, lambda: buyer.post(f"{CARDS}/setup-intent", key="once"))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["setup_intent_id"] for answer in answers}) == 1


def test_a_card_that_was_set_up_once_is_not_asked_again(
    wallet: Wallet, stripe_js: StripeBrowser
) -> None:
    order = begin(wallet.buyer, payment_method_id=wallet.save(ASKS_ONCE))
    assert (order["status"], order["requires_action"]) == ("succeeded", False)


def test_a_card_that_the_bank_refuses_is_not_kept(wallet: Wallet, stripe_js: StripeBrowser) -> None:
    secret = wallet.buyer.post(f"{CARDS}/setup-intent").json()["client_secret"]
    assert "error" in stripe_js.confirm(secret, IS_DECLINED)
    assert wallet.refresh() == []


def test_the_webhook_alone_keeps_it(wallet: Wallet, stripe_js: StripeBrowser) -> None:
    secret = wallet.buyer.post(f"{CARDS}/setup-intent").json()["client_secret"]
    kept = stripe_js.confirm(secret)["payment_method"]
    eventually(lambda: wallet.ids, lambda ids: ids == [kept])


def test_the_hosted_page_offers_to_keep_it_too(
    buyer: Person, stripe_console: StripeConsole
) -> None:
    buyer.order()
    [request] = stripe_console.requests(method="POST", path="/v1/checkout/sessions")
    saving = request["params"]["saved_payment_method_options"]
    assert saving == {"payment_method_save": "enabled"}


def test_no_more_of_a_card_is_stored_than_a_person_needs_to_know_it(
    wallet: Wallet, database: Connection
) -> None:
    card = wallet.save()
    row = database.execute("select * from payment_methods where id = %s", [card]).fetchone()
    assert row is not None
    assert row.keys() == {
        "id", "user_id", "livemode", "brand", "last4", "exp_month", "exp_year", "is_default",
        "detached_at", "created_at",
    }  # fmt: skip
    assert SUCCEEDS not in str(row)


def test_a_card_that_only_can_be_saved_is_declined_when_it_pays(wallet: Wallet) -> None:
    card = wallet.save(CAN_ONLY_BE_SAVED)
    answer = wallet.buyer.post(INTENTS, STARTER | {"payment_method_id": card})
    assert (answer.status_code, answer.json()["code"]) == (402, "card_declined")
    assert wallet.ids == [card]


# The default


def test_the_first_card_is_the_default_and_another_can_be_made_it(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    first, second = wallet.save(), wallet.save(MASTERCARD)
    assert wallet.defaults == [first]
    answer = wallet.buyer.post(f"{CARDS}/{second}/default")
    assert answer.status_code == 200
    assert [card["id"] for card in answer.json()["payment_methods"]] == [second, first]
    assert wallet.defaults == [second]
    [customer] = stripe_console.customers(wallet.buyer.email)
    settings = stripe_console.api(f"customers/{customer}")["invoice_settings"]
    assert settings["default_payment_method"] == second


def test_a_new_default_pays_for_subscriptions_too(
    wallet: Wallet, subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    """Checkout gives a subscription a card of its own, which outranks the customer's default."""
    subscriber.subscribe()
    eventually(lambda: len(subscriber.subscriptions), lambda count: count == 1)
    second = wallet.save(MASTERCARD)
    assert wallet.buyer.post(f"{CARDS}/{second}/default").status_code == 200
    subscriber.renew()
    [_first, renewal] = subscriber.invoices
    assert subscriber.intent_of(renewal["id"])["payment_method"] == second


def test_a_default_is_changed_although_a_subscription_has_just_ended(
    wallet: Wallet, subscriber: Subscriber, stripe_console: StripeConsole
) -> None:
    subscriber.subscribe()
    eventually(lambda: len(subscriber.subscriptions), lambda count: count == 1)
    second = wallet.save(MASTERCARD)
    stripe_console.deliver("drop")
    stripe_console.delete(f"subscriptions/{subscriber.subscription['id']}")
    assert wallet.buyer.post(f"{CARDS}/{second}/default").status_code == 200
    assert wallet.defaults == [second]


def test_many_tabs_that_choose_a_default_end_with_one(wallet: Wallet) -> None:
    cards = [wallet.save(), wallet.save(MASTERCARD), wallet.save()]
    turn = itertools.cycle(cards)
    answers = at_once(6, lambda: wallet.buyer.post(f"{CARDS}/{next(turn)}/default"))
    assert {answer.status_code for answer in answers} == {200}
    assert len(wallet.defaults) == 1


def test_a_default_that_was_chosen_at_stripe_counts_here(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    """In the customer portal, or in the Dashboard."""
    wallet.save()
    second = wallet.save(MASTERCARD)
    [customer] = stripe_console.customers(wallet.buyer.email)
    choice = {"invoice_settings[default_payment_method]": second}
    stripe_console.change(f"customers/{customer}", **choice)
    eventually(lambda: wallet.defaults, lambda default: default == [second])


# Removing


def test_a_removed_card_is_gone_here_and_at_stripe(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    first, second = wallet.save(), wallet.save(MASTERCARD)
    answer = wallet.buyer.request("DELETE", f"{CARDS}/{first}")
    assert answer.status_code == 200
    assert [card["id"] for card in answer.json()["payment_methods"]] == [second]
    assert stripe_console.api(f"payment_methods/{first}")["customer"] is None
    again = wallet.buyer.request("DELETE", f"{CARDS}/{first}")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


def test_a_card_that_was_removed_at_stripe_goes_from_the_list(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    card = wallet.save()
    stripe_console.change(f"payment_methods/{card}/detach")
    eventually(lambda: wallet.ids, lambda ids: ids == [])


def test_removing_what_stripe_has_removed_already_is_no_error(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    card = wallet.save()
    stripe_console.deliver("drop")
    stripe_console.change(f"payment_methods/{card}/detach")
    answer = wallet.buyer.request("DELETE", f"{CARDS}/{card}")
    assert (answer.status_code, answer.json()) == (200, {"payment_methods": []})


def test_a_default_that_stripe_knows_no_more_is_refused_as_unknown(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    wallet.save()
    second = wallet.save(MASTERCARD)
    stripe_console.deliver("drop")
    stripe_console.change(f"payment_methods/{second}/detach")
    answer = wallet.buyer.post(f"{CARDS}/{second}/default")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_asking_stripe_forgets_what_is_not_there_any_more(
    wallet: Wallet, stripe_console: StripeConsole
) -> None:
    card = wallet.save()
    stripe_console.deliver("drop")
    stripe_console.change(f"payment_methods/{card}/detach")
    assert wallet.refresh() == []


# Whose they are


def test_somebody_elses_card_does_not_exist(
    wallet: Wallet, stranger: Person, people: People, stripe_console: StripeConsole
) -> None:
    card = wallet.save()
    for other in (stranger, people.admin()):
        assert card not in other.get(CARDS).text
        asked = [
            other.post(f"{CARDS}/{card}/default"),
            other.request("DELETE", f"{CARDS}/{card}"),
            other.post(INTENTS, STARTER | {"payment_method_id": card}),
        ]
        assert [(a.status_code, a.json()["code"]) for a in asked] == [(404, "not_found")] * 3
    assert wallet.ids == wallet.defaults == [card]
    assert stripe_console.api(f"payment_methods/{card}")["customer"]


def test_the_table_shows_everybody_his_own_cards_only(wallet: Wallet, stranger: Person) -> None:
    card = wallet.save()
    assert [row["id"] for row in wallet.buyer.postgrest("GET", "payment_methods").json()] == [card]
    assert stranger.postgrest("GET", "payment_methods").json() == []
    for verb, change in (("PATCH", {"is_default": False}), ("DELETE", None)):
        answer = wallet.buyer.postgrest(verb, f"payment_methods?id=eq.{card}", json=change)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", "/refresh"),
        ("POST", "/setup-intent"),
        ("POST", "/pm_1/default"),
        ("DELETE", "/pm_1"),
    ],
)
def test_without_a_token_there_are_no_cards(buyer: Person, method: str, path: str) -> None:
    buyer.token = "nobody"
    answer = buyer.request(method, CARDS + path)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    "garbage", ["1", "pm_", "cus_1", "%00", "..", "pm_1%0A", "💳", "x" * 1000, "a' or '1'='1"]
)
def test_a_garbage_id_is_not_found(
    buyer: Person, stripe_console: StripeConsole, garbage: str
) -> None:
    for answer in (
        buyer.post(f"{CARDS}/{garbage}/default"),
        buyer.request("DELETE", f"{CARDS}/{garbage}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert stripe_console.requests() == []
