"""Access tokens: what must be refused is refused in one way, and what must be accepted works."""

import base64
import hmac
import json
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests import shop
from tests.http import HTTP
from tests.people import People, Person
from tests.sandbox_process import run_command
from tests.stripe_console import eventually

Env = dict[str, str]


# PostgREST looks at the token that the first hands on to it; for the second the backend asks as the
# service, and nobody but itself has looked.
ROUTES = ["/api/credits", "/api/credits/auto-recharge"]


def ask(env: Env, token: str | None, path: str = "/api/credits") -> httpx.Response:
    headers = {} if token is None else shop.bearer(token)
    return HTTP.get(env["BACKEND_URL"] + path, headers=headers)


def public_key(env: Env) -> dict[str, Any]:
    return HTTP.get(env["SUPABASE_JWKS_URL"]).json()["keys"][0]


def unsigned(env: Env, _: Person) -> str:
    return jwt.encode(shop.claims(env), None, algorithm="none")


def signed_with_the_public_key(env: Env, _: Person) -> str:
    key = public_key(env)
    text = jwt.PyJWK(key).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _hs256(shop.claims(env), text, key["kid"])


def signed_with_a_key_of_ones_own(env: Env, _: Person) -> str:
    kid = public_key(env)["kid"]
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(shop.claims(env), key, algorithm="ES256", headers={"kid": kid})


def with_an_unknown_key_id(env: Env, _: Person) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(shop.claims(env), key, algorithm="ES256", headers={"kid": "unknown"})


def with_a_changed_payload(env: Env, buyer: Person) -> str:
    head, _, tail = buyer.token.split(".")
    other = shop.legacy_token(env, app_metadata={"role": "admin"}).split(".")[1]
    return ".".join([head, other, tail])


FORGERIES = [
    unsigned,
    signed_with_the_public_key,
    signed_with_a_key_of_ones_own,
    with_an_unknown_key_id,
    with_a_changed_payload,
]
CLAIMS: dict[str, dict[str, Any]] = {
    "expired beyond the skew": {"exp": -30},
    "expired ten minutes ago": {"exp": -600},
    "never expires": {"exp": None},
    "not valid yet": {"nbf": 600},
    "from the future": {"iat": 600},
    "wrong audience": {"aud": "anon"},
    "no audience": {"aud": None},
    "wrong issuer": {"iss": "https://evil.example/auth/v1"},
    "no issuer": {"iss": None},
    "no subject": {"sub": None},
    "subject is no UUID": {"sub": "admin"},
    "subject is a UUID to Python alone": {"sub": "urn:uuid:7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"},
    "subject is a number": {"sub": 1},
    "role anon": {"role": "anon"},
    "role service_role": {"role": "service_role"},
    "no role": {"role": None},
}
API_KEYS = [
    "SUPABASE_ANON_KEY",
    "SUPABASE_SERVICE_KEY",
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "STRIPE_SECRET_KEY",
]
NONSENSE = ["x", "a.b.c", "..", "null", "é" * 20, "a" * 7000, "eyJhbGciOiJIUzI1NiJ9.e30."]


def assert_refused(answer: httpx.Response) -> None:
    """Nobody learns which check failed."""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    problem = answer.json()
    del problem["request_id"]
    assert problem == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Please sign in.",
        "code": "unauthorized",
    }


def test_without_a_token_there_is_nothing_to_see(sandbox: Env) -> None:
    assert_refused(ask(sandbox, None))


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forged_token_is_refused(sandbox: Env, buyer: Person, forgery: Any, path: str) -> None:
    assert_refused(ask(sandbox, forgery(sandbox, buyer), path))


@pytest.mark.parametrize("secret", [b"", b"None", shop.JWT_SECRET.encode()])
def test_a_shop_without_the_legacy_secret_takes_no_token_of_any(secret: bytes) -> None:
    client = shop.client(SUPABASE_JWT_SECRET="")
    answer = client.get(ROUTES[1], headers=shop.bearer(_hs256(shop.claims(), secret)))
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("changed", CLAIMS.values(), ids=CLAIMS)
def test_a_token_with_a_wrong_claim_is_refused(
    sandbox: Env, changed: dict[str, Any], path: str
) -> None:
    relative = {
        name: int(time.time()) + value if name in ("exp", "nbf", "iat") and value else value
        for name, value in changed.items()
    }
    assert_refused(ask(sandbox, shop.legacy_token(sandbox, **relative), path))


