"""Credits that were taken back for a refund or a dispute come back when it comes to nothing."""

from collections.abc import Iterator

import pytest

from tests.ledger.books import Books, Desk


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_what_was_taken_from_other_lots_comes_back_too(
    books: Books, desk: Desk, user_id: str, kind: str
) -> None:
    """A hold keeps part of the payment's own lot, so another lot must stand in; then the hold is
    released, and there is no room in the payment's own lot for all that comes back."""
    intent_id = desk.buy(user_id, "starter")
    hold = desk.hold(user_id, 200)
    desk.grant(user_id, 300)
    if kind == "refund":
        desk.refund(intent_id, 499, "re_1")
    else:
        desk.dispute(intent_id, 499, "needs_response", "du_1")
    assert books.one("select balance - held from public.user_credits") == 100
    desk.release(hold["hold_id"])
    if kind == "refund":
        desk.refund(intent_id, 499, "re_1", status="failed")
    else:
        desk.dispute(intent_id, 499, "won", "du_1")
    assert books.one("select balance - held from public.user_credits") == 800


def take_and_return(desk: Desk, kind: str, intent_id: str) -> Iterator[None]:
    """A refund or a dispute of all of it, which comes to nothing in the second step."""
    if kind == "refund":
        desk.refund(intent_id, 499, "re_1")
        yield
        desk.refund(intent_id, 499, "re_1", status="failed")
    else:
        desk.dispute(intent_id, 499, "needs_response", "du_1")
        yield
        desk.dispute(intent_id, 499, "won", "du_1")
    yield


def expire(books: Books, intent_id: str) -> None:
    """The last day of this payment's credits comes, and the job with it."""
    books.rows(
        "update public.credit_lots set expires_at = now() where payment_id = "
        "(select id from public.payment_orders where stripe_payment_intent_id = %s)",
        intent_id,
    )
    books.rows("select public.expire_credits(10)")


def account(books: Books) -> tuple[int, int]:
    """Balance and debt of the one user."""
    [found] = books.rows("select balance, debt from public.user_credits")
    return found


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_credits_of_a_later_purchase_come_back_with_their_own_expiry(
    books: Books, desk: Desk, user_id: str, kind: str
) -> None:
    """They had to stand in for spent ones, whose day comes before the bank has decided."""
    first = desk.buy(user_id)
    desk.spend(user_id, 500)
    desk.buy(user_id)
    steps = take_and_return(desk, kind, first)
    next(steps)
    assert account(books) == (0, 0)
    expire(books, first)
    next(steps)
    books.rows("select public.expire_credits(10)")
    assert account(books) == (500, 0)


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_credits_that_paid_the_debt_come_back_with_their_own_expiry(
    books: Books, desk: Desk, user_id: str, kind: str
) -> None:
    first = desk.buy(user_id)
    desk.spend(user_id, 500)
    steps = take_and_return(desk, kind, first)
    next(steps)
    assert account(books) == (-500, 500)
    desk.buy(user_id)
    assert account(books) == (0, 0)
    expire(books, first)
    next(steps)
    books.rows("select public.expire_credits(10)")
    assert account(books) == (500, 0)
    assert books.rows("select debt_paid from public.credit_lots where debt_paid > 0") == []


def test_debt_that_nobody_has_paid_yet_is_owed_no_more(
    books: Books, desk: Desk, user_id: str
) -> None:
    """Half of it a gift has paid, which has its credits again."""
    first = desk.buy(user_id)
    desk.spend(user_id, 500)
    steps = take_and_return(desk, "dispute", first)
    next(steps)
    desk.grant(user_id, 250)
    assert account(books) == (-250, 250)
    next(steps)
    assert account(books) == (250, 0)
    lots = books.rows("select remaining, debt_paid from public.credit_lots order by created_at")
    assert lots == [(0, 0), (250, 0)]


def test_a_part_that_comes_back_goes_where_it_lasts_longest(
    books: Books, desk: Desk, user_id: str
) -> None:
    """Two refunds took from the payment's own lot and from a gift that never expires."""
    first = desk.buy(user_id)
    desk.spend(user_id, 250)
    desk.grant(user_id, 250)
    desk.refund(first, 249, "re_1")
    desk.refund(first, 250, "re_2")
    assert account(books) == (0, 0)
    desk.refund(first, 249, "re_1", status="failed")
    lots = books.rows("select remaining, expires_at is null from public.credit_lots order by 2")
    assert lots == [(0, False), (250, True)]


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_credits_that_had_expired_are_not_taken_a_second_time(
    books: Books, desk: Desk, user_id: str, kind: str
) -> None:
    first = desk.buy(user_id)
    desk.spend(user_id, 100)
    expire(books, first)
    desk.buy(user_id)
    steps = take_and_return(desk, kind, first)
    next(steps)
    assert account(books) == (400, 0)  # the hundred that were spent, no more
    next(steps)
    books.rows("select public.expire_credits(10)")
    assert account(books) == (500, 0)


def test_of_expired_credits_no_part_is_taken_twice(books: Books, desk: Desk, user_id: str) -> None:
    """Nor does it look as if the user had come into credits in the meantime."""
    first = desk.buy(user_id)
    expire(books, first)
    desk.grant(user_id, 20)
    desk.refund(first, 249, "re_1")
    desk.refund(first, 250, "re_2")
    assert account(books) == (20, 0)
    assert books.rows("select data from public.account_events") == [
        ({"available": 0, "threshold": 50},)
    ]


def test_an_inquiry_that_becomes_a_larger_chargeback_takes_the_larger_part(
    books: Books, desk: Desk, user_id: str
) -> None:
    intent_id = desk.buy(user_id, "starter")
    desk.dispute(intent_id, 100, "warning_needs_response", "du_1")
    desk.dispute(intent_id, 499, "needs_response", "du_1")
    desk.dispute(intent_id, 100, "warning_needs_response", "du_1")
    assert account(books) == (0, 0)


def planned(desk: Desk, intent_id: str) -> tuple[int, int]:
    """Credits that a refund in full would take, and how many of them would become debt."""
    plan = desk.call("plan_refund", payment_id=None, payment_intent_id=intent_id, amount=None)
    return plan["credits"], plan["credits_missing"]


@pytest.mark.parametrize("is_swept", [False, True])
def test_a_planned_refund_of_expired_credits_promises_no_debt(
    books: Books, desk: Desk, user_id: str, is_swept: bool
) -> None:
    intent_id = desk.buy(user_id)
    desk.spend(user_id, 100)
    books.rows("update public.credit_lots set expires_at = now()")
    if is_swept:
        books.rows("select public.expire_credits(10)")
    assert planned(desk, intent_id) == (500, 100)
    desk.grant(user_id, 60)
    assert planned(desk, intent_id) == (500, 40)
    desk.refund(intent_id, 499)
    assert account(books) == (-40, 40)


def test_a_planned_refund_of_who_owes_already_promises_no_more_debt_than_it_makes(
    desk: Desk, user_id: str
) -> None:
    first, second = desk.buy(user_id), desk.buy(user_id)
    desk.spend(user_id, 1000)
    desk.refund(first, 499)
    assert planned(desk, second) == (500, 500)
