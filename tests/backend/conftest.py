"""What the HTTP tests share: every request to Stripe and every answer must fit the SDK's types."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.backend.purchase import Purchase, Shop
from tests.backend.recharging import agree
from tests.backend.server import Server
from tests.backend.subscriber import Subscriber
from tests.backend.wallet import Wallet
from tests.backend.webhook import Webhook
from tests.people import People, Person
from tests.stripe_browser import StripeBrowser
from tests.stripe_console import StripeConsole


@pytest.fixture(autouse=True)
def stripe_is_held_to_its_types(what_stripe_hears_and_says_fits_its_types: None) -> None:
    """In every test here."""


@pytest.fixture
def admin(people: People) -> Person:
    """The demo account that may see and mend everything."""
    return people.admin()


@pytest.fixture
def server(sandbox: dict[str, str]) -> Server:
    """Another server of the shop's owner, which spends for the users."""
    return Server(sandbox)


@pytest.fixture
def webhook(sandbox: dict[str, str]) -> Webhook:
    """The backend's webhook, for whoever holds the signing secret."""
    return Webhook(sandbox)


@pytest.fixture
def stripe_js(sandbox: dict[str, str]) -> StripeBrowser:
    """The part of a buyer's browser that speaks to Stripe."""
    return StripeBrowser(sandbox["STRIPE_API_BASE"], sandbox["STRIPE_PUBLISHABLE_KEY"])


@pytest.fixture
def wallet(stripe_js: StripeBrowser, buyer: Person) -> Wallet:
    """The buyer's; nothing is in it yet."""
    return Wallet(stripe_js, buyer)


@pytest.fixture
def due(wallet: Wallet) -> Wallet:
    """A buyer without credits who has agreed to 500 for 4.99 USD whenever he has less than 100."""
    wallet.save()
    agree(wallet.buyer)
    return wallet


@pytest.fixture
def nobody_elses_recharge_is_due(database: psycopg.Connection[dict]) -> Iterator[None]:
    """The job charges whoever is due, of whichever test."""
    yield
    database.execute("update auto_recharges set enabled = false")


@pytest.fixture
def shop_floor(stripe_console: StripeConsole, database: psycopg.Connection[dict]) -> Shop:
    return Shop(stripe_console, database)


@pytest.fixture
def purchase(shop_floor: Shop, buyer: Person) -> Purchase:
    """A starter package that the buyer has paid; no webhook told of it, the page asked."""
    return shop_floor.sell(buyer)


@pytest.fixture
def subscribed(subscriber: Subscriber, stripe_console: StripeConsole) -> Subscriber:
    """Has a monthly subscription, and everything about it was delivered. From here on Stripe's
    deliveries are held: the test releases them."""
    stripe_console.deliver("hold")
    subscriber.subscribe("monthly")
    stripe_console.release()
    return subscriber
