"""Who was an admin when his token was made, and is none any more, may do nothing with it."""

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask

from tests import shop
from tests.backend.purchase import Purchase
from tests.people import People, Person

Connection = psycopg.Connection[dict]
ENDED = {
    "banned": "banned_until = now() + interval '1 hour'",
    "erased": "deleted_at = now()",
    "demoted": "raw_app_meta_data = raw_app_meta_data - 'role'",
}


@pytest.fixture(params=ENDED)
def former_admin(
    request: pytest.FixtureRequest, people: People, database: Connection
) -> Iterator[Person]:
    """Holds the token of an admin, which is good for an hour."""
    admin = people.admin()
    database.execute(f"update auth.users set {ENDED[request.param]} where id = %s", [admin.id])
    yield admin
    database.execute(
        "update auth.users set banned_until = null, deleted_at = null, "
        """raw_app_meta_data = raw_app_meta_data || '{"role": "admin"}' where id = %s""",
        [admin.id],
    )


def admin_routes(app: Flask) -> list[tuple[str, str]]:
    """(method, path) of every route that only admins may call."""
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "policy", None) == "admin"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_he_is_refused_at_every_route_and_nothing_moves(
    former_admin: Person, purchase: Purchase, sandbox: dict[str, str]
) -> None:
    routes = admin_routes(shop.app(sandbox))
    assert len(routes) >= 9
    for method, path in routes:
        path = path.replace("<uuid:payment_id>", purchase.payment_id)
        path = path.replace("<uuid:user_id>", purchase.buyer.id).replace("<event_id>", "evt_1")
        answer = former_admin.request(method, path, json={} if method == "POST" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    grant = {"user_id": former_admin.id, "credits": 10**9, "reason": "farewell"}
    refused = former_admin.post("/api/admin/credits/grant", grant, key="farewell")
    assert refused.status_code == 403
    assert former_admin.post(f"/api/payments/{purchase.payment_id}/refund").status_code == 403
    assert (purchase.now["status"], purchase.buyer.available) == ("succeeded", 500)