@pytest.mark.parametrize("name", API_KEYS)
def test_an_api_key_is_no_access_token(sandbox: Env, name: str) -> None:
    assert_refused(ask(sandbox, sandbox[name]))


@pytest.mark.parametrize("token", NONSENSE, ids=lambda token: ascii(token)[:16])
def test_nonsense_is_refused(sandbox: Env, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode()}
    assert_refused(HTTP.get(sandbox["BACKEND_URL"] + "/api/credits", headers=headers))


@pytest.mark.parametrize("header", ["Basic dXNlcjpwYXNz", "Bearer", "{}", "Token {}"])
def test_only_the_bearer_scheme_counts(sandbox: Env, buyer: Person, header: str) -> None:
    headers = {"Authorization": header.format(buyer.token)}
    assert_refused(HTTP.get(sandbox["BACKEND_URL"] + "/api/credits", headers=headers))


def test_a_wrong_token_is_refused_even_where_none_is_needed(sandbox: Env) -> None:
    """An expired session must not look like an empty cart."""
    assert_refused(ask(sandbox, "x", "/api/cart/count"))


def test_a_token_is_taken_from_the_header_alone(sandbox: Env, buyer: Person) -> None:
    url = f"{sandbox['BACKEND_URL']}/api/credits?access_token={buyer.token}"
    assert_refused(HTTP.get(url, headers={"Cookie": f"access_token={buyer.token}"}))


def test_a_little_clock_skew_is_fine(sandbox: Env) -> None:
    """Checked here by the backend; PostgREST has a skew of its own."""
    token = shop.legacy_token(sandbox, exp=int(time.time()) - 3)
    answer = ask(sandbox, token, "/api/cart/count")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ROUTES)
def test_a_token_of_the_legacy_secret_works(sandbox: Env, buyer: Person, path: str) -> None:
    assert ask(sandbox, shop.legacy_token(sandbox, sub=buyer.id), path).status_code == 200
    client, headers = shop.client(), shop.bearer(shop.legacy_token())
    assert client.get(path, headers=headers).status_code == 503, "let in, to no database"


def test_several_audiences_are_fine_if_ours_is_among_them(sandbox: Env, buyer: Person) -> None:
    token = shop.legacy_token(sandbox, sub=buyer.id, aud=["authenticated", "other"])
    assert ask(sandbox, token, "/api/cart/count").status_code == 200


def test_a_new_signing_key_is_noticed_and_the_old_one_still_works(
    sandbox: Env, people: People, buyer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How soon, and that a flood of key ids fetches no oftener, is in unit/test_jwks.py."""
    monkeypatch.setattr("backend.gateways.jwks.REFETCH_INTERVAL_SECONDS", 0)
    client = shop.client(sandbox)

    def balance_of(person: Person) -> Any:
        return client.get("/api/credits", headers=shop.bearer(person.token)).json.get("balance")

    assert balance_of(buyer) == 0
    rotated = run_command(Path(sandbox["SANDBOX_DATA"]), "rotate-keys")
    newcomer = people.sign_up()
    assert jwt.get_unverified_header(newcomer.token)["kid"] in rotated.stdout
    eventually(lambda: balance_of(newcomer), lambda balance: balance == 0)
    assert balance_of(buyer) == 0
    # The running backend has to notice, too, in each of its processes: later tests use the new key.
    eventually(lambda: _statuses(sandbox, newcomer), lambda statuses: statuses == {200})


def _statuses(sandbox: Env, person: Person) -> set[int]:
    """Asked over connections of their own, so that each process is asked."""
    url = f"{sandbox['BACKEND_URL']}/api/credits"
    headers = {"Authorization": f"Bearer {person.token}"}
    return {httpx.get(url, headers=headers, timeout=30).status_code for _ in range(10)}


def _hs256(claims: dict[str, Any], secret: bytes, kid: str = "k") -> str:
    """By hand: PyJWT refuses to sign with a public key."""
    head = _encoded(json.dumps({"alg": "HS256", "kid": kid}).encode())
    signed = f"{head}.{_encoded(json.dumps(claims).encode())}"
    return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
