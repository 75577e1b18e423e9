"""Falling below the threshold is told once: the crossing, not the state."""

from datetime import UTC, datetime, timedelta

from tests.ledger.books import Books, Desk, new_id

THRESHOLD = 50


def told(books: Books) -> list[int]:
    """What was available each time."""
    events = books.rows("select data from public.account_events order by created_at")
    return [data["available"] for (data,) in events]


def test_spending_below_the_threshold_is_told_once(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, THRESHOLD + 2)
    desk.spend(user_id, 2)
    assert told(books) == []
    desk.spend(user_id, 1)
    desk.spend(user_id, 1)
    assert told(books) == [THRESHOLD - 1]


def test_a_hold_that_crosses_and_its_capture_are_one_crossing(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, THRESHOLD + 10)
    hold = desk.hold(user_id, 20)
    desk.capture(hold["hold_id"])
    assert told(books) == [THRESHOLD - 10]


def test_who_comes_up_and_falls_again_is_told_again(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, THRESHOLD)
    desk.spend(user_id, 1)
    desk.grant(user_id, 1)
    desk.spend(user_id, 5)
    assert told(books) == [THRESHOLD - 1, THRESHOLD - 5]


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def expire(books: Books) -> None:
    """The last day of all that expires has come."""
    books.rows("update public.credit_lots set expires_at = now() where expires_at is not null")


def test_a_hold_that_ends_on_expired_credits_tells_nothing_again(
    books: Books, desk: Desk, user_id: str
) -> None:
    """Between its steps the account has more credits than the user ever had."""
    desk.grant(user_id, 90, tomorrow())
    desk.grant(user_id, 20)
    holds = [desk.hold(user_id, 30)["hold_id"] for _ in range(3)]
    expire(books)
    desk.release(holds[0])
    desk.capture(holds[1], 10)
    desk.release(holds[2])
    assert told(books) == [THRESHOLD - 30]


def test_credits_that_expire_beside_a_hold_are_missed_when_it_ends(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, 100, tomorrow())
    desk.grant(user_id, 30, tomorrow())
    desk.grant(user_id, THRESHOLD - 10)
    hold = desk.hold(user_id, 100)
    assert told(books) == []
    expire(books)
    desk.capture(hold["hold_id"])
    assert told(books) == [THRESHOLD - 10]


def test_a_payment_that_comes_after_its_refund_has_changed_nothing(
    books: Books, desk: Desk, user_id: str
) -> None:
    """Within one change there were many credits, and nobody could have spent them."""
    desk.grant(user_id, THRESHOLD - 1)
    order = desk.order(user_id)
    refund = {"id": new_id("re"), "amount": order["amount"], "currency": "usd"}
    intent_id = new_id("pi")
    paid = {"payment_id": order["payment_id"], "paid": True, "currency": "usd"}
    desk.facts(
        **paid,
        amount=order["amount"],
        payment_intent_id=intent_id,
        refunds=[refund | {"status": "succeeded"}],
    )
    assert books.one("select balance from public.user_credits") == THRESHOLD - 1
    assert books.one("select count(*) from public.credit_transactions where type = 'refund'") == 1
    assert told(books) == []


def test_credits_that_are_replaced_on_the_day_they_expire_are_not_missed(
    books: Books, desk: Desk, user_id: str
) -> None:
    desk.grant(user_id, 100, tomorrow())
    expire(books)
    desk.grant(user_id, 100)
    assert books.one("select balance from public.user_credits") == 100
    assert told(books) == []


def test_what_returns_to_a_lot_that_has_ended_tells_nothing_again(
    books: Books, desk: Desk, user_id: str
) -> None:
    """A dispute outlasts a month: what is won back has expired, and was never there to be lost."""
    intent_id = desk.buy(user_id)
    desk.dispute(intent_id, 499, "needs_response", "du_1")
    expire(books)
    desk.call("expire_credits", limit=10)
    desk.dispute(intent_id, 499, "won", "du_1")
    assert books.one("select balance from public.user_credits") == 0
    desk.call("expire_credits", limit=10)
    assert told(books) == [0]
