"""One wish, one order, one session, one customer: whatever is repeated and however fast."""

import psycopg
import pytest

from tests import shop
from tests.backend.test_buying import CHECKOUT, SESSIONS, open_payments_max
from tests.backend.wallet import INTENTS
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually
from tests.together import all_at_once, at_once

ORDER = {"package_id": "starter"}


def count(database: psycopg.Connection[dict], table: str, buyer: Person) -> int:
    query = f"select count(*) as n from {table} where user_id = %s"
    return database.execute(query, [buyer.id]).fetchone()["n"]  # type: ignore[index]


def sessions_made(stripe_console: StripeConsole) -> set[str]:
    """Ids that Stripe has answered; a replay answers one it made before."""
    requests = stripe_console.requests(method="POST", path=SESSIONS)
    return {request["response"]["id"] for request in requests if request["status"] == 200}


def test_the_same_key_and_body_answer_the_same_order(
    buyer: Person, database: psycopg.Connection[dict], stripe_console: StripeConsole
) -> None:
    first, again = (buyer.post(CHECKOUT, ORDER, key="one wish") for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert count(database, "payment_orders", buyer) == 1
    assert len(stripe_console.requests(method="POST", path=SESSIONS)) == 1


@pytest.mark.parametrize(
    "other", [{"package_id": "creator"}, {"package_id": "starter", "currency": "eur"}]
)
def test_the_same_key_with_another_body_is_a_conflict(buyer: Person, other: dict) -> None:
    buyer.post(CHECKOUT, ORDER, key="one wish")
    answer = buyer.post(CHECKOUT, other, key="one wish")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


def test_a_key_belongs_to_its_user(buyer: Person, stranger: Person) -> None:
    mine, theirs = (person.post(CHECKOUT, ORDER, key="1").json() for person in (buyer, stranger))
    assert mine["payment_id"] != theirs["payment_id"]
    assert mine["session_id"] != theirs["session_id"]


def test_a_key_serves_no_other_route_with_the_same_body(buyer: Person) -> None:
    assert buyer.post(CHECKOUT, ORDER, key="one wish").status_code == 201
    answer = buyer.post(INTENTS, ORDER, key="one wish")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


def test_a_key_serves_no_other_payment(buyer: Person) -> None:
    first, second = (f"/api/payments/{buyer.order()['payment_id']}" for _ in range(2))
    assert buyer.post(f"{first}/cancel", {}, key="one wish").status_code == 200
    answer = buyer.post(f"{second}/cancel", {}, key="one wish")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert buyer.get(second).json()["status"] == "pending"


@pytest.mark.parametrize("key", ["k" * 256, "k" * 5000])
def test_a_key_has_a_bound(buyer: Person, key: str) -> None:
    answer = buyer.post(CHECKOUT, ORDER, key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


def test_whoever_was_refused_may_try_again_with_the_same_key(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    assert buyer.post(CHECKOUT, {"package_id": "gone"}, key="k").status_code == 404
    assert buyer.post(CHECKOUT, {"package_id": "starter"}, key="k").status_code == 201


def test_without_a_key_two_orders_are_two(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    assert buyer.order()["payment_id"] != buyer.order()["payment_id"]
    assert count(database, "stripe_customers", buyer) == 1


def test_twenty_clicks_with_one_key_make_one_order_and_one_session(
    buyer: Person, database: psycopg.Connection[dict], stripe_console: StripeConsole
) -> None:
    answers = at_once(20, lambda: buyer.post(CHECKOUT, ORDER, key="one wish"))
    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert count(database, "payment_orders", buyer) == 1
    assert len(sessions_made(stripe_console)) == 1


def test_two_first_purchases_at_once_make_one_customer(
    buyer: Person, database: psycopg.Connection[dict], stripe_console: StripeConsole
) -> None:
    at_once(2, buyer.order)
    assert count(database, "stripe_customers", buyer) == 1
    customers = stripe_console.api("customers", limit=100)["data"]
    ours = [each for each in customers if each["metadata"] == {"user_id": buyer.id}]
    assert len(ours) == 1


def test_whoever_changes_his_address_stays_one_customer(
    buyer: Person, sandbox: dict[str, str], stripe_console: StripeConsole
) -> None:
    """Stripe made the customer and then no session: the next try knows the customer already."""
    stripe_console.fault(method="POST", path=SESSIONS, status=500, times=3)
    assert buyer.post(CHECKOUT, ORDER).status_code == 503
    buyer.token = shop.legacy_token(sandbox, sub=buyer.id, email="new@example.com")
    buyer.order()
    customers = stripe_console.api("customers", limit=100)["data"]
    assert len([each for each in customers if each["metadata"] == {"user_id": buyer.id}]) == 1


def test_many_tabs_cannot_open_more_payments_than_one(
    buyer: Person, database: psycopg.Connection[dict]
) -> None:
    limit = open_payments_max(database)
    answers = at_once(limit + 5, lambda: buyer.post(CHECKOUT, ORDER))
    assert [answer.status_code for answer in answers].count(201) == limit
    assert count(database, "payment_orders", buyer) == limit


def test_two_buyers_at_once_get_an_order_each(buyer: Person, stranger: Person) -> None:
    """No identity bleeds from one request to another."""
    actions = [person.order for person in (buyer, stranger) for _ in range(4)]
    orders = all_at_once(*actions)
    for person, own in ((buyer, orders[:4]), (stranger, orders[4:])):
        listed = person.get("/api/payments").json()["payments"]
        assert {order["payment_id"] for order in own} == {p["payment_id"] for p in listed}


def test_a_second_session_for_a_customer_who_was_deleted_meanwhile_cannot_be_paid(
    buyer: Person, database: psycopg.Connection[dict], stripe_console: StripeConsole
) -> None:
    assert buyer.post(CHECKOUT, ORDER, key="one wish").status_code == 201
    # As if the process had died before it answered.
    database.execute(
        "update idempotency_keys set answer = answer - 'body' where caller = %s", [buyer.id]
    )
    [customer] = stripe_console.customers(buyer.email)
    stripe_console.delete(f"customers/{customer}")
    deleted = "select deleted_at from stripe_customers where user_id = %s"
    eventually(lambda: database.execute(deleted, [buyer.id]).fetchone()["deleted_at"], bool)  # type: ignore[index]
    again = buyer.post(CHECKOUT, ORDER, key="one wish")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    [customer] = stripe_console.customers(buyer.email)
    [second] = stripe_console.api("checkout/sessions", customer=customer)["data"]
    assert second["status"] == "expired"
