"""The key set: one fetch for a flood, rotation noticed, and an outage that stalls nobody."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from backend.errors import DatabaseUnavailable
from backend.gateways import jwks

STALL_SECONDS = 0.3


class KeyServer:
    """Answers `keys`, counts how often, and can be silent, broken or slow."""

    def __init__(self) -> None:
        self.keys = [key("first")]
        self.fetches = 0
        self.answer: bytes | None = None
        # What is promised. More than the answer has: the line breaks off.
        self.length: int | None = None
        self.resume = threading.Event()
        self.resume.set()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.fetches += 1
                server.resume.wait(10)
                with contextlib.suppress(BrokenPipeError):  # who asked has given up
                    self.send_response(200)
                    if server.length:
                        self.send_header("Content-Length", str(server.length))
                    self.end_headers()
                    self.wfile.write(server.body())

            def log_message(self, format: str, *arguments: Any) -> None:
                """Quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/jwks.json"

    def body(self) -> bytes:
        return json.dumps({"keys": self.keys}).encode() if self.answer is None else self.answer


def key(kid: str) -> dict[str, Any]:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return json.loads(ECAlgorithm.to_jwk(public)) | {"kid": kid, "alg": "ES256", "use": "sig"}


@pytest.fixture
def server() -> Iterator[KeyServer]:
    server = KeyServer()
    thread = threading.Thread(target=server.http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.resume.set()
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def keys(server: KeyServer) -> jwks.KeySet:
    return jwks.KeySet(server.url)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that only a test moves."""
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(jwks, "time", clock)
    return clock


def find_all(keys: jwks.KeySet, kids: list[str]) -> list[Any]:
    """All at once, each on its own thread."""

    def find(kid: str) -> Any:
        try:
            return keys.find(kid)
        except DatabaseUnavailable:
            return "unavailable"

    with ThreadPoolExecutor(len(kids)) as pool:
        return list(pool.map(find, kids))


def test_a_key_is_fetched_once_however_many_ask(server: KeyServer, keys: jwks.KeySet) -> None:
    found = find_all(keys, ["first"] * 20)
    assert {each.key_id for each in found} == {"first"}
    assert server.fetches == 1


def test_a_flood_of_unknown_key_ids_makes_one_fetch(
    server: KeyServer, keys: jwks.KeySet, clock: SimpleNamespace
) -> None:
    keys.find("first")
    clock.now += jwks.REFETCH_INTERVAL_SECONDS + 1
    assert find_all(keys, [f"made up {n}" for n in range(50)]) == [None] * 50
    assert server.fetches == 2


def test_a_new_key_is_noticed_within_a_minute_and_an_old_one_forgotten(
    server: KeyServer, keys: jwks.KeySet, clock: SimpleNamespace
) -> None:
    keys.find("first")
    server.keys = [key("second")]
    clock.now += jwks.REFETCH_INTERVAL_SECONDS + 1
    assert keys.find("second").key_id == "second"
    assert keys.find("first") is None


def test_a_withdrawn_key_stops_within_a_minute_though_nobody_uses_a_new_one(
    server: KeyServer, keys: jwks.KeySet, clock: SimpleNamespace
) -> None:
    keys.find("first")
    server.keys = [key("second")]
    clock.now += 60
    assert keys.find("first") is None


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"keys": []}', b'{"keys": 1}', b"{}"])
def test_a_broken_answer_changes_nothing(
    server: KeyServer, keys: jwks.KeySet, clock: SimpleNamespace, answer: bytes
) -> None:
    keys.find("first")
    server.answer = answer
    clock.now += 60
    assert keys.find("first").key_id == "first"


def test_an_answer_that_breaks_off_changes_nothing(
    server: KeyServer, keys: jwks.KeySet, clock: SimpleNamespace
) -> None:
    keys.find("first")
    server.length = 10_000
    clock.now += 60
    assert keys.find("first").key_id == "first"
    clock.now += 10  # and is no reason to ask again and again
    keys.find("first")
    assert server.fetches == 2


@pytest.mark.parametrize("error", [ConnectionResetError, TimeoutError, OSError])
def test_neither_does_a_line_that_is_cut(
    keys: jwks.KeySet, monkeypatch: pytest.MonkeyPatch, clock: SimpleNamespace, error: type[OSError]
) -> None:
    keys.find("first")

    def cut(*_: Any) -> bytes:
        raise error

    monkeypatch.setattr("http.client.HTTPResponse.read", cut)
    clock.now += 60
    assert keys.find("first").key_id == "first"


def test_a_silent_key_server_stalls_one_request_and_no_other(
    server: KeyServer, keys: jwks.KeySet, monkeypatch: pytest.MonkeyPatch, clock: SimpleNamespace
) -> None:
    monkeypatch.setattr(jwks, "JWKS_TIMEOUT_SECONDS", STALL_SECONDS)
    keys.find("first")
    clock.now += 60
    server.resume.clear()
    with ThreadPoolExecutor(20) as pool:
        began = time.perf_counter()
        durations = sorted(
            pool.map(lambda _: (keys.find("first"), time.perf_counter() - began)[1], range(20))
        )
    assert durations[-2] < STALL_SECONDS / 2
    assert durations[-1] < STALL_SECONDS * 3
    assert server.fetches == 2


def test_a_key_server_that_stays_silent_is_asked_seldom(
    server: KeyServer, keys: jwks.KeySet, monkeypatch: pytest.MonkeyPatch, clock: SimpleNamespace
) -> None:
    """However long each try took: what it took is no reason to try again at once."""
    monkeypatch.setattr(jwks, "JWKS_TIMEOUT_SECONDS", STALL_SECONDS)
    download = keys._download

    def slowly() -> dict[str, Any]:
        clock.now += 3
        return download()

    monkeypatch.setattr(keys, "_download", slowly)
    keys.find("first")
    clock.now += 60
    server.answer = b""
    for _ in range(20):
        assert keys.find("first").key_id == "first"
        clock.now += 1
    assert server.fetches == 2
    server.answer = None
    clock.now += jwks.RETRY_INTERVAL_SECONDS
    keys.find("first")
    assert server.fetches == 3


def test_before_the_first_answer_an_outage_is_said_soon_and_tried_seldom(
    server: KeyServer, keys: jwks.KeySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "JWKS_TIMEOUT_SECONDS", STALL_SECONDS)
    server.resume.clear()
    began = time.perf_counter()
    assert find_all(keys, ["first"] * 10) == ["unavailable"] * 10
    assert find_all(keys, ["first"] * 10) == ["unavailable"] * 10
    assert time.perf_counter() - began < STALL_SECONDS * 4
    assert server.fetches == 1
