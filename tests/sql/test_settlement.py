"""Facts in, ledger converges: order, duplicates and company of facts do not matter."""

import itertools
import random
from typing import Any, get_args

import psycopg
import pytest
import stripe
from psycopg.types.json import Jsonb

from tests.sql.books import Books, Facts, dispute, paid, refund
from tests.together import all_at_once

Connection = psycopg.Connection[dict]
SHUFFLES = 60


def starter() -> list[Facts]:
    """A payment's life, told with a placeholder for its id: paid, twice refunded, once disputed."""
    return [
        paid("?"),
        paid("?") | {"checkout_session_id": "cs_?", "customer_id": "cus_?"},
        {"payment_id": "?", "payment_intent_id": "pi_?", "processing": True},
        refund("?", 100, "pending", number=1),
        refund("?", 100, "succeeded", number=1),
        refund("?", 50, "succeeded", number=2),
        refund("?", 50, "failed", number=2),
        dispute("?", "warning_needs_response", 200),
        dispute("?", "needs_response", 200),
    ]


def about(payment_id: str, facts: Facts) -> Facts:
    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(part) for name, part in value.items()}
        if isinstance(value, list):
            return [filled(part) for part in value]
        return value.replace("?", payment_id) if isinstance(value, str) else value

    return filled(facts)


def end_state(books: Books, told: list[Facts]) -> dict[str, Any]:
    """Where a new buyer's starter package stands after all of it was told in this order."""
    user_id = books.new_user()
    payment_id = books.order(user_id)
    for facts in told:
        books.record(about(payment_id, facts))
    payment, account = books.payment(payment_id), books.account(user_id)
    ledger = books.ledger(user_id)
    shown = ("status", "amount_captured", "amount_refunded", "credits_refunded", "credits_disputed")
    return {name: payment[name] for name in shown} | {
        "balance": account["balance"],
        "debt": account["debt"],
        "lot": books.remaining(payment_id),
        "net": sum(amount for _, amount in ledger),
        "purchases": [amount for type_, amount in ledger if type_ == "purchase"],
    }


EXPECTED = {
    "status": "disputed",
    "amount_captured": 499,
    "amount_refunded": 100,
    "credits_refunded": 100,
    "credits_disputed": 200,
    "balance": 200,
    "debt": 0,
    "lot": 200,
    "net": 200,
    "purchases": [500],
}


def test_a_payments_facts_in_their_order(books: Books) -> None:
    assert end_state(books, starter()) == EXPECTED


def test_any_order_ends_in_the_same_books(books: Books) -> None:
    generator = random.Random(20261121)
    for _ in range(SHUFFLES):
        told = starter()
        generator.shuffle(told)
        assert end_state(books, told) == EXPECTED, told


def test_every_order_of_four_facts_ends_in_the_same_books(books: Books) -> None:
    facts = [paid("?"), refund("?", 100), refund("?", 399, number=2), dispute("?", "won", 499)]
    ends = [end_state(books, list(told)) for told in itertools.permutations(facts)]
    assert all(end == ends[0] for end in ends)
    assert (ends[0]["status"], ends[0]["balance"]) == ("refunded", 0)


def test_telling_everything_again_changes_nothing(books: Books) -> None:
    assert end_state(books, starter() * 2) == EXPECTED
    assert end_state(books, [facts for facts in starter() for _ in range(3)]) == EXPECTED


def test_all_of_it_at_once_ends_in_the_same_books(books: Books, sandbox: dict[str, str]) -> None:
    """Each fact on a connection of its own."""
    user_id = books.new_user()
    payment_id = books.order(user_id)

    def tell(facts: Facts) -> None:
        with psycopg.connect(sandbox["SUPABASE_DB_URL"], autocommit=True) as connection:
            connection.execute("select record_facts(%s)", [Jsonb(about(payment_id, facts))])

    all_at_once(*[lambda facts=facts: tell(facts) for facts in starter() * 2])
    account = books.account(user_id)
    assert (account["balance"], books.payment(payment_id)["status"]) == (200, "disputed")


@pytest.mark.parametrize("amount", [1, 99, 166, 249, 250, 498, 499])
def test_a_refund_takes_its_share_rounded_down(books: Books, amount: int) -> None:
    state = end_state(books, [paid("?"), refund("?", amount)])
    assert state["credits_refunded"] == amount * 500 // 499 if amount < 499 else 500
    assert state["balance"] == 500 - state["credits_refunded"]


def test_refunds_and_disputes_never_take_more_than_there_was(books: Books) -> None:
    told = [paid("?"), refund("?", 499), dispute("?", "lost", 499)]
    assert end_state(books, told)["balance"] == 0


def statuses(resource: type, field: str = "status") -> list[str]:
    """What the SDK lists for a field."""
    literal = get_args(resource.__annotations__[field])[0]
    return sorted(get_args(literal))


KEEPS_CREDITS = {
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "prevented",
    "won",
}


