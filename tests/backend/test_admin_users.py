"""An admin looks at a user and sees what that user sees."""

import uuid
from typing import Any

import psycopg
import pytest

from tests.backend.purchase import Purchase
from tests.backend.server import Server, give
from tests.people import People, Person
from tests.specification import check_answer

Connection = psycopg.Connection[dict]


def look_at(admin: Person, user_id: str) -> dict[str, Any]:
    answer = admin.get(f"/api/admin/users/{user_id}")
    assert answer.status_code == 200, answer.text
    check_answer(answer)
    return answer.json()


def test_the_credits_are_in_the_users_own_words(
    sandbox: dict[str, str], purchase: Purchase, admin: Person
) -> None:
    buyer = purchase.buyer
    Server(sandbox).spend(buyer, 3)
    Server(sandbox).hold(buyer, 2)
    seen = look_at(admin, buyer.id)
    assert seen["credits"] == buyer.get("/api/credits").json()
    assert seen["transactions"] == buyer.get("/api/credits/transactions").json()["transactions"]
    assert [payment["payment_id"] for payment in seen["payments"]] == [purchase.payment_id]
    assert (seen["user_id"], seen["email"]) == (buyer.id, buyer.email)
    assert (seen["is_anonymous"], seen["is_erased"], seen["banned_until"]) == (False, False, None)
    assert (seen["subscriptions"], seen["payment_methods"]) == ([], [])


def test_it_is_that_user_and_nobody_else(
    purchase: Purchase, stranger: Person, admin: Person, database: Connection
) -> None:
    give(database, admin, 5)
    assert look_at(admin, stranger.id)["credits"]["balance"] == 0
    assert look_at(admin, stranger.id)["payments"] == []
    assert look_at(admin, purchase.buyer.id)["credits"]["balance"] == 500


def test_cards_and_subscriptions_of_the_shops_mode(
    buyer: Person, admin: Person, database: Connection
) -> None:
    card, price, subscription = (f"{kind}_{uuid.uuid4().hex}" for kind in ("pm", "price", "sub"))
    database.execute(
        "insert into payment_methods (id, user_id, livemode, brand, last4, exp_month, exp_year, is_default) "
        "values (%s, %s, false, 'visa', '4242', 12, 2034, true), (%s, %s, true, 'visa', '1111', 12, 2034, true)",
        [card, buyer.id, f"{card}_live", buyer.id],
    )
    database.execute(
        "select record_price(%s, 'monthly', 'usd', 899, 1000, false)",
        [price],
    )
    database.execute(
        "insert into subscriptions (id, user_id, livemode, stripe_price_id, status, learnt_at, created_at) "
        "values (%s, %s, false, %s, 'active', now(), now())",
        [subscription, buyer.id, price],
    )
    seen = look_at(admin, buyer.id)
    assert [(each["id"], each["last4"]) for each in seen["payment_methods"]] == [(card, "4242")]
    assert [each["subscription_id"] for each in seen["subscriptions"]] == [subscription]


def test_a_guest_and_a_banned_user_are_marked(
    people: People, buyer: Person, admin: Person, database: Connection
) -> None:
    guest = look_at(admin, people.guest().id)
    assert (guest["is_anonymous"], guest["email"]) == (True, None)
    database.execute(
        "update auth.users set banned_until = '2099-01-01T00:00:00Z' where id = %s", [buyer.id]
    )
    assert look_at(admin, buyer.id)["banned_until"] == "2099-01-01T00:00:00+00:00"


def test_who_was_erased_is_still_known_by_his_books(
    purchase: Purchase, admin: Person, database: Connection
) -> None:
    database.execute("delete from auth.users where id = %s", [purchase.buyer.id])
    seen = look_at(admin, purchase.buyer.id)
    assert (seen["is_erased"], seen["email"], seen["credits"]["balance"]) == (True, None, 500)
    assert [payment["email"] for payment in seen["payments"]] == [None]


@pytest.mark.parametrize("user_id", ["7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10", "me", "1"])
def test_nobody_is_not_found(admin: Person, user_id: str) -> None:
    answer = admin.get(f"/api/admin/users/{user_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
