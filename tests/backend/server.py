"""Another server of the same owner: it spends and holds with a service key."""

import uuid
from typing import Any

import httpx
import psycopg

from tests.http import HTTP
from tests.people import Person


class Server:
    """A fresh Idempotency-Key for each request, unless one is given; None: without one."""

    def __init__(self, env: dict[str, str]) -> None:
        self._url = f"{env['BACKEND_URL']}/api/credits"
        self._service_key = env["SERVICE_API_KEYS"].split(",")[0]

    def spend(self, user: Person, quantity: int = 1, **fields: Any) -> httpx.Response:
        return self._for(user, "/spend", quantity, fields)

    def hold(self, user: Person, quantity: int = 1, **fields: Any) -> httpx.Response:
        return self._for(user, "/holds", quantity, fields)

    def get_hold(self, hold_id: str) -> httpx.Response:
        return self._ask("GET", f"/holds/{hold_id}")

    def capture(self, hold_id: str, quantity: int | None = None) -> httpx.Response:
        return self._ask("POST", f"/holds/{hold_id}/capture", {"quantity": quantity})

    def release(self, hold_id: str) -> httpx.Response:
        return self._ask("POST", f"/holds/{hold_id}/release")

    def _for(
        self, user: Person, path: str, quantity: int, fields: dict[str, Any]
    ) -> httpx.Response:
        key = fields.pop("key", uuid.uuid4().hex)
        body = {"user_id": user.id, "feature": "audio_processing", "quantity": quantity}
        return self._ask("POST", path, body | fields, {"Idempotency-Key": key} if key else {})

    def _ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {self._service_key}"}
        return HTTP.request(method, self._url + path, json=body, headers=bearer | (headers or {}))


def give(database: psycopg.Connection[Any], user: Person, credits: int) -> None:
    """A bonus that never expires."""
    database.execute(
        "select public.adjust_credits(%s, %s, 'a gift', null, 'tests', %s)",
        [user.id, credits, uuid.uuid4().hex],
    )
