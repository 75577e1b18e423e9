"""The price list: what anybody may read before signing in."""

from typing import Any

import httpx
import psycopg
import pytest

from tests.http import HTTP

PACKAGE = {
    "id", "name", "description", "kind", "interval", "credits", "currency", "amount",
    "price_per_credit", "best_value", "expires_after_days", "rollover",
}  # fmt: skip
SEEDED = {
    "usd": {
        "starter": (500, 499),
        "creator": (1500, 1499),
        "professional": (3500, 2999),
        "monthly": (1000, 899),
        "yearly": (12000, 10490),
    },
    "cny": {
        "trial": (500, 5000),
        "standard": (1100, 10000),
        "value": (6000, 50000),
        "premium": (13000, 100000),
        "monthly": (1000, 8500),
        "yearly": (12000, 95000),
    },
}


@pytest.fixture
def url(sandbox: dict[str, str]) -> str:
    return sandbox["BACKEND_URL"] + "/api/packages"


def ask(url: str, query: str = "", **headers: str) -> httpx.Response:
    return HTTP.get(f"{url}?{query}", headers=headers)


def listed(url: str, query: str = "", **headers: str) -> list[dict[str, Any]]:
    answer = ask(url, query, **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["packages"]


INTERVALS = {"monthly": "month", "yearly": "year"}


@pytest.mark.parametrize("currency", SEEDED)
def test_each_currency_has_its_packages_in_the_order_of_the_shop(url: str, currency: str) -> None:
    packages = listed(url, f"currency={currency}")
    assert {p["id"]: (p["credits"], p["amount"]) for p in packages} == SEEDED[currency]
    assert [p["id"] for p in packages] == list(SEEDED[currency])
    for package in packages:
        assert package.keys() == PACKAGE
        interval = INTERVALS.get(package["id"])
        assert package["interval"] == interval
        assert package["kind"] == ("subscription" if interval else "one_time")
        assert package["currency"] == currency
        assert package["expires_after_days"] in (366, *range(180, 185))


@pytest.mark.parametrize("currency", ["eur", "jpy"])
def test_dollars_are_not_the_only_currency(url: str, currency: str) -> None:
    packages = listed(url, f"currency={currency}")
    assert [p["id"] for p in packages] == list(SEEDED["usd"])


def test_without_a_wish_the_shop_shows_its_own_currency(url: str) -> None:
    assert {package["currency"] for package in listed(url)} == {"usd"}
    assert listed(url, "currency=USD") == listed(url)


def test_the_price_per_credit_is_in_minor_units(url: str) -> None:
    for package in listed(url, "currency=jpy"):
        exact = package["amount"] / package["credits"]
        assert package["price_per_credit"] == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("currency", ["usd", "eur", "jpy", "cny"])
def test_best_value_is_the_lowest_price_per_credit_of_a_currency(url: str, currency: str) -> None:
    packages = listed(url, f"currency={currency}")
    lowest = min(package["price_per_credit"] for package in packages)
    assert [p["id"] for p in packages if p["best_value"]] == [
        p["id"] for p in packages if p["price_per_credit"] == lowest
    ]


NAMES = {
    "zh": ["体验包", "标准包", "超值包", "豪华包", "月度订阅", "年度订阅"],
    "en": ["Trial", "Standard", "Value", "Premium", "Monthly", "Yearly"],
}


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("locale=zh", "", "zh"),
        ("locale=zh-Hans-CN", "", "zh"),
        ("locale=zh_CN", "", "zh"),
        ("locale=en", "zh", "en"),
        ("locale=fr", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "fr,de", "en"),
        ("", ";;;,q=x", "en"),
        ("", "", "en"),
    ],
)
def test_names_are_in_the_readers_language(
    url: str, query: str, accepted: str, language: str
) -> None:
    packages = listed(url, f"currency=cny&{query}", **{"Accept-Language": accepted})
    assert [package["name"] for package in packages] == NAMES[language]
    assert all(package["description"] for package in packages)


def test_a_list_that_has_not_changed_is_not_sent_again(url: str) -> None:
    first = ask(url, "currency=eur")
    again = ask(url, "currency=eur", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = ask(url, "currency=usd", **{"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


def test_a_cache_may_keep_it_for_each_language_apart(url: str) -> None:
    headers = ask(url).headers
    assert "public" in headers["Cache-Control"]
    assert "Accept-Language" in headers["Vary"]
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("currency=xyz", "currency"),
        ("currency=us", "currency"),
        ("currency=usd&currency=eur", "currency"),
        ("currency=", "currency"),
        ("locale=x", "locale"),
        (f"locale={'x' * 100}", "locale"),
        ("active=false", "active"),
    ],
)
def test_a_wrong_question_names_its_field(url: str, query: str, field: str) -> None:
    answer = ask(url, query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.usefixtures("changing_catalog")
def test_an_inactive_package_is_not_shown(url: str, database: psycopg.Connection[dict]) -> None:
    database.execute("update credit_packages set active = false where id = 'creator'")
    assert "creator" not in [p["id"] for p in listed(url, "currency=eur")]


@pytest.mark.usefixtures("changing_catalog")
def test_an_inactive_price_is_not_shown(url: str, database: psycopg.Connection[dict]) -> None:
    database.execute(
        "update credit_package_prices set active = false "
        "where package_id = 'creator' and currency = 'eur'"
    )
    assert "creator" not in [p["id"] for p in listed(url, "currency=eur")]
    assert "creator" in [p["id"] for p in listed(url, "currency=usd")]


def test_a_wrong_token_does_not_matter_here(url: str) -> None:
    assert ask(url, Authorization="Bearer x").status_code == 200
