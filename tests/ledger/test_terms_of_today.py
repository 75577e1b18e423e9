"""Credits are moved on the terms of today: who may, and what a feature costs."""

import pytest

from tests.ledger.books import UNIT, Books, Desk, Refused


@pytest.mark.parametrize(
    "state",
    ["deleted_at = now()", "banned_until = now() + interval '1 hour'", "is_anonymous = true"],
)
def test_who_may_not_move_credits_spends_none(
    books: Books, desk: Desk, user_id: str, state: str
) -> None:
    """With plenty left: a spend that needs no care is a way of its own."""
    desk.grant(user_id, 1000)
    books.rows(f"update auth.users set {state} where id = %s", user_id)
    for verb in (desk.spend, desk.hold):
        with pytest.raises(Refused, match="forbidden"):
            verb(user_id, 1)


def test_who_was_banned_until_now_may_again(books: Books, desk: Desk, user_id: str) -> None:
    desk.grant(user_id, 10)
    desk.grant(user_id, 10)
    books.rows(
        "update auth.users set banned_until = now() - interval '1 hour' where id = %s", user_id
    )
    desk.spend(user_id, 1)
    desk.hold(user_id, 1)
    desk.spend(user_id, 15)  # of two lots
    assert desk.order(user_id)["status"] == "pending"


def test_after_a_price_has_changed_everything_costs_the_new_one(
    books: Books, desk: Desk, user_id: str
) -> None:
    for _ in range(2):
        desk.grant(user_id, 50)
    books.rows("update public.feature_costs set active = false where feature = %s", UNIT)
    books.rows(
        "insert into public.feature_costs (feature, version, unit, credits)"
        " values (%s, 2, 'credit', 3)",
        UNIT,
    )
    assert desk.hold(user_id, 10)["amount"] == 30
    assert desk.spend(user_id, 1)["amount"] == 3
    assert desk.spend(user_id, 20)["amount"] == 60, "of two lots"
