"""The gateway lets through what Supabase's lets through, with the role that the key means."""

import functools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.http import HTTP
from tests.sandbox_process import run_command

# PostgREST hears of a changed schema or key over the database, soon but not at once.
NOTICED_SECONDS_MAX = 10


@pytest.fixture(scope="module", autouse=True)
def who_am_i(bare: dict[str, str]) -> Iterator[None]:
    """A function that tells the role and the user a request has become."""
    address = f"{bare['SUPABASE_URL']}/rest/v1/rpc/who_am_i"
    key = {"apikey": bare["SUPABASE_ANON_KEY"]}
    with psycopg.connect(bare["SUPABASE_DB_URL"], autocommit=True) as database:
        database.execute(
            "create function public.who_am_i() returns text stable language sql"
            " return current_user || ' ' || coalesce(auth.email(), 'nobody')"
        )
        wait_until(lambda: HTTP.get(address, headers=key).status_code == 200)
        yield
        database.execute("drop function public.who_am_i()")


@pytest.fixture
def http(bare: dict[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=bare["SUPABASE_URL"]) as client:
        yield client


def is_accepted(http: httpx.Client, key: str, bearer: str) -> bool:
    return ask(http, apikey=key, authorization=bearer).status_code == 200


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + NOTICED_SECONDS_MAX
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)


def ask(http: httpx.Client, **headers: str) -> httpx.Response:
    transport = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.get("/rest/v1/rpc/who_am_i", headers=transport)


def sign_in(http: httpx.Client, bare: dict[str, str]) -> str:
    answer = http.post(
        "/auth/v1/token?grant_type=password",
        json={"email": "user@example.com", "password": "topup-user-1"},
        headers={"apikey": bare["SUPABASE_PUBLISHABLE_KEY"]},
    )
    return str(answer.json()["access_token"])


@pytest.mark.parametrize(
    ("key", "role"),
    [
        ("SUPABASE_ANON_KEY", "anon"),
        ("SUPABASE_PUBLISHABLE_KEY", "anon"),
        ("SUPABASE_SERVICE_KEY", "service_role"),
        ("SUPABASE_SECRET_KEY", "service_role"),
    ],
)
def test_a_key_alone_or_as_its_own_bearer_means_its_role(
    http: httpx.Client, bare: dict[str, str], key: str, role: str
) -> None:
    assert ask(http, apikey=bare[key]).json() == f"{role} nobody"
    both = ask(http, apikey=bare[key], authorization=f"Bearer {bare[key]}")
    assert both.json() == f"{role} nobody"


def test_a_users_token_wins_over_the_key(http: httpx.Client, bare: dict[str, str]) -> None:
    token = sign_in(http, bare)
    for key in ("SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"):
        answer = ask(http, apikey=bare[key], authorization=f"Bearer {token}")
        assert answer.json() == "authenticated user@example.com"


def test_no_key_and_a_wrong_key_are_refused(http: httpx.Client, bare: dict[str, str]) -> None:
    assert ask(http).status_code == 401
    assert ask(http, apikey="sb_publishable_invented").status_code == 401
    # Another key's bearer is nobody's token.
    crossed = ask(
        http,
        apikey=bare["SUPABASE_PUBLISHABLE_KEY"],
        authorization=f"Bearer {bare['SUPABASE_SECRET_KEY']}",
    )
    assert crossed.status_code == 401


def test_a_secret_key_is_refused_in_a_browser(http: httpx.Client, bare: dict[str, str]) -> None:
    browser = "Mozilla/5.0 (X11; Linux x86_64)"
    answer = ask(http, apikey=bare["SUPABASE_SECRET_KEY"], user_agent=browser)
    assert (answer.status_code, answer.json()["message"]) == (
        401,
        "Forbidden use of secret API key in browser",
    )
    public = ask(http, apikey=bare["SUPABASE_PUBLISHABLE_KEY"], user_agent=browser)
    assert public.status_code == 200


def test_the_key_server_needs_no_key(http: httpx.Client) -> None:
    assert http.get("/auth/v1/.well-known/jwks.json").status_code == 200
    assert http.get("/auth/v1/settings").status_code == 401


def test_any_origin_may_ask(http: httpx.Client, bare: dict[str, str]) -> None:
    preflight = http.options(
        "/rest/v1/rpc/who_am_i",
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "apikey,authorization",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-headers"] == "apikey,authorization"
    answer = ask(http, apikey=bare["SUPABASE_ANON_KEY"])
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


def test_a_rotated_key_signs_and_the_old_token_still_counts(
    http: httpx.Client, bare: dict[str, str], bare_data: Path
) -> None:
    key = bare["SUPABASE_PUBLISHABLE_KEY"]
    old = sign_in(http, bare)
    assert run_command(bare_data, "rotate-keys").returncode == 0
    new = sign_in(http, bare)
    assert len(http.get("/auth/v1/.well-known/jwks.json").json()["keys"]) == 2
    for token in (old, new):
        bearer = f"Bearer {token}"
        wait_until(functools.partial(is_accepted, http, key, bearer))
        answer = ask(http, apikey=key, authorization=bearer)
        assert answer.json() == "authenticated user@example.com"
