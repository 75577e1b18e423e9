"""The sandbox that the tests talk to: real Postgres, PostgREST, backend, and what stands in for
Stripe and Supabase Auth behind sockets. Each test worker has one of its own."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser
from psycopg.rows import dict_row

from tests.backend.jobs import Jobs
from tests.backend.subscriber import Subscriber
from tests.browser import chromium
from tests.people import People, Person
from tests.sandbox_process import port_range, start_sandbox
from tests.stripe_console import StripeConsole
from tests.stripe_types import check_object


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a running sandbox, as `python -m sandbox env` prints it."""
    data: Path = tmp_path_factory.mktemp("sandbox") / "data"
    with start_sandbox(port_range(0), data) as env:
        yield env


@pytest.fixture(scope="module")
def what_stripe_tells_fits_its_types(sandbox: dict[str, str]) -> Iterator[None]:
    """Every event that is made while a file's tests run."""
    console = StripeConsole(sandbox["STRIPE_API_BASE"], sandbox["STRIPE_SECRET_KEY"])
    known = {event["id"] for event in console.api("events", limit=1)["data"]}
    yield
    for event in console.all("events"):
        if event["id"] in known:
            break
        check_object(event)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for each test worker: Playwright runs once in a process."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def database(sandbox: dict[str, str]) -> Iterator[psycopg.Connection[dict]]:
    """A connection as the database's owner. Afterwards the books must balance, in every test."""
    with psycopg.connect(
        sandbox["SUPABASE_DB_URL"], autocommit=True, row_factory=dict_row
    ) as connection:
        yield connection
        assert connection.execute("select * from private.audit()").fetchall() == []


@pytest.fixture
def changing_catalog(database: psycopg.Connection[dict]) -> Iterator[None]:
    """Afterwards a package's name, expiry and place on the shelf and a price's amount are as they
    were, and what was added is taken off the shelf."""
    database.execute("create temporary table packages_before as select * from credit_packages")
    database.execute("create temporary table prices_before as select * from credit_package_prices")
    yield
    database.execute("""
        update credit_packages p set name = b.name, expires_after_days = b.expires_after_days
        from packages_before b where b.id = p.id
    """)
    database.execute("""
        update credit_packages p
        set active = coalesce((select b.active from packages_before b where b.id = p.id), false)
    """)
    database.execute("""
        update credit_package_prices p set amount = b.amount
        from prices_before b where (b.package_id, b.currency) = (p.package_id, p.currency)
    """)
    database.execute("""
        update credit_package_prices p
        set active = coalesce((select b.active from prices_before b
                               where (b.package_id, b.currency) = (p.package_id, p.currency)), false)
    """)


@pytest.fixture
def people(sandbox: dict[str, str], database: psycopg.Connection[dict]) -> People:
    """Makes users."""
    return People(sandbox)


@pytest.fixture
def buyer(people: People) -> Person:
    """Somebody who has just signed up."""
    return people.sign_up()


@pytest.fixture
def stranger(people: People) -> Person:
    """Somebody else."""
    return people.sign_up()


@pytest.fixture
def jobs(sandbox: dict[str, str]) -> Jobs:
    """The scheduler."""
    return Jobs(sandbox)


@pytest.fixture
def stripe_console(sandbox: dict[str, str]) -> Iterator[StripeConsole]:
    """The levers of the Stripe stand-in; whatever a test has set is put back."""
    console = StripeConsole(sandbox["STRIPE_API_BASE"], sandbox["STRIPE_SECRET_KEY"])
    yield console
    console.put_back()


@pytest.fixture
def subscriber(
    stripe_console: StripeConsole, database: psycopg.Connection[dict], buyer: Person
) -> Subscriber:
    """The buyer, in a time of his own; he has not subscribed yet."""
    return Subscriber(stripe_console, database, buyer)


@pytest.fixture
def what_stripe_hears_and_says_fits_its_types(
    stripe_console: StripeConsole, what_stripe_tells_fits_its_types: None
) -> Iterator[None]:
    """Every request and every answer, of our backend and of our pages."""
    stripe_console.forget_requests()
    yield
    stripe_console.forget_requests()
