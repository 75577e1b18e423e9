"""What all responses have in common: origins, headers, bounds, and errors in one form."""

import re
import socket
import uuid
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests import shop
from tests.http import HTTP
from tests.people import Person

Env = dict[str, str]
CHECKOUT = "/api/stripe/create-checkout-session"
FOREIGN = [
    "https://evil.example",
    "null",
    "http://127.0.0.1",
    "https://127.0.0.1.evil.example",
    "http://localhost:1",
]


def ask(env: Env, method: str, path: str, **options: Any) -> httpx.Response:
    return HTTP.request(method, env["BACKEND_URL"] + path, **options)


def preflight(env: Env, origin: str, path: str, method: str = "POST") -> httpx.Response:
    return ask(
        env,
        "OPTIONS",
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
        },
    )


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_is_not_let_in(sandbox: Env, buyer: Person, origin: str) -> None:
    for answer in (
        ask(sandbox, "GET", "/api/packages", headers={"Origin": origin}),
        buyer.request("GET", "/api/credits", headers={"Origin": origin}),
        preflight(sandbox, origin, "/api/credits", "GET"),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "path", [CHECKOUT, "/api/credits", f"/api/payments/{uuid.UUID(int=0)}/refresh"]
)
def test_a_listed_origin_may_ask_first(sandbox: Env, path: str) -> None:
    """A browser asks without a token; an error here would close the door to every page."""
    for origin in sandbox["ALLOWED_ORIGINS"].split(","):
        answer = preflight(sandbox, origin, path)
        assert answer.status_code in (200, 204), answer.text
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        assert all(name in allowed for name in ("authorization", "idempotency-key"))


def test_a_listed_origin_may_read_answers_and_errors(sandbox: Env, buyer: Person) -> None:
    origin = sandbox["FRONTEND_URL"]
    for answer in (
        buyer.request("GET", "/api/credits", headers={"Origin": origin}),
        ask(sandbox, "GET", "/api/credits", headers={"Origin": origin}),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Access-Control-Allow-Credentials" not in answer.headers
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert "X-Request-Id" in exposed
        assert "Retry-After" in exposed
        assert "RateLimit-Reset" in exposed


def test_a_shared_cache_keeps_origins_apart(sandbox: Env) -> None:
    """What may be kept for everybody says for which origin it was made, ours or not."""
    for headers in ({}, {"Origin": sandbox["FRONTEND_URL"]}, {"Origin": FOREIGN[0]}):
        answer = ask(sandbox, "GET", "/api/packages", headers=headers)
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("path", ["/api/health", "/api/credits", "/api/packages", "/api/nothing"])
def test_every_answer_has_the_headers_that_protect_a_browser(sandbox: Env, path: str) -> None:
    headers = ask(sandbox, "GET", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])
    assert "werkzeug" not in headers.get("Server", "").lower()


