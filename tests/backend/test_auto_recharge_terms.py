"""What a user agrees to with auto-recharge, and how he withdraws."""

from typing import Any

import psycopg
import pytest

from tests.backend.jobs import Jobs
from tests.backend.recharging import OFF, RECHARGE, TERMS, Connection, agree, recharges, state
from tests.backend.wallet import Wallet
from tests.people import Person, banned

pytestmark = pytest.mark.usefixtures("nobody_elses_recharge_is_due", "changing_catalog")


def test_it_is_off_until_the_user_says_so(buyer: Person, jobs: Jobs) -> None:
    assert state(buyer) == {
        "enabled": False, "threshold": None, "package_id": None, "monthly_limit": None,
        "currency": None, "amount": None, "spent_this_month": 0, "off_reason": None,
        "consented_at": None,
    }  # fmt: skip
    assert jobs.recharge() == {}
    assert recharges(buyer) == []


def test_what_was_agreed_to_is_shown_with_the_price(due: Wallet) -> None:
    shown = state(due.buyer)
    assert shown.pop("consented_at")
    assert shown == TERMS | {
        "currency": "usd", "amount": 499, "spent_this_month": 0, "off_reason": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"threshold": 0}, 422, "validation_error"),
        ({"threshold": -1}, 422, "validation_error"),
        ({"threshold": 10**10}, 422, "validation_error"),
        ({"threshold": None}, 422, "validation_error"),
        ({"package_id": None}, 422, "validation_error"),
        ({"monthly_limit": None}, 422, "validation_error"),
        ({"monthly_limit": 0}, 422, "validation_error"),
        ({"monthly_limit": 498}, 422, "validation_error"),
        ({"enabled": "yes"}, 422, "validation_error"),
        ({"enabled": None}, 422, "validation_error"),
        ({"amount": 1}, 422, "validation_error"),
        ({"expected_amount": 399}, 422, "validation_error"),
        ({"user_id": "x"}, 422, "validation_error"),
        ({"package_id": "gone"}, 404, "not_found"),
        ({"package_id": "monthly"}, 404, "not_found"),
        ({"currency": "chf"}, 404, "not_found"),
    ],
)
def test_terms_that_make_no_sense_are_refused_and_nothing_changes(
    due: Wallet, database: Connection, fields: dict, status: int, code: str
) -> None:
    before = state(due.buyer)
    answer = due.buyer.request("PUT", RECHARGE, json=TERMS | fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert state(due.buyer) == before
    assert len(consents(database, due.buyer)) == 1


def test_without_a_card_there_is_nothing_to_agree_to(buyer: Person) -> None:
    answer = buyer.request("PUT", RECHARGE, json=TERMS)
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert "card" in answer.json()["detail"]


def test_who_may_not_buy_may_not_agree_either(due: Wallet, database: Connection) -> None:
    with banned(database, due.buyer):
        answer = due.buyer.request("PUT", RECHARGE, json=TERMS)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert due.buyer.request("PUT", RECHARGE, json=OFF).json()["enabled"] is False
    assert consents(database, due.buyer)[-1] == OFF
    due.buyer.token = "nobody"
    for method in ("GET", "PUT"):
        answer = due.buyer.request(method, RECHARGE, json=TERMS)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def consents(database: Connection, buyer: Person) -> list[dict[str, Any]]:
    query = "select terms from auto_recharge_consents where user_id = %s order by given_at"
    return [row["terms"] for row in database.execute(query, [buyer.id])]


def test_every_consent_and_every_withdrawal_is_kept(due: Wallet, database: Connection) -> None:
    agree(due.buyer, threshold=200)
    assert agree(due.buyer, enabled=False)["enabled"] is False
    agreed = {"currency": "usd", "amount": 499, "credits": 500, "payment_method_id": due.ids[0]}
    terms = TERMS | agreed
    assert consents(database, due.buyer) == [terms, terms | {"threshold": 200}, OFF]


def test_withdrawing_needs_no_terms(due: Wallet, buyer: Person, jobs: Jobs) -> None:
    assert due.buyer.request("PUT", RECHARGE, json=OFF).json()["enabled"] is False
    assert jobs.recharge() == {}


def test_a_consent_cannot_be_changed_by_anybody(due: Wallet, database: Connection) -> None:
    for change in ("update auto_recharge_consents set terms = '{}'", "delete from auto_recharge_consents", "truncate auto_recharge_consents"):  # fmt: skip
        with pytest.raises(psycopg.Error):
            database.execute(change)
    assert len(consents(database, due.buyer)) == 1


def test_the_tables_show_everybody_his_own_only(due: Wallet, stranger: Person) -> None:
    change = {"user_id": stranger.id}
    for table in ("auto_recharges", "auto_recharge_consents"):
        assert len(due.buyer.postgrest("GET", table).json()) == 1
        assert stranger.postgrest("GET", table).json() == []
        for verb in ("PATCH", "POST", "DELETE"):
            answer = due.buyer.postgrest(verb, f"{table}?user_id=eq.{due.buyer.id}", json=change)
            assert answer.status_code == 403, (table, verb)
    assert state(stranger)["enabled"] is False