@pytest.mark.parametrize("status", statuses(stripe.Dispute))
def test_every_status_of_a_dispute_has_its_meaning(books: Books, status: str) -> None:
    state = end_state(books, [paid("?"), dispute("?", status)])
    assert state["balance"] == (500 if status in KEEPS_CREDITS else 0)


@pytest.mark.parametrize(
    ("status", "balance"),
    [
        ("pending", 400),
        ("requires_action", 400),
        ("succeeded", 400),
        ("failed", 500),
        ("canceled", 500),
    ],
)
def test_every_status_of_a_refund_has_its_meaning(books: Books, status: str, balance: int) -> None:
    assert end_state(books, [paid("?"), refund("?", 100, status)])["balance"] == balance


def test_an_appeal_that_is_won_gives_the_credits_back(books: Books) -> None:
    ways = ["needs_response", "lost", "appeal_needs_response", "appeal_under_review", "won"]
    told = [paid("?"), *(dispute("?", status) for status in ways)]
    assert end_state(books, told)["balance"] == 500


def test_credits_that_were_spent_become_debt_and_the_next_purchase_pays_it(books: Books) -> None:
    user_id = books.new_user()
    first, _ = books.buy(user_id)
    books.spend(user_id, 450)
    books.record(refund(first, 499))
    account = books.account(user_id)
    assert (account["balance"], account["debt"]) == (-450, 450)

    second, _ = books.buy(user_id)
    account = books.account(user_id)
    assert (account["balance"], account["debt"], books.remaining(second)) == (50, 0, 50)


def test_a_debt_larger_than_the_next_purchase_stays_in_part(books: Books) -> None:
    user_id = books.new_user()
    large, _ = books.buy(user_id, "creator")
    books.spend(user_id, 1500)
    books.record(refund(large, 1499))
    small, _ = books.buy(user_id)
    account = books.account(user_id)
    assert (account["balance"], account["debt"], books.remaining(small)) == (-1000, 1000, 0)


def test_a_clawback_takes_its_own_lot_first_then_others(books: Books) -> None:
    user_id = books.new_user()
    other, _ = books.buy(user_id, "creator")
    returned, _ = books.buy(user_id)
    books.record(refund(returned, 499))
    assert (books.remaining(returned), books.remaining(other)) == (0, 1500)

    books.spend(user_id, 100)
    books.record(refund(other, 1499))
    account = books.account(user_id)
    assert (account["balance"], account["debt"]) == (-100, 100)


def test_a_clawback_of_what_was_spent_is_taken_from_another_lot(books: Books) -> None:
    user_id = books.new_user()
    spent, _ = books.buy(user_id)
    books.spend(user_id, 500)
    kept, _ = books.buy(user_id, "creator")
    books.record(refund(spent, 499))
    assert books.remaining(kept) == 1000
    assert books.account(user_id)["debt"] == 0


def test_a_debt_is_forgiven_when_the_dispute_is_won(books: Books) -> None:
    user_id = books.new_user()
    payment_id, _ = books.buy(user_id)
    books.spend(user_id, 500)
    books.record(dispute(payment_id, "needs_response"))
    assert books.account(user_id)["balance"] == -500
    books.record(dispute(payment_id, "won"))
    account = books.account(user_id)
    assert (account["balance"], account["debt"]) == (0, 0)


REFUSED: dict[str, Facts] = {
    "less": {"amount": 498},
    "more": {"amount": 500},
    "another currency": {"currency": "jpy"},
}


@pytest.mark.parametrize("changed", REFUSED.values(), ids=REFUSED)
def test_other_money_than_ordered_credits_nothing(books: Books, changed: Facts) -> None:
    user_id = books.new_user()
    payment_id = books.order(user_id)
    books.pay(payment_id, **changed)
    payment = books.payment(payment_id)
    assert (payment["status"], payment["error"]["code"]) == ("failed", "amount_mismatch")
    assert books.ledger(user_id) == []


def test_facts_of_an_unknown_payment_change_nothing(books: Books) -> None:
    assert books.record(paid("7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10")) is None


def test_an_order_keeps_the_terms_it_was_made_under(books: Books) -> None:
    user_id = books.new_user()
    payment_id = books.order(user_id)
    change = "update credit_packages set credits = {}, expires_after_days = {} where id = 'starter'"
    books.connection.execute(change.format(1, 1))
    books.pay(payment_id)
    books.connection.execute(change.format(500, "default"))
    assert books.account(user_id)["balance"] == 500


def test_credits_that_would_outlast_the_calendar_are_not_on_sale(books: Books) -> None:
    """Never is null: a lifetime that ends on no date could be paid for, and not be granted."""
    change = "update credit_packages set expires_after_days = 36501 where id = 'starter'"
    with pytest.raises(psycopg.errors.CheckViolation, match="credit_packages_lifetime_check"):
        books.connection.execute(change)
