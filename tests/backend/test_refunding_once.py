"""However often and by however many a refund is asked for, it is made once."""

import pytest

from tests.backend.purchase import Purchase, Shop
from tests.backend.refunding import REFUNDS, given_back, path_of, refund, refusal
from tests.people import People, Person
from tests.stripe_console import StripeConsole, eventually
from tests.together import all_at_once, at_once


def test_the_same_key_gives_the_same_refund(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    key = purchase.payment_id
    first, again = (refund(admin, purchase, key=key, amount=100) for _ in range(2))
    assert first == again
    assert given_back(stripe_console, purchase) == [100]
    other = admin.post(path_of(purchase), {"amount": 101}, key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


def test_a_key_of_one_payments_refund_refunds_no_other(
    admin: Person, shop_floor: Shop, people: People, stripe_console: StripeConsole
) -> None:
    one, other = (shop_floor.sell(people.sign_up()) for _ in range(2))
    key = one.payment_id
    refund(admin, one, key=key, amount=100)
    answer = admin.post(path_of(other), {"amount": 100}, key=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert given_back(stripe_console, other) == []


def test_an_admin_who_asks_again_because_the_answer_was_lost_makes_one_refund(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    stripe_console.fault(method="POST", path=REFUNDS, kind="drop", when="after", times=3)
    assert refusal(admin, purchase, amount=100) == (503, "stripe_unavailable")
    assert refund(admin, purchase, amount=100)["amount"] == 100
    assert given_back(stripe_console, purchase) == [100]
    assert purchase.now["amount_refunded"] == 100


@pytest.mark.parametrize("amount", [100, None])
def test_one_key_never_refunds_twice_although_the_webhook_was_faster(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole, amount: int | None
) -> None:
    stripe_console.fault(method="POST", path=REFUNDS, status=500, when="after", times=3)
    wish, key = {"amount": amount}, purchase.payment_id
    assert admin.post(path_of(purchase), wish, key=key).status_code == 503
    eventually(lambda: purchase.now["amount_refunded"], bool)
    answer = admin.post(path_of(purchase), wish, key=key)
    assert given_back(stripe_console, purchase) == [amount or 499]
    assert (answer.status_code, answer.json()["amount"]) == (200, amount or 499)


@pytest.mark.parametrize("amount", [100, None])
def test_one_key_at_once_is_one_refund(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole, amount: int | None
) -> None:
    def ask() -> int:
        return admin.post(
            path_of(purchase), {"amount": amount}, key="k" + purchase.payment_id
        ).status_code

    assert set(at_once(6, ask)) == {200}
    assert given_back(stripe_console, purchase) == [amount or 499]


def test_two_admins_at_once_give_the_money_back_once(
    admin: Person, people: People, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    second = people.admin()
    answers = all_at_once(
        *[
            lambda who=who: who.post(path_of(purchase), {"reason": who.token[:9]})
            for who in (admin, second) * 2
        ]
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    assert given_back(stripe_console, purchase) == [499]
    assert purchase.now["status"] == "refunded"


def test_two_admins_at_once_give_back_no_more_than_is_left(
    admin: Person, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    answers = all_at_once(
        *[
            lambda why=why: admin.post(path_of(purchase), {"amount": 300, "reason": why})
            for why in "ab"
        ]
    )
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert sorted(answer.status_code for answer in answers)[1] in (409, 422)
    assert given_back(stripe_console, purchase) == [300]
