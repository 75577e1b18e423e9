"""Auth answers as GoTrue does, asked by Supabase's own clients and by hand."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import psycopg
import pytest
from supabase_auth import SyncGoTrueClient
from supabase_auth.errors import AuthApiError

PASSWORD = "correct horse"


@pytest.fixture
def http(bare: dict[str, str]) -> Iterator[httpx.Client]:
    headers = {"apikey": bare["SUPABASE_PUBLISHABLE_KEY"]}
    with httpx.Client(base_url=f"{bare['SUPABASE_URL']}/auth/v1", headers=headers) as client:
        yield client


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4()}@example.com"


def client_of(bare: dict[str, str], key: str = "SUPABASE_PUBLISHABLE_KEY") -> SyncGoTrueClient:
    headers = {"apikey": bare[key], "Authorization": f"Bearer {bare[key]}"}
    return SyncGoTrueClient(url=f"{bare['SUPABASE_URL']}/auth/v1", headers=headers)


def sign_up(http: httpx.Client, email: str) -> dict[str, Any]:
    answer = http.post("/signup", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()
    return session


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


def as_user(session: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


def test_the_real_client_signs_up_in_and_out(bare: dict[str, str], email: str) -> None:
    client = client_of(bare)
    client.sign_up({"email": email, "password": PASSWORD, "options": {"data": {"name": "Ann"}}})
    signed_in = client.sign_in_with_password({"email": email.upper(), "password": PASSWORD})
    assert signed_in.user is not None and signed_in.user.user_metadata == {"name": "Ann"}
    refreshed = client.refresh_session()
    assert refreshed.session is not None and signed_in.session is not None
    assert refreshed.session.refresh_token != signed_in.session.refresh_token
    client.sign_out()
    with pytest.raises(AuthApiError) as error:
        client.get_user(refreshed.session.access_token)
    assert error.value.code == "session_not_found"


def test_a_token_is_es256_and_verifies_with_the_key_server(
    bare: dict[str, str], http: httpx.Client, email: str
) -> None:
    session = sign_up(http, email)
    token = session["access_token"]
    key = jwt.PyJWKClient(bare["SUPABASE_JWKS_URL"]).get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="authenticated")
    assert claims["iss"] == f"{bare['SUPABASE_URL']}/auth/v1"
    assert claims["sub"] == session["user"]["id"]
    assert claims["role"] == "authenticated"
    assert claims["is_anonymous"] is False
    assert claims["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert claims["exp"] - claims["iat"] == 3600
    assert uuid.UUID(claims["session_id"])


def test_the_key_server_shows_no_private_half(http: httpx.Client) -> None:
    keys = http.get("/.well-known/jwks.json").json()["keys"]
    assert keys and all("d" not in key for key in keys)


def test_wrong_password_and_unknown_address_look_the_same(http: httpx.Client, email: str) -> None:
    sign_up(http, email)
    for who in (email, "nobody@example.com"):
        given = {"email": who, "password": "wrong one"}
        answer = http.post("/token?grant_type=password", json=given)
        assert refused(answer) == (400, "invalid_credentials")


def test_errors_come_in_the_shape_the_client_asks_for(http: httpx.Client) -> None:
    old = http.get("/user", headers={"Authorization": ""})
    new = http.get("/user", headers={"X-Supabase-Api-Version": "2024-01-01"})
    assert old.json().keys() == {"code", "error_code", "msg"}
    assert new.json().keys() == {"code", "message"}


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"email": "user@example.com", "password": PASSWORD}, 422, "user_already_exists"),
        ({"email": "new@example.com", "password": "short"}, 422, "weak_password"),
        ({"email": "new@example.com"}, 400, "validation_failed"),
        ({"email": "no address", "password": PASSWORD}, 400, "validation_failed"),
        ([], 400, "bad_json"),
        ({"email": ["a"], "password": PASSWORD}, 400, "bad_json"),
    ],
)
def test_sign_up_refuses(http: httpx.Client, given: object, status: int, code: str) -> None:
    assert refused(http.post("/signup", json=given)) == (status, code)


def test_an_anonymous_user_becomes_a_known_one(http: httpx.Client, email: str) -> None:
    session = http.post("/signup", json={}).json()
    assert session["user"]["is_anonymous"] is True
    known = http.put(
        "/user", json={"email": email, "password": PASSWORD}, headers=as_user(session)
    ).json()
    assert (known["is_anonymous"], known["id"]) == (False, session["user"]["id"])
    given = {"email": email, "password": PASSWORD}
    assert http.post("/token?grant_type=password", json=given).status_code == 200


def test_a_user_cannot_make_himself_admin(http: httpx.Client, email: str) -> None:
    session = sign_up(http, email)
    changed = http.put(
        "/user",
        json={"data": {"role": "admin"}, "app_metadata": {"role": "admin"}},
        headers=as_user(session),
    ).json()
    assert "role" not in changed["app_metadata"]
    assert changed["role"] == "authenticated"


def test_two_tabs_may_refresh_at_once_but_a_stolen_token_ends_the_session(
    bare: dict[str, str], http: httpx.Client, email: str
) -> None:
    def refresh(token: str) -> httpx.Response:
        return http.post("/token?grant_type=refresh_token", json={"refresh_token": token})

    first = sign_up(http, email)["refresh_token"]
    second = refresh(first).json()["refresh_token"]
    assert refresh(first).json()["refresh_token"] == second
    _age_refresh_tokens(bare)
    assert refused(refresh(first)) == (400, "refresh_token_already_used")
    assert refused(refresh(second)) == (400, "refresh_token_already_used")
    assert refused(refresh("invented")) == (400, "refresh_token_not_found")


def test_a_banned_user_is_refused_everywhere(
    bare: dict[str, str], http: httpx.Client, email: str
) -> None:
    session = sign_up(http, email)
    admin = client_of(bare, "SUPABASE_SECRET_KEY").admin
    admin.update_user_by_id(session["user"]["id"], {"ban_duration": "1h"})
    given = {"email": email, "password": PASSWORD}
    assert refused(http.post("/token?grant_type=password", json=given)) == (400, "user_banned")
    answer = http.post(
        "/token?grant_type=refresh_token", json={"refresh_token": session["refresh_token"]}
    )
    assert refused(answer) == (400, "user_banned")
    assert refused(http.get("/user", headers=as_user(session))) == (403, "user_banned")


def test_signing_out_elsewhere_keeps_this_session(http: httpx.Client, email: str) -> None:
    here = sign_up(http, email)
    there = http.post(
        "/token?grant_type=password", json={"email": email, "password": PASSWORD}
    ).json()
    assert http.post("/logout?scope=others", headers=as_user(here)).status_code == 204
    assert http.get("/user", headers=as_user(here)).status_code == 200
    assert refused(http.get("/user", headers=as_user(there))) == (403, "session_not_found")


@pytest.mark.parametrize("key", ["SUPABASE_ANON_KEY", "SUPABASE_PUBLISHABLE_KEY"])
def test_only_the_secret_key_administers(bare: dict[str, str], key: str) -> None:
    with pytest.raises(AuthApiError) as error:
        client_of(bare, key).admin.list_users()
    assert error.value.code == "not_admin"


def test_the_demo_accounts_are_there_and_one_is_admin(bare: dict[str, str]) -> None:
    client = client_of(bare)
    client.sign_in_with_password({"email": "user@example.com", "password": "topup-user-1"})
    client.sign_in_with_password({"email": "second@example.com", "password": "topup-second-1"})
    admin = client.sign_in_with_password(
        {"email": "admin@example.com", "password": "topup-admin-1"}
    )
    assert admin.user is not None and admin.user.app_metadata["role"] == "admin"


def _age_refresh_tokens(bare: dict[str, str]) -> None:
    """As if the window in which two tabs may race had passed."""
    with psycopg.connect(bare["SUPABASE_DB_URL"]) as database:
        database.execute("update auth.refresh_tokens set updated_at = now() - interval '1 minute'")
