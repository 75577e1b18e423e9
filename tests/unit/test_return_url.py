"""Where a buyer is sent afterwards: the shop's own pages, and nowhere else."""

import pytest
from flask.testing import FlaskClient

from tests import shop

ORIGINS = "https://www.shop.example,http://localhost:5173"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return shop.client(ALLOWED_ORIGINS=ORIGINS)


def is_accepted(client: FlaskClient, return_url: str) -> bool:
    """A request that is accepted goes on to the database, where nobody answers."""
    answer = client.post(
        "/api/stripe/create-checkout-session",
        json={"package_id": "starter", "return_url": return_url},
        headers=shop.bearer(shop.legacy_token()),
    )
    assert (answer.status_code, answer.json["code"]) in (
        (503, "database_unavailable"),
        (422, "validation_error"),
    )
    if answer.status_code == 422:
        assert answer.json["errors"][0]["field"] == "return_url"
    return answer.status_code == 503


@pytest.mark.parametrize(
    "return_url",
    [
        "https://shop.example",
        "https://shop.example/",
        "https://shop.example/credits?tab=history#top",
        "https://shop.example?next=https://evil.example",
        "https://SHOP.EXAMPLE/credits",
        "https://www.shop.example/a",
        "http://localhost:5173/a",
    ],
)
def test_the_shops_own_pages_are_accepted(client: FlaskClient, return_url: str) -> None:
    assert is_accepted(client, return_url)


@pytest.mark.parametrize(
    "return_url",
    [
        "https://evil.example",
        "https://shop.example@evil.example/",
        "https://shop.example:password@evil.example/",
        "https://user@shop.example/",
        "https://evil.example/https://shop.example",
        "https://evil.example?https://shop.example",
        "https://evil.example#https://shop.example",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "https://shop.example:8443/",
        "http://shop.example/",
        "http://localhost/",
        "//shop.example",
        "//evil.example",
        "///evil.example",
        "/credits",
        "https:/shop.example",
        "https:shop.example",
        "https:\\\\shop.example",
        "https://shop.example\\@evil.example",
        "https://evil.example\\@shop.example",
        "https://shop.example\\.evil.example",
        "https:///shop.example",
        "https://\tshop.example",
        "https://shop.example\t.evil.example",
        "https://shop.example\n.evil.example",
        "https://shop.exa\tmple",
        " https://shop.example",
        "https://shop.example /",
        "https://shop.example%2eevil.example",
        "https://shop.example%00.evil.example",
        "https://shop.example\u0000",
        "https://shop.example。evil.example",
        "https://ѕhop.example",
        "https://[::1]/",
        "https://[shop.example",
        "javascript:alert(1)",
        "javascript://shop.example/%0aalert(1)",
        "data:text/html,hello",
        "ftp://shop.example/",
        "",
        "https://shop.example/" + "a" * 2000,
    ],
    ids=lambda url: ascii(url)[:48],
)
def test_anything_else_is_refused(client: FlaskClient, return_url: str) -> None:
    assert not is_accepted(client, return_url)
