"""Facts and questions that name what is somebody else's, leave out what is needed, or are of the
other mode."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.ledger.books import Books, Desk, Refused, new_id
from tests.ledger.lives import AMOUNT

CARDS = "select user_id::text, is_default, exp_year from public.payment_methods order by created_at"


@pytest.fixture
def stranger_id(books: Books) -> str:
    return books.new_user()


@pytest.fixture
def card_id(desk: Desk, user_id: str) -> str:
    """The user's default card."""
    return desk.card(desk.customer(user_id))


def told(card_id: str, customer_id: str, **changed: Any) -> dict[str, Any]:
    card = {"id": card_id, "customer_id": customer_id, "brand": "visa", "last4": "4242"}
    return card | {"exp_month": 12, "exp_year": 2034} | changed


def refused(desk: Desk, function: str, **arguments: Any) -> str:
    with pytest.raises(Refused) as refusal:
        desk.call(function, **arguments)
    return refusal.value.code


def event(**facts: Any) -> dict[str, Any]:
    payload = {"id": new_id("evt"), "type": "test", "livemode": False, "created": 0}
    return {"event": payload, "livemode": False, "facts": facts}


def test_a_card_never_changes_hands(
    books: Books, desk: Desk, user_id: str, stranger_id: str, card_id: str
) -> None:
    desk.facts(payment_methods=[told(card_id, desk.customer(stranger_id))])
    assert books.rows(CARDS) == [(user_id, True, 2034)]


def test_somebody_elses_card_is_nobodys_default(
    books: Books, desk: Desk, user_id: str, stranger_id: str, card_id: str
) -> None:
    mine = desk.card(desk.customer(stranger_id))
    default = {"id": desk.customer(stranger_id), "default_payment_method": card_id}
    desk.facts(customer=default)
    assert {row[:2] for row in books.rows(CARDS)} == {(user_id, True), (stranger_id, True)}
    assert mine != card_id


@pytest.mark.parametrize("livemode", [False, True])
def test_paying_with_somebody_elses_card_is_like_paying_with_none(
    books: Books, desk: Desk, user_id: str, stranger_id: str, card_id: str, livemode: bool
) -> None:
    """So is paying live with a card of the test mode."""
    whose = user_id if livemode else stranger_id
    desk.customer(stranger_id)
    asked = {"user_id": whose, "livemode": livemode}
    named = asked | {"payment_method_id": card_id}
    assert refused(desk, "require_payment_method", **named) == "not_found"
    with pytest.raises(Refused, match="not_found"):
        desk.order(
            whose, livemode=livemode, ui_mode="elements", options={"payment_method_id": card_id}
        )
    assert books.one("select count(*) from public.payment_orders") == 0


def test_a_card_without_a_customer_or_of_a_deleted_one_is_not_saved(
    books: Books, desk: Desk, user_id: str
) -> None:
    customer_id = desk.customer(user_id)
    desk.facts(customer={"id": customer_id, "deleted": True})
    for owner in (customer_id, new_id("cus"), None):
        answer = desk.call("receive_event", **event(payment_methods=[told(new_id("pm"), owner)]))  # type: ignore[arg-type]
        assert (answer["status"], answer["error"]) == ("ignored", "unknown_customer")
    assert books.rows(CARDS) == []


def test_a_subscription_never_changes_hands(
    books: Books, desk: Desk, user_id: str, stranger_id: str
) -> None:
    moment = dict.fromkeys(["created_at", "learnt_at"], "2026-11-21")
    subscription = {"id": new_id("sub"), "price_id": desk.price(), "status": "active", **moment}
    subscription |= {"cancel_at_period_end": False}
    for owner in (user_id, stranger_id):
        desk.facts(subscription=subscription | {"customer_id": desk.customer(owner)})
    assert books.rows("select user_id::text from public.subscriptions") == [(user_id,)]
    named = {"user_id": stranger_id, "subscription_id": subscription["id"]}
    assert refused(desk, "require_subscription", **named) == "not_found"


def test_a_refund_is_of_a_payment_that_is_named(desk: Desk, user_id: str) -> None:
    desk.buy(user_id)
    nothing = {"payment_id": None, "payment_intent_id": None, "amount": None}
    assert refused(desk, "plan_refund", **nothing) == "not_found"


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("usd", 0), ("usd", -1), ("usd", AMOUNT + 1), ("usd", 10**18), ("kwd", 1005), ("kwd", 1)],
)
def test_a_refund_is_of_what_is_left(desk: Desk, user_id: str, currency: str, amount: int) -> None:
    """Dinars in steps of ten, as Stripe takes them."""
    payment = desk.order(user_id, currency=currency)
    desk.pay(payment)
    plan = {"payment_id": payment["payment_id"], "payment_intent_id": None, "amount": amount}
    assert refused(desk, "plan_refund", **plan) == "validation_error"


