"""Credits end on their day: written off once, and never those that a hold reserves."""

import psycopg
import pytest

from tests.sql.books import Books
from tests.together import at_once


def expire(books: Books, payment_id: str) -> None:
    """The lot of this payment expired a moment ago."""
    books.connection.execute(
        "update credit_lots set expires_at = now() - interval '1 second' where payment_id = %s",
        [payment_id],
    )


@pytest.fixture
def owner(books: Books) -> str:
    return books.new_user()


def sweep(books: Books) -> dict[str, int]:
    return books.call("expire_credits", p_limit=100)


def test_what_has_expired_is_written_off_once(books: Books, owner: str) -> None:
    gone, _ = books.buy(owner)
    books.buy(owner, "creator")
    expire(books, gone)
    assert sweep(books)["credits"] >= 500  # other owners' may be due as well
    assert sweep(books) == {"users": 0, "credits": 0}
    assert books.account(owner)["balance"] == 1500
    assert books.ledger(owner)[-1] == ("expiry", -500)


def test_two_jobs_at_once_write_it_off_once(
    books: Books, owner: str, sandbox: dict[str, str]
) -> None:
    gone, _ = books.buy(owner)
    expire(books, gone)

    def job() -> None:
        with psycopg.connect(sandbox["SUPABASE_DB_URL"], autocommit=True) as connection:
            connection.execute("select expire_credits(100)")

    at_once(4, job)
    assert books.ledger(owner) == [("purchase", 500), ("expiry", -500)]


def test_what_is_spent_does_not_expire(books: Books, owner: str) -> None:
    gone, _ = books.buy(owner)
    books.spend(owner, 120)
    expire(books, gone)
    sweep(books)
    assert books.ledger(owner)[-1] == ("expiry", -380)
    assert books.account(owner)["balance"] == 0


def test_what_a_hold_reserves_waits_for_it(books: Books, owner: str) -> None:
    gone, _ = books.buy(owner)
    books.spend(owner, 1)
    books.call(
        "hold",
        p_user_id=owner,
        p_feature="test",
        p_quantity=40,
        p_ttl_seconds=600,
        p_idempotency_key=gone,
    )
    expire(books, gone)
    sweep(books)
    account = books.account(owner)
    assert (account["balance"], account["held"]) == (40, 40)


def test_the_earliest_to_expire_is_spent_first(books: Books, owner: str) -> None:
    later, _ = books.buy(owner, "creator")
    sooner, _ = books.buy(owner)
    books.connection.execute(
        "update credit_lots set expires_at = now() + interval '1 day' where payment_id = %s",
        [sooner],
    )
    books.spend(owner, 600)
    assert (books.remaining(sooner), books.remaining(later)) == (0, 1400)


def test_expired_credits_cannot_be_spent_even_before_a_sweep(books: Books, owner: str) -> None:
    gone, _ = books.buy(owner)
    expire(books, gone)
    with pytest.raises(psycopg.Error, match="insufficient_credits"):
        books.spend(owner, 1)


def test_a_package_that_never_expires_never_does(books: Books, owner: str) -> None:
    granted = books.call(
        "adjust_credits",
        p_user_id=owner,
        p_credits=10,
        p_reason="gift",
        p_expires_at=None,
        p_actor="test",
        p_idempotency_key=owner,
    )
    assert granted["balance"] == 10
    sweep(books)
    assert books.account(owner)["balance"] == 10
