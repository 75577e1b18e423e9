"""Who may do what: guests, banned and deleted users, servers, schedulers, and a proxy's key."""

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask import Flask

from tests import shop
from tests.people import People, Person, banned

Env = dict[str, str]
ORDER = {"package_id": "starter"}
SOME_ID = "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"
CHECKOUT = "/api/stripe/create-checkout-session"
KINDS = {"user": "user", "admin": "user", "service": "service", "job": "job"}


@pytest.fixture(scope="module")
def app(sandbox: Env) -> Flask:
    return shop.app(sandbox)


def closed_routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """(policy, method, path) of every route that asks who is calling."""
    for rule in app.url_map.iter_rules():
        policy = app.view_functions[rule.endpoint].policy  # type: ignore[attr-defined]
        path = re.sub(r"<(\w+:)?\w+>", SOME_ID, rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if policy in KINDS:
                yield policy, method, path


def test_a_visitor_opens_no_closed_route(app: Flask) -> None:
    routes = list(closed_routes(app))
    assert len(routes) >= 7
    for _, method, path in routes:
        answer = app.test_client().open(path, method=method)
        assert (answer.status_code, answer.json["code"]) == (401, "unauthorized"), path


@pytest.mark.parametrize("kind", ["user", "service", "job"])
def test_a_credential_of_one_kind_opens_no_route_of_another(
    sandbox: Env, app: Flask, kind: str
) -> None:
    """For users that means: no admin's, service's or job's route either."""
    credential = {
        "user": shop.legacy_token(sandbox),
        "service": sandbox["SERVICE_API_KEYS"].split(",")[0],
        "job": sandbox["CRON_SECRET"],
    }[kind]
    for policy, method, path in closed_routes(app):
        if policy == "admin" or KINDS[policy] != kind:
            answer = app.test_client().open(path, method=method, headers=shop.bearer(credential))
            assert (answer.status_code, answer.json["code"]) == (403, "forbidden"), path


def test_each_of_several_service_keys_opens_and_a_withdrawn_one_does_not() -> None:
    client = shop.client(SERVICE_API_KEYS="new-key, old-key")
    seen = {
        key: client.get("/api/credits", headers=shop.bearer(key)).status_code
        for key in ("new-key", "old-key", "withdrawn-key", "new-key, old-key")
    }
    assert seen == {"new-key": 403, "old-key": 403, "withdrawn-key": 401, "new-key, old-key": 401}


def test_a_guest_may_look_and_not_buy(people: People) -> None:
    guest = people.guest()
    assert guest.get("/api/credits").json()["balance"] == 0
    assert guest.request("HEAD", "/api/credits").status_code == 200
    assert guest.get("/api/payments").json()["payments"] == []
    answer = guest.post(CHECKOUT, ORDER)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "account" in answer.json()["detail"]


def test_a_guest_who_hides_it_may_not_buy_either(sandbox: Env, people: People) -> None:
    """The database looks, whatever the token says."""
    guest = people.guest()
    guest.token = shop.legacy_token(sandbox, sub=guest.id, is_anonymous=None)
    assert guest.post(CHECKOUT, ORDER).status_code == 403


def test_a_banned_user_may_not_buy_until_the_ban_ends(
    database: psycopg.Connection[dict], buyer: Person
) -> None:
    with banned(database, buyer):
        assert buyer.post(CHECKOUT, ORDER).json()["code"] == "forbidden"
        assert buyer.get("/api/credits").status_code == 200
    assert buyer.post(CHECKOUT, ORDER).status_code == 201


DELETIONS = {
    "softly": "update auth.users set deleted_at = now() where id = %s",
    "for good": "delete from auth.users where id = %s",
}


@pytest.mark.parametrize("deletion", DELETIONS.values(), ids=DELETIONS)
def test_a_deleted_user_may_not_buy_with_a_token_that_outlived_him(
    database: psycopg.Connection[dict], buyer: Person, deletion: str
) -> None:
    buyer.order()
    database.execute(deletion, [buyer.id])
    assert buyer.post(CHECKOUT, ORDER).json()["code"] == "forbidden"
    rows = database.execute("select * from payment_orders where user_id = %s", [buyer.id])
    assert len(rows.fetchall()) == 1


def test_a_user_nobody_ever_made_may_not_buy(sandbox: Env, buyer: Person) -> None:
    buyer.token = shop.legacy_token(sandbox)
    assert buyer.post(CHECKOUT, ORDER).status_code == 403


def is_admin(env: Env, **changed: object) -> bool:
    """Asked of the backend's own check: no admin route is open yet."""
    from backend.auth import TokenVerifier

    return TokenVerifier(shop.settings(env)).verify(shop.legacy_token(env, **changed)).is_admin


def test_only_app_metadata_makes_an_admin(sandbox: Env, people: People) -> None:
    assert is_admin(sandbox, app_metadata={"role": "admin"})
    assert not is_admin(sandbox, user_metadata={"role": "admin"})
    assert not is_admin(sandbox, app_metadata={"role": ["admin"]})
    assert not is_admin(sandbox, app_metadata="admin")
    assert not is_admin(sandbox, app_metadata=None)
    assert not is_admin(sandbox, is_admin=True)


OPEN = ["/api/health", "/api/config", "/api/packages"]
KEYED = [
    "/api/ready", "/api/cart/count", "/api/credits", "/api/payments", "/api/openapi.json", "/api/docs",
]  # fmt: skip


@pytest.fixture(scope="module")
def behind_proxy(sandbox: Env) -> Callable:
    return shop.client(sandbox, PROXY_API_KEY="proxy-key").get


@pytest.mark.parametrize("path", OPEN)
def test_the_proxys_key_is_not_needed_where_all_is_public(
    behind_proxy: Callable, path: str
) -> None:
    assert behind_proxy(path).status_code == 200


def test_each_closed_route_asks_for_the_proxys_key(sandbox: Env) -> None:
    app = shop.app(sandbox, PROXY_API_KEY="proxy-key")
    for _, method, path in closed_routes(app):
        answer = app.test_client().open(path, method=method)
        assert (answer.status_code, "X-API-Key" in answer.json["detail"]) == (401, True), path


@pytest.mark.parametrize("path", KEYED)
@pytest.mark.parametrize("key", [None, "", "wrong", "proxy-key2", "Proxy-Key", "ключ"])
def test_without_the_proxys_key_nothing_else_opens(
    sandbox: Env, buyer: Person, behind_proxy: Callable, path: str, key: str | None
) -> None:
    headers = shop.bearer(buyer.token)
    if key is not None:
        headers["X-API-Key"] = key.encode().decode("latin-1")
    assert behind_proxy(path, headers=headers).status_code == 401


@pytest.mark.parametrize("path", KEYED)
def test_with_the_proxys_key_and_a_token_all_opens(
    buyer: Person, behind_proxy: Callable, path: str
) -> None:
    headers = shop.bearer(buyer.token) | {"X-API-Key": "proxy-key"}
    assert behind_proxy(path, headers=headers).status_code == 200


def test_the_proxys_key_alone_is_nobodys_credential(behind_proxy: Callable) -> None:
    assert behind_proxy("/api/credits", headers={"X-API-Key": "proxy-key"}).status_code == 401


def test_the_webhook_needs_no_proxys_key(sandbox: Env) -> None:
    client = shop.client(sandbox, PROXY_API_KEY="proxy-key")
    answer = client.post("/api/stripe/webhook", data=b"{}")
    assert answer.json["code"] == "invalid_signature"


@pytest.mark.parametrize("keys", ["legacy", "new"])
def test_legacy_and_new_supabase_keys_work_alike(sandbox: Env, buyer: Person, keys: str) -> None:
    unused = {
        "legacy": {"SUPABASE_PUBLISHABLE_KEY": "", "SUPABASE_SECRET_KEY": ""},
        "new": {"SUPABASE_ANON_KEY": "", "SUPABASE_SERVICE_KEY": ""},
    }[keys]
    client = shop.client(sandbox, **unused)
    headers = shop.bearer(buyer.token)
    assert client.get("/api/packages").json["packages"]
    assert client.get("/api/credits", headers=headers).json["balance"] == 0
    assert client.post(CHECKOUT, json=ORDER, headers=headers).status_code == 201