@pytest.mark.parametrize(
    "facts",
    [
        {"refunds": [{"id": "re_1", "amount": 1, "currency": "usd", "status": "succeeded"}]},
        {"disputes": [{"id": "du_1", "amount": 1, "currency": "usd", "status": "lost"}]},
        {"payment_methods": [{"id": "pm_1", "detached": True}]},
        {"customer": {"id": "cus_1", "deleted": True}},
        {"subscription": {"id": "sub_1", "customer_id": "cus_1", "price_id": "price_1"}},
        {"invoice": {"id": "in_1", "lines": []}, "paid": True, "amount": 1, "currency": "usd"},
        {"payment_intent_id": "pi_1", "paid": True, "amount": 1, "currency": "usd"},
    ],
    ids=lambda facts: next(iter(facts)),
)
def test_what_belongs_to_another_shop_of_the_account_leaves_no_trace(
    books: Books, desk: Desk, facts: dict[str, Any]
) -> None:
    answer = desk.call("receive_event", **event(**facts))
    assert answer["error"] in ("unknown_payment", "unknown_customer")
    assert not answer["retry"]
    for table in ("payment_orders", "refunds", "disputes", "payment_methods", "subscriptions"):
        assert books.one(f"select count(*) from public.{table}") == 0


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        ({"amount": AMOUNT - 1}, "amount_mismatch"),
        ({"checkout_session_id": "cs_2"}, "session_mismatch"),
    ],
    ids=["the amount", "the session"],
)
def test_a_refund_counts_whatever_is_wrong_with_what_it_came_with(
    books: Books, desk: Desk, user_id: str, refused: dict[str, Any], why: str
) -> None:
    payment = desk.order(user_id)
    desk.facts(payment_id=payment["payment_id"], checkout_session_id="cs_1")
    paid = {"payment_intent_id": desk.pay(payment), "paid": True, "currency": "usd"}
    paid |= {"amount": AMOUNT, "payment_id": payment["payment_id"]} | refused
    refund = {"id": new_id("re"), "amount": AMOUNT, "currency": "usd", "status": "succeeded"}
    answer = desk.call("receive_event", **event(**paid, refunds=[refund]))
    assert answer["error"] == why
    assert books.rows("select status, amount_refunded::int from public.payment_orders") == [
        ("refunded", AMOUNT)
    ]
    assert books.one("select balance from public.user_credits") == 0


def test_a_page_of_drift_of_nobodys_facts_is_no_drift(desk: Desk) -> None:
    facts = [
        {"payment_intent_id": "pi_1", "paid": True, "amount": 1, "currency": "usd"},
        {"subscription": {"id": "sub_1", "customer_id": "cus_1", "price_id": "price_1"}},
        {"invoice": {"id": "in_1", "lines": []}, "customer_id": "cus_1", "paid": True},
        {"payment_intent_id": "pi_1", "refunds": [{"id": "re_1", "status": "succeeded"}]},
    ]
    query = "select public.find_drift(%s::jsonb)"
    [drift] = desk.connection.execute(query, [Jsonb(facts)]).fetchone() or [[]]
    assert drift == [None] * len(facts)


@pytest.mark.parametrize(
    "missing",
    [{"idempotency_key": None}, {"reason": None}, {"reason": " "}, {"credits": None}, {"credits": 0},
     {"credits": -(2**63) + 1}],
    ids=str,
)  # fmt: skip
def test_a_grant_without_what_makes_it_one_is_refused(
    books: Books, desk: Desk, user_id: str, missing: dict[str, Any]
) -> None:
    whole = {"user_id": user_id, "credits": 5, "reason": "a gift", "idempotency_key": "key"}
    asked = whole | {"expires_at": None, "actor": "tests"} | missing
    assert refused(desk, "adjust_credits", **asked) == "validation_error"
    assert books.rows("select * from public.credit_transactions") == []


NOBODY = "00000000-0000-4000-8000-00000000dead"


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("get_customer", {"livemode": False}),
        ("set_auto_recharge", dict.fromkeys(
            ["livemode", "threshold", "package_id", "currency", "default_currency", "monthly_limit"]
        ) | {"enabled": True}),
        ("require_payment_method", {"livemode": None, "payment_method_id": None}),
        ("require_subscription", {"subscription_id": None}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("user_id", [None, NOBODY])
def test_nobody_is_told_no(
    desk: Desk, function: str, arguments: dict[str, Any], user_id: str | None
) -> None:
    assert refused(desk, function, user_id=user_id, **arguments) in ("forbidden", "not_found")


def test_an_event_that_meets_a_lock_for_too_long_is_sent_again(
    books: Books, desk: Desk, user_id: str
) -> None:
    """Recorded as failed with what passes by itself: the answer must ask for it once more."""
    order = desk.order(user_id)
    told = {"id": new_id("evt"), "type": "test", "livemode": False, "created": 0}
    facts = {"payment_id": order["payment_id"], "paid": True, "currency": "usd"}
    asked = {"event": told, "livemode": False, "facts": facts | {"amount": order["amount"]}}
    locked = "select from public.payment_orders where id = %s for update"
    with (
        books.desk(lock_timeout="100ms") as hasty,
        books.connect("postgres") as owner,
        owner.transaction(),
    ):
        owner.execute(locked, [order["payment_id"]])
        answer = hasty.call("receive_event", **asked)
    assert (answer["status"], answer["retry"]) == ("failed", True)
    assert answer["error"].startswith("55P03")
    assert desk.call("receive_event", **asked)["status"] == "processed"
