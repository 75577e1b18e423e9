"""The three operations, as requests to the backend and to PostgREST.

Each user, key and event is new; each webhook is for a payment order of its own.
"""

import hmac
import itertools
import json
import random
import re
import time
import uuid
from pathlib import Path
from typing import Any

from backend.services import facts
from bench.http_load import Call, Connection, Refused
from bench.seed import USER_NAME, USERS, order_id, user_id

FEATURE = "docx_processing"
OPERATIONS = ("spend", "hold + capture", "webhook")
HOLD_ID = rb'"hold_id": ?"([0-9a-f-]{36})"'


class Orders:
    """Hands out the seeded orders, each once; every event pays another."""

    def __init__(self, count: int) -> None:
        self._numbers = iter(range(1, count + 1))
        self.count = count

    def next_id(self) -> str:
        """Raises StopIteration when all have been paid."""
        return order_id(next(self._numbers))

    def take(self, count: int) -> int:
        """The number of the first of `count` orders. Raises StopIteration when there are fewer."""
        first = next(self._numbers)
        next(itertools.islice(self._numbers, count - 2, None))
        return first


def event_template() -> str:
    """The JSON of a checkout.session.completed in which every id is made of the word ORDER."""
    event = json.loads(Path(__file__).with_name("checkout_session_completed.json").read_text())
    return json.dumps(event, separators=(",", ":"))


def facts_template() -> str:
    """What the backend makes of the event, in the same words with ORDER in them."""
    session = json.loads(event_template().replace("ORDER", str(uuid.UUID(int=0))))
    found = facts.of_checkout_session(session["data"]["object"])
    return json.dumps(found, separators=(",", ":")).replace(str(uuid.UUID(int=0)), "ORDER")


def through_backend(env: dict[str, str], orders: Orders) -> dict[str, Call]:
    """Requests of another server of the owner, and of Stripe."""
    key = env["SERVICE_API_KEYS"].split(",")[0]
    secret = env["STRIPE_WEBHOOK_SECRET"].encode()
    event = event_template()

    def spend(connection: Connection) -> None:
        _expect(b'"transaction_id"', connection.post(_keyed("/api/credits/spend", key), body()))

    def hold_capture(connection: Connection) -> None:
        held = _expect(HOLD_ID, connection.post(_keyed("/api/credits/holds", key), body()))
        path = f"/api/credits/holds/{held}/capture"
        _expect(b'"transaction_id"', connection.post(_keyed(path, key), b"{}"))

    def webhook(connection: Connection) -> None:
        payload = event.replace("ORDER", orders.next_id()).encode()
        at = int(time.time())
        signature = hmac.digest(secret, b"%d.%s" % (at, payload), "sha256").hex()
        head = _head("/api/stripe/webhook", f"Stripe-Signature: t={at},v1={signature}")
        _expect(b'"processed"', connection.post(head, payload))

    def body() -> bytes:
        return _json({"user_id": _somebody(), "feature": FEATURE, "quantity": 1})

    return {"spend": spend, "hold + capture": hold_capture, "webhook": webhook}


def through_postgrest(prefix: str, headers: str, orders: Orders) -> dict[str, Call]:
    """What the backend asks of PostgREST, without the backend. `prefix`: the path before /rpc."""
    event, known = event_template(), facts_template()

    def rpc(connection: Connection, function: str, arguments: bytes) -> tuple[int, bytes]:
        return connection.post(_head(f"{prefix}/rpc/{function}", headers), arguments)

    def spend(connection: Connection) -> None:
        arguments = whose() | {"p_metadata": {}, "p_request_id": uuid.uuid4().hex}
        _expect(b'"transaction_id"', rpc(connection, "spend", _json(arguments)))

    def hold_capture(connection: Connection) -> None:
        arguments = whose() | {"p_ttl_seconds": 900, "p_request_id": uuid.uuid4().hex}
        held = _expect(HOLD_ID, rpc(connection, "hold", _json(arguments)))
        _expect(b'"transaction_id"', rpc(connection, "capture", _json({"p_hold_id": held})))

    def webhook(connection: Connection) -> None:
        arguments = f'{{"p_event":{event},"p_livemode":false,"p_facts":{known}}}'
        paid = arguments.replace("ORDER", orders.next_id()).encode()
        _expect(b'"processed"', rpc(connection, "receive_event", paid))

    def whose() -> dict[str, Any]:
        return {
            "p_user_id": _somebody(),
            "p_feature": FEATURE,
            "p_quantity": 1,
            "p_idempotency_key": str(uuid.uuid4()),
        }

    return {"spend": spend, "hold + capture": hold_capture, "webhook": webhook}


def _somebody() -> str:
    return user_id(USER_NAME, random.randint(1, USERS))


def _expect(pattern: bytes, answer: tuple[int, bytes]) -> str:
    """The last group of `pattern` in a good answer's body. Raises Refused."""
    status, body = answer
    found = re.search(pattern, body)
    if found is None or not 200 <= status < 300:
        raise Refused(f"{status} {body[:200]!r}")
    return found[found.re.groups].decode()


def _keyed(path: str, service_key: str) -> bytes:
    return _head(path, f"Authorization: Bearer {service_key}\r\nIdempotency-Key: {uuid.uuid4()}")


def _head(path: str, headers: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\n{headers}\r\n"
    ).encode()


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