@pytest.mark.parametrize("path", ["/topup.js", "/elements/credits-badge.js", "/icons/topup.svg"])
def test_the_pages_modules_load_in_an_app_of_any_origin(sandbox: Env, path: str) -> None:
    answer = ask(sandbox, "GET", path, headers={"Origin": "https://app.example"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")


def policy(client: Any) -> dict[str, list[str]]:
    header = client.get("/api/health").headers["Content-Security-Policy"]
    return {name: words for name, *words in (part.split() for part in header.split(";"))}


def test_the_content_security_policy_is_strict_and_lets_stripe_work() -> None:
    live = policy(shop.client(shop.LIVE_ENV))
    assert live["script-src"] == ["'self'", "https://js.stripe.com", "https://*.js.stripe.com"]
    assert {"https://js.stripe.com", "https://hooks.stripe.com"} <= set(live["frame-src"])
    assert "https://api.stripe.com" in live["connect-src"]
    assert "https://project.supabase.co" in live["connect-src"]
    assert live["frame-ancestors"] == ["'none'"]
    assert live["base-uri"] == ["'none'"]
    assert live["object-src" if "object-src" in live else "default-src"] == ["'none'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"} & {
        word for words in live.values() for word in words
    }


def test_a_supabase_behind_a_path_may_be_asked_for_more_than_that_path() -> None:
    own = shop.LIVE_ENV | {"SUPABASE_URL": "https://example.com/supabase"}
    assert "https://example.com" in policy(shop.client(own))["connect-src"]


@pytest.mark.parametrize("path", ["/api/credits", "/api/payments", "/api/cart/count"])
def test_what_belongs_to_a_user_stays_in_no_cache(buyer: Person, path: str) -> None:
    assert buyer.get(path).headers["Cache-Control"] == "no-store"


UNKNOWN = [
    ("GET", "/api/nothing", 404, "not_found"),
    ("POST", "/api/nothing", 404, "not_found"),
    ("DELETE", "/api/nothing", 404, "not_found"),
    ("GET", "/api/", 404, "not_found"),
    ("GET", "/api/payments/", 404, "not_found"),
    ("GET", "/nothing.html", 404, "not_found"),
    ("GET", "/../backend/config.py", 404, "not_found"),
    ("GET", "/..%2f..%2fetc/passwd", 404, "not_found"),
    ("GET", "/%00", 404, "not_found"),
    ("GET", "//evil.example", 404, "not_found"),
    ("GET", CHECKOUT, 405, "method_not_allowed"),
    ("PUT", CHECKOUT, 405, "method_not_allowed"),
    ("DELETE", "/api/credits", 405, "method_not_allowed"),
    ("POST", "/api/packages", 405, "method_not_allowed"),
    ("POST", "/", 405, "method_not_allowed"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), UNKNOWN)
def test_what_is_not_there_is_said_in_the_contracts_form(
    buyer: Person, method: str, path: str, status: int, code: str
) -> None:
    answer = buyer.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    if status == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1@evil.example"])
def test_a_forged_host_is_reflected_nowhere(sandbox: Env, host: str) -> None:
    for path in ("/api/config", "/api/nothing", "/", "/api//health", "/api/payments//x", "//"):
        answer = ask(sandbox, "GET", path, headers={"Host": host})
        assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data"])
def test_only_json_is_read(buyer: Person, content_type: str) -> None:
    answer = buyer.request(
        "POST",
        CHECKOUT,
        content=b'{"package_id": "starter"}',
        headers={"Content-Type": content_type},
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


BODIES = {
    "nothing": (b"", 422),
    "no JSON": (b"{", 400),
    "not UTF-8": (b'{"package_id": "\xff"}', 400),
    "not a number": (b'{"package_id": NaN}', 400),
    "a list": (b"[]", 422),
    "brackets without end": (b"[" * 50_000, 400),
    "objects without end": (b'{"package_id":' * 4_000, 400),
    "too large a number": (b'{"package_id": 1e400}', 422),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES)
def test_a_body_that_makes_no_sense_is_refused(buyer: Person, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = buyer.request("POST", CHECKOUT, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_beyond_the_limit_is_refused(buyer: Person) -> None:
    answer = buyer.post(CHECKOUT, {"package_id": "a" * 70_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert answer.headers["Connection"] == "close", "or a proxy sends the next request into it"


def test_a_body_that_was_read_leaves_the_connection_open(buyer: Person) -> None:
    assert buyer.post(CHECKOUT, {"package_id": "starter"}).headers["Connection"] == "keep-alive"


def status_of(env: Env, request: bytes) -> int:
    """What the server answers to these bytes."""
    address = urlsplit(env["BACKEND_URL"])
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request)
        return int(connection.recv(1024).split()[1])


@pytest.mark.parametrize("ending", [b"\r\n}", b"} and so on"])
def test_a_body_without_a_length_is_bounded_too(sandbox: Env, buyer: Person, ending: bytes) -> None:
    """Also where what comes before the limit would be a request by itself."""
    head = (
        f"POST {CHECKOUT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {buyer.token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    start = b'{"package_id": "starter"' + (b"}" if ending.startswith(b"}") else b"")
    whole = start.ljust(80_000) + ending
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(whole), whole)
    assert status_of(sandbox, head.encode() + chunked) == 413
    assert buyer.get("/api/payments").json()["payments"] == []


@pytest.mark.parametrize(
    "chunks",
    [b"zz\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}\r\n0\r\n\r\n", b"2\r\n{}0\r\n\r\n...."],
    ids=["no number", "below zero", "no end of a chunk"],
)
@pytest.mark.parametrize("path", [CHECKOUT, "/api/stripe/webhook"])
def test_a_body_whose_chunks_are_none_is_a_bad_request(
    sandbox: Env, buyer: Person, path: str, chunks: bytes
) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {buyer.token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert status_of(sandbox, head.encode() + chunks) == 400


def test_a_length_that_lies_is_not_waited_for(sandbox: Env) -> None:
    head = "POST /api/stripe/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
    assert status_of(sandbox, head.encode()) == 413


def test_a_request_id_that_was_given_comes_back(sandbox: Env) -> None:
    answer = ask(sandbox, "GET", "/api/nothing", headers={"X-Request-Id": "from-the-page-1"})
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"] == "from-the-page-1"


def test_over_https_a_browser_is_told_to_stay_there() -> None:
    client = shop.client()
    assert "Strict-Transport-Security" not in client.get("/api/health").headers
    secure = client.get("/api/health", base_url="https://shop.example")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
