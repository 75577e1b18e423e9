"""What happens between two steps of a recharge: one of them is held up while something else is told."""

from typing import Any

from tests.ledger.books import Books, Desk
from tests.ledger.meanwhile import held_up

FAILURES_MAX = 3


def ready(books: Books, desk: Desk) -> str:
    """Somebody with a card who has agreed, and has nothing left."""
    user_id = books.new_user()
    desk.card(desk.customer(user_id))
    desk.recharge(user_id)
    return user_id


def test_credits_that_come_while_the_job_is_at_work_are_not_bought_again(
    books: Books, desk: Desk
) -> None:
    """It finds all that are due, and orders one after the other."""
    users = [ready(books, desk) for _ in range(2)]
    locked = "select from public.credit_packages where id = 'starter' for update"
    with held_up(books, locked, Desk.claim) as answers:
        for user_id in users:
            desk.grant(user_id, 500)
    [orders] = answers
    assert len(orders) == 1  # of the one whom it had looked at already
    ordered = "select count(*) from public.payment_orders where kind = 'auto_recharge'"
    assert books.one(ordered) == 1


def test_a_new_consent_outlasts_the_failure_that_ends_the_old_one(books: Books, desk: Desk) -> None:
    ready(books, desk)
    for _ in range(FAILURES_MAX - 1):
        fail(desk, desk.claim())
        books.rows("update public.payment_orders set created_at = created_at - interval '2 days'")
        books.rows("update public.auto_recharges set consented_at = now() - interval '9 days'")
    last = desk.claim()
    agreed_again = "update public.auto_recharges set consented_at = clock_timestamp()"
    with held_up(books, agreed_again, lambda other: fail(other, last)):
        pass
    assert books.rows("select enabled, off_reason from public.auto_recharges") == [(True, None)]


def fail(desk: Desk, orders: list[Any]) -> None:
    [order] = orders
    desk.facts(payment_id=order["payment"]["payment_id"], ended="failed")
