"""The same races through the doors that servers use: the backend, and PostgREST behind it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.http import HTTP
from tests.ledger.books import new_key
from tests.people import People
from tests.together import all_at_once, at_once

Spend = Callable[[str, str], httpx.Response]
PRICE = 2  # of docx_processing, in credits


class Doors:
    def __init__(self, env: dict[str, str]) -> None:
        self._env = env

    def backend(self, user_id: str, key: str) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self._env['SERVICE_API_KEYS']}",
            "Idempotency-Key": key,
        }
        body = {"user_id": user_id, "feature": "docx_processing"}
        return HTTP.post(
            f"{self._env['BACKEND_URL']}/api/credits/spend", json=body, headers=headers
        )

    def postgrest(self, user_id: str, key: str) -> httpx.Response:
        return self.rpc(
            "spend",
            p_user_id=user_id,
            p_feature="docx_processing",
            p_quantity=1,
            p_idempotency_key=key,
        )

    def rpc(self, function: str, **parameters: Any) -> httpx.Response:
        url = f"{self._env['SUPABASE_URL']}/rest/v1/rpc/{function}"
        return HTTP.post(url, json=parameters, headers={"apikey": self._env["SUPABASE_SECRET_KEY"]})


@pytest.fixture
def doors(sandbox: dict[str, str]) -> Doors:
    return Doors(sandbox)


@pytest.fixture
def user_id(people: People, doors: Doors) -> str:
    """Somebody with forty credits."""
    user_id = people.sign_up().id
    granted = doors.rpc(
        "adjust_credits",
        p_user_id=user_id,
        p_credits=40,
        p_reason="a test",
        p_expires_at=None,
        p_actor="tests",
        p_idempotency_key=new_key(),
    )
    assert granted.status_code == 200, granted.text
    return user_id


@pytest.mark.parametrize("door", ["backend", "postgrest"])
def test_of_many_requests_at_once_exactly_those_are_served_that_there_are_credits_for(
    doors: Doors, user_id: str, door: str
) -> None:
    requests = 100
    spend: Spend = getattr(doors, door)
    answers = all_at_once(*[lambda: spend(user_id, new_key())] * requests)
    refused = [answer for answer in answers if not answer.is_success]
    assert {answer.status_code for answer in refused} == {402}
    left = sorted(answer.json()["available"] for answer in answers if answer.is_success)
    assert left == list(range(0, 40, PRICE))


@pytest.mark.parametrize("door", ["backend", "postgrest"])
def test_one_key_in_many_requests_at_once_is_one_spend(
    doors: Doors, user_id: str, door: str
) -> None:
    spend: Spend = getattr(doors, door)
    key = new_key()
    answers = at_once(50, lambda: spend(user_id, key))
    assert all(answer.is_success for answer in answers)
    spends = {(answer.json()["transaction_id"], answer.json()["balance"]) for answer in answers}
    assert len(spends) == 1
    assert spend(user_id, new_key()).json()["available"] == 40 - 2 * PRICE
