"""One browser for each test worker, a fresh profile for each visitor."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.backend.wallet import Wallet
from tests.browser import Windows
from tests.http import HTTP
from tests.journeys.shop import SESSION, Shop
from tests.people import Person
from tests.stripe_browser import StripeBrowser

FAILED = pytest.StashKey[bool]()


@pytest.fixture(autouse=True)
def stripe_is_held_to_its_types(what_stripe_hears_and_says_fits_its_types: None) -> None:
    """In every test here."""


@pytest.fixture
def windows(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Windows]:
    windows = Windows(browser)
    yield windows
    if request.node.stash.get(FAILED, False):
        windows.photograph(request.node.name)
    windows.close()


@pytest.fixture
def open_shop(
    windows: Windows, sandbox: dict[str, str], database: psycopg.Connection[dict]
) -> Callable[..., Shop]:
    """Opens the start page in a new profile: `open_shop(person, locale="zh-CN")`. A person is
    signed in there already; None is a visitor."""

    def open_window(person: Person | None = None, path: str = "/", **options: Any) -> Shop:
        state = {"storage_state": signed_in(person)} if person else {}
        shop = Shop(windows.open(**state, **options), sandbox)
        shop.visit(path)
        return shop

    return open_window


@pytest.fixture
def shop(open_shop: Callable[..., Shop], buyer: Person) -> Shop:
    """The start page, where the buyer is signed in."""
    return open_shop(buyer)


@pytest.fixture
def visitor(open_shop: Callable[..., Shop]) -> Shop:
    """The start page, where nobody is signed in."""
    return open_shop()


@pytest.fixture
def wallet(sandbox: dict[str, str], buyer: Person) -> Wallet:
    """The buyer's cards, kept before the browser is opened."""
    stripe_js = StripeBrowser(sandbox["STRIPE_API_BASE"], sandbox["STRIPE_PUBLISHABLE_KEY"])
    return Wallet(stripe_js, buyer)


@pytest.fixture(params=["light", "dark"])
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How a profile is opened: colours as wished, and no movement that would blur them."""
    return {"color_scheme": request.param, "reduced_motion": "reduce"}


@pytest.fixture(params=[390, 320])
def phone(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How a profile is opened to be as narrow as a phone."""
    return {"viewport": {"width": request.param, "height": 700}, "has_touch": True}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Tell the fixtures above that their test has failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


def signed_in(person: Person) -> dict[str, Any]:
    """A browser profile as it is after this person has signed in."""
    address = f"{person.env['SUPABASE_URL']}/auth/v1/token?grant_type=password"
    answer = HTTP.post(
        address,
        json={"email": person.email, "password": person.password},
        headers={"apikey": person.env["SUPABASE_ANON_KEY"]},
    )
    assert answer.status_code == 200, answer.text
    session = {"name": SESSION, "value": answer.text}
    return {
        "cookies": [],
        "origins": [{"origin": person.env["BACKEND_URL"], "localStorage": [session]}],
    }
