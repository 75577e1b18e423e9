"""The webhook's door: only what Stripe signed, with the bytes it signed, at about this time."""

import json
from typing import Any

import httpx
import psycopg
import pytest

from tests import shop
from tests.backend.webhook import PATH, Webhook, event, signature
from tests.http import HTTP

EVENT = event("customer.created", {"id": "cus_1", "object": "customer"})
BODY = json.dumps(EVENT).encode()
TAKEN = json.dumps(event("customer.updated", {"id": "cus_1", "object": "customer"})).encode()
TWO_SECRETS = "whsec_new,whsec_old"


def assert_refused(
    answer: httpx.Response, database: psycopg.Connection[dict], code: str = "invalid_signature"
) -> None:
    """400 in the contract's words, and nothing recorded."""
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = database.execute("select from stripe_events where id = %s", [EVENT["id"]])
    assert found.fetchall() == []


def header(webhook: Webhook, kind: str) -> str | bytes | None:
    """A Stripe-Signature header that must be refused."""
    good = signature(BODY, webhook.secret)
    at, v1 = good.split(",")
    return {
        "missing": None,
        "empty": "",
        "of another secret": signature(BODY, "whsec_wrong"),
        "of an empty secret": signature(BODY, ""),
        "of another body": signature(BODY + b" ", webhook.secret),
        "stale": signature(BODY, webhook.secret, age_seconds=301),
        "of last year": signature(BODY, webhook.secret, age_seconds=365 * 86400),
        "from the future": signature(BODY, webhook.secret, age_seconds=-310),
        "far from the future": signature(BODY, webhook.secret, age_seconds=-(10**9)),
        "without a time": v1,
        "without a signature": at,
        "of scheme v0 alone": good.replace("v1=", "v0="),
        "of a time that was changed": good.replace("t=", "t=1"),
        "with two times": f"t=1,{good}",
        "with no number for a time": f"t=soon,{v1}",
        "with an endless number": f"t={'9' * 5000},{v1}",
        "with a negative time": f"t=-1,{v1}",
        "not ASCII": f"{at},v1=é☃".encode(),
        "not ASCII in front": f"é=1,{at},v1=00".encode(),
        "nonsense": "hello",
        "commas": ",,,",
        "very long": f"{at},{','.join(['v1=00'] * 1000)}",
    }[kind]


KINDS = [
    "missing", "empty", "of another secret", "of an empty secret", "of another body", "stale",
    "of last year", "from the future", "far from the future", "without a time",
    "without a signature", "of scheme v0 alone", "of a time that was changed", "with two times",
    "with no number for a time", "with an endless number", "with a negative time", "not ASCII",
    "not ASCII in front", "nonsense", "commas", "very long",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_signature_is_refused(
    webhook: Webhook, database: psycopg.Connection[dict], kind: str
) -> None:
    assert_refused(webhook.post(BODY, header(webhook, kind)), database)


@pytest.mark.parametrize("age_seconds", [290, -290])
def test_five_minutes_are_tolerated_both_ways(webhook: Webhook, age_seconds: int) -> None:
    answer = webhook.post(TAKEN, signature(TAKEN, webhook.secret, age_seconds))
    assert answer.status_code == 200


def test_one_good_signature_among_several_is_enough(webhook: Webhook) -> None:
    at, v1 = signature(TAKEN, webhook.secret).split(",")
    answer = webhook.post(TAKEN, f"{at},v1={'0' * 64},v0=abc,{v1}")
    assert answer.status_code == 200


@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_while_secrets_are_rolled_each_of_them_counts(sandbox: dict[str, str], secret: str) -> None:
    client = shop.client(sandbox, STRIPE_WEBHOOK_SECRET=TWO_SECRETS)
    headers = {"Stripe-Signature": signature(TAKEN, secret)}
    assert client.post(PATH, data=TAKEN, headers=headers).status_code == 200


def test_the_list_of_secrets_is_itself_no_secret(sandbox: dict[str, str]) -> None:
    client = shop.client(sandbox, STRIPE_WEBHOOK_SECRET=TWO_SECRETS)
    headers = {"Stripe-Signature": signature(BODY, TWO_SECRETS)}
    assert client.post(PATH, data=BODY, headers=headers).status_code == 400


def test_a_shop_without_secrets_takes_no_events(sandbox: dict[str, str]) -> None:
    closed = shop.client(sandbox, STRIPE_WEBHOOK_SECRET="", PAYMENTS_ENABLED="false")
    for secret in ("", "None", "whsec_"):
        headers = {"Stripe-Signature": signature(BODY, secret)}
        assert closed.post(PATH, data=BODY, headers=headers).status_code == 400


def with_fields(**changed: Any) -> bytes:
    return json.dumps(EVENT | changed).encode()


NO_EVENTS = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a text": b'"evt_1"',
    "null": b"null",
    "an empty object": b"{}",
    "a hundred thousand brackets": b"[" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000,
    "an event that is deeper than can be read": BODY[:-1]
    + b',"x":'
    + b"[" * 700
    + b"]" * 700
    + b"}",
    "an event that is deep": BODY[:-1] + b',"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "not a number": BODY.replace(b'"livemode": false', b'"livemode": NaN'),
    "a number without end": BODY[:-1] + b',"x":' + b"9" * 10_000 + b"}",
    "no id": with_fields(id=None),
    "an id that is a list": with_fields(id=["evt_1"]),
    "no type": with_fields(type=None),
    "no time": with_fields(created=None),
    "a time in words": with_fields(created="today"),
    "a time that is true": with_fields(created=True),
    "livemode in words": with_fields(livemode="false"),
    "no data": with_fields(data=None),
    "data that is a list": with_fields(data=[]),
    "an object that is a list": with_fields(data={"object": []}),
}


@pytest.mark.parametrize("body", NO_EVENTS.values(), ids=NO_EVENTS)
def test_a_body_that_is_signed_and_no_event_is_refused(
    webhook: Webhook, database: psycopg.Connection[dict], body: bytes
) -> None:
    assert_refused(webhook.send_bytes(body), database, "invalid_request")


NOT_STORABLE = {
    "half a letter in UTF-8": b'{"id": "\xff"}',
    "a number that is not finite": BODY[:-1] + b',"x":1e400}',
    "half a letter": BODY[:-1] + b',"x":"\\ud800"}',
    "the character zero": BODY[:-1] + b',"x":"\\u0000"}',
    "a time beyond all calendars": with_fields(created=10**18),
}


@pytest.mark.parametrize("body", NOT_STORABLE.values(), ids=NOT_STORABLE)
def test_what_nobody_could_read_or_keep_is_a_bad_request(webhook: Webhook, body: bytes) -> None:
    assert webhook.send_bytes(body).status_code in (400, 422)


def test_a_body_beyond_a_megabyte_is_refused(webhook: Webhook) -> None:
    body = with_fields(x="a" * 1_100_000)
    answer = HTTP.post(webhook.url, content=body, headers={"Stripe-Signature": "t=1,v1=00"})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_a_large_event_below_that_is_taken(webhook: Webhook) -> None:
    large = event("customer.created", {"id": "cus_2", "text": "a" * 500_000})
    assert webhook.outcome(large) == "ignored"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_posts_are_taken(webhook: Webhook, method: str) -> None:
    answer = HTTP.request(method, webhook.url)
    assert answer.status_code in (404, 405)
