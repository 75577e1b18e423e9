"""People who sign up at the sandbox's Auth and speak to the backend with their own token."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.http import HTTP

PASSWORD = "correct-horse-battery"


@dataclass
class Person:
    """Somebody with an account: `post`, `get` speak to the backend, `rpc`, `table` to PostgREST."""

    env: dict[str, str] = field(repr=False)
    id: str
    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(
        self, path: str, json: Any = None, key: str | None = None, **options: Any
    ) -> httpx.Response:
        """`key` goes into the Idempotency-Key header."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.request("POST", path, json=json, headers=headers, **options)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        url = self.env["BACKEND_URL"] + path
        return HTTP.request(method, url, headers=headers, **options)

    def order(self, package_id: str = "starter", **fields: Any) -> dict[str, Any]:
        """Order a package; answers what the backend answers."""
        answer = self.post(
            "/api/stripe/create-checkout-session", {"package_id": package_id} | fields
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def payment(self, payment_id: str) -> dict[str, Any]:
        return self.get(f"/api/payments/{payment_id}").json()

    def refresh(self, payment_id: str) -> dict[str, Any]:
        answer = self.post(f"/api/payments/{payment_id}/refresh")
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def available(self) -> int:
        """Credits that can be spent now."""
        return self.get("/api/credits").json()["available"]

    def postgrest(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Straight to PostgREST with this person's token, as an attacker would."""
        headers = {"apikey": self.env["SUPABASE_ANON_KEY"], "Authorization": f"Bearer {self.token}"}
        url = f"{self.env['SUPABASE_URL']}/rest/v1/{path}"
        headers |= options.pop("headers", {})
        return HTTP.request(method, url, headers=headers, **options)


class People:
    """Signs people up and in."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env

    def sign_up(self) -> Person:
        email = f"{uuid.uuid4().hex[:12]}@example.com"
        return self._person("signup", {"email": email, "password": PASSWORD})

    def guest(self) -> Person:
        """An anonymous sign-in, in Supabase's sense."""
        return self._person("signup", {})

    def sign_in(self, email: str, password: str) -> Person:
        return self._person("token?grant_type=password", {"email": email, "password": password})

    def admin(self) -> Person:
        return self.sign_in("admin@example.com", "topup-admin-1")

    def _person(self, path: str, body: dict[str, str]) -> Person:
        session = self._answer("POST", path, body)
        return Person(
            env=self._env,
            id=session["user"]["id"],
            email=session["user"].get("email") or "",
            password=body.get("password", ""),
            token=session["access_token"],
        )

    def _answer(
        self, method: str, path: str, body: dict[str, str], token: str | None = None
    ) -> dict[str, Any]:
        key = self._env["SUPABASE_ANON_KEY"]
        headers = {"apikey": key, "Authorization": f"Bearer {token or key}"}
        url = f"{self._env['SUPABASE_URL']}/auth/v1/{path}"
        answer = HTTP.request(method, url, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def banned(connection: Any, person: Person) -> Iterator[None]:
    """For as long as the block runs, this person is banned in auth.users."""
    change = "update auth.users set banned_until = {} where id = %s"
    connection.execute(change.format("now() + interval '1 day'"), [person.id])
    yield
    connection.execute(change.format("null"), [person.id])
