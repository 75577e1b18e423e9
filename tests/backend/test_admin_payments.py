"""An admin finds anybody's payment by whatever name it has, with what was given back of it."""

from typing import Any

import httpx
import psycopg
import pytest

from tests import shop
from tests.backend.purchase import Purchase, Shop
from tests.people import Person
from tests.specification import check_answer
from tests.stripe_console import StripeConsole, eventually

PATH = "/api/admin/payments"
NOBODY = "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"


def search(admin: Person, **asked: Any) -> list[dict[str, Any]]:
    """All that is found, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = admin.get(PATH, params=asked | cursor)
        assert answer.status_code == 200, answer.text
        check_answer(answer)
        found += answer.json()["payments"]
        if answer.json()["next_cursor"] is None:
            return found
        cursor = {"cursor": answer.json()["next_cursor"]}


def ids(payments: list[dict[str, Any]]) -> list[str]:
    return [payment["payment_id"] for payment in payments]


def refused(answer: httpx.Response, field: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_payment_is_found_by_every_name_it_has(purchase: Purchase, admin: Person) -> None:
    buyer = purchase.buyer
    for name in (
        purchase.payment_id,
        purchase.payment_id.upper(),
        purchase.intent_id,
        purchase.order["session_id"],
        buyer.id,
        buyer.email,
        buyer.email.upper(),
    ):
        assert ids(search(admin, q=name)) == [purchase.payment_id], name


@pytest.mark.parametrize(
    "name", [NOBODY, "pi_nobodys", "cs_test_nobodys", "in_nobodys", "nobody@example.com"]
)
def test_what_nobody_knows_finds_nothing(admin: Person, name: str) -> None:
    assert search(admin, q=name) == []


def test_it_shows_whose_it_is_and_what_the_buyer_sees(purchase: Purchase, admin: Person) -> None:
    [shown] = search(admin, q=purchase.payment_id)
    assert {name: shown[name] for name in purchase.now} == purchase.now
    assert (shown["user_id"], shown["email"]) == (purchase.buyer.id, purchase.buyer.email)
    assert shown["payment_intent_id"] == purchase.intent_id
    assert shown["session_id"] == purchase.order["session_id"]
    assert shown["url"] == f"https://dashboard.stripe.com/test/payments/{purchase.intent_id}"
    assert (shown["refunds"], shown["disputes"], shown["livemode"]) == ([], [], False)


def test_refunds_and_disputes_come_with_their_payment(
    purchase: Purchase, admin: Person, stripe_console: StripeConsole
) -> None:
    refund = stripe_console.refund(purchase.charge_id, amount=100)
    eventually(lambda: purchase.now, lambda now: now["amount_refunded"] == 100)
    dispute = stripe_console.dispute(purchase.charge_id)
    eventually(lambda: purchase.now, lambda now: now["status"] == "disputed")
    [shown] = search(admin, q=refund["id"])
    assert search(admin, q=dispute["id"]) == [shown]
    [given_back], [disputed] = shown["refunds"], shown["disputes"]
    assert (given_back["id"], given_back["amount"], given_back["status"]) == (
        refund["id"], 100, "succeeded",
    )  # fmt: skip
    assert given_back["url"] == shown["url"]
    assert (disputed["id"], disputed["status"]) == (dispute["id"], "needs_response")
    assert disputed["due_by"] > disputed["created_at"]
    assert disputed["url"] == f"https://dashboard.stripe.com/test/disputes/{dispute['id']}"


def test_live_money_links_to_the_live_dashboard(
    purchase: Purchase, admin: Person, database: psycopg.Connection[dict]
) -> None:
    change = "update payment_orders set livemode = {} where id = %s"
    database.execute(change.format("true"), [purchase.payment_id])
    [shown] = search(admin, q=purchase.payment_id)
    database.execute(change.format("false"), [purchase.payment_id])
    assert shown["livemode"] is True
    assert shown["url"] == f"https://dashboard.stripe.com/payments/{purchase.intent_id}"


def test_disputed_ones_are_a_list_of_their_own(
    purchase: Purchase, shop_floor: Shop, admin: Person, stripe_console: StripeConsole
) -> None:
    shop_floor.sell(purchase.buyer, "creator")
    stripe_console.dispute(purchase.charge_id)
    eventually(
        lambda: search(admin, user_id=purchase.buyer.id, disputed="true"),
        lambda found: ids(found) == [purchase.payment_id],
    )


def test_all_that_is_given_must_hold(
    buyer: Person, stranger: Person, shop_floor: Shop, admin: Person
) -> None:
    dollars, euros = shop_floor.sell(buyer), shop_floor.sell(buyer, currency="eur")
    pending = buyer.order("creator")
    shop_floor.sell(stranger)
    of_buyer = {"user_id": buyer.id}
    everything = [pending["payment_id"], euros.payment_id, dollars.payment_id]
    assert ids(search(admin, **of_buyer)) == everything
    assert ids(search(admin, **of_buyer, status="succeeded")) == everything[1:]
    assert ids(search(admin, **of_buyer, status="pending")) == everything[:1]
    assert ids(search(admin, **of_buyer, currency="EUR")) == [euros.payment_id]
    assert ids(search(admin, q=buyer.email, status="succeeded", currency="usd")) == [
        dollars.payment_id
    ]
    assert search(admin, **of_buyer, q=stranger.email) == []
    assert search(admin, **of_buyer, disputed="true") == []


def test_an_open_payment_past_its_time_is_found_as_expired(
    buyer: Person, admin: Person, database: psycopg.Connection[dict]
) -> None:
    order = buyer.order()
    database.execute(
        "update payment_orders set expires_at = now() - interval '1 hour' where id = %s",
        [order["payment_id"]],
    )
    assert ids(search(admin, user_id=buyer.id, status="expired")) == [order["payment_id"]]
    assert search(admin, user_id=buyer.id, status="pending") == []


def test_from_is_included_and_to_is_not(
    purchase: Purchase, admin: Person, database: psycopg.Connection[dict]
) -> None:
    database.execute(
        "update payment_orders set created_at = '2026-02-03T00:00:00Z' where id = %s",
        [purchase.payment_id],
    )
    of_buyer = {"user_id": purchase.buyer.id}
    assert ids(search(admin, **of_buyer, **{"from": "2026-02-03", "to": "2026-02-04"}))
    assert not search(admin, **of_buyer, **{"from": "2026-02-02", "to": "2026-02-03"})
    assert not search(admin, **of_buyer, **{"from": "2026-02-03T00:00:00.001Z"})
    assert ids(search(admin, **of_buyer, to="2026-02-03T01:00:00+00:59"))


def test_pages_have_no_gap_and_no_overlap(buyer: Person, admin: Person) -> None:
    orders = [buyer.order()["payment_id"] for _ in range(5)]
    assert ids(search(admin, user_id=buyer.id, limit=2)) == orders[::-1]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"q": "everything"}, "q"),
        ({"q": ""}, "q"),
        ({"q": "pi_1' or true --"}, "q"),
        ({"status": "paid"}, "status"),
        ({"user_id": "me"}, "user_id"),
        ({"currency": "dollars"}, "currency"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-03", "to": "2026-02-03"}, "from"),
        ({"disputed": "perhaps"}, "disputed"),
        ({"limit": "101"}, "limit"),
        ({"cursor": NOBODY}, "cursor"),
        ({"sort": "amount"}, "sort"),
    ],
    ids=str,
)
def test_wrong_input_names_its_field(admin: Person, asked: dict[str, str], field: str) -> None:
    refused(admin.get(PATH, params=asked), field)


@pytest.mark.parametrize("path", ["payments", f"users/{NOBODY}", "events", "metrics"])
def test_nobody_but_an_admin_looks(sandbox: dict[str, str], buyer: Person, path: str) -> None:
    """What a user writes into his own metadata makes no admin of him."""
    answer = buyer.get(f"/api/admin/{path}")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    pretender = shop.legacy_token(sandbox, sub=buyer.id, user_metadata={"role": "admin"})
    headers = shop.bearer(pretender)
    assert buyer.get(f"/api/admin/{path}", headers=headers).status_code == 403
