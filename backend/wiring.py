"""The services of one app, made once and shared by all its requests."""

from dataclasses import dataclass

from flask import Flask, current_app

from backend.config import Settings
from backend.gateways.app_webhook import AppWebhook
from backend.gateways.stripe_api import StripeApi
from backend.gateways.supabase import Database
from backend.services.administration import Administration
from backend.services.auto_recharge import AutoRecharge
from backend.services.cards import Cards
from backend.services.catalog import Catalog
from backend.services.checkout import Checkout
from backend.services.cleanup import Cleanup
from backend.services.counterparts import by_ui_mode
from backend.services.credits import Credits
from backend.services.customers import Customers
from backend.services.event_delivery import EventDelivery
from backend.services.idempotency import Idempotency
from backend.services.inbox import Inbox
from backend.services.intents import Intents
from backend.services.metrics import Metrics
from backend.services.orders import Orders
from backend.services.payments import Payments
from backend.services.reconciliation import Reconciliation
from backend.services.refunds import Refunds
from backend.services.spending import Spending
from backend.services.subscriptions import Subscriptions
from backend.services.upkeep import Upkeep


@dataclass(frozen=True)
class Services:
    catalog: Catalog
    checkout: Checkout
    intents: Intents
    payments: Payments
    cards: Cards
    auto_recharge: AutoRecharge
    subscriptions: Subscriptions
    refunds: Refunds
    credits: Credits
    spending: Spending
    upkeep: Upkeep
    cleanup: Cleanup
    reconciliation: Reconciliation
    event_delivery: EventDelivery
    inbox: Inbox
    administration: Administration
    metrics: Metrics
    idempotency: Idempotency


def register(app: Flask, settings: Settings) -> None:
    """Make the services; their connections open when first needed."""
    database, stripe = Database(settings), StripeApi(settings)
    idempotency = Idempotency(database)
    customers = Customers(settings, database, stripe)
    orders = Orders(settings, database, customers, idempotency)
    checkout = Checkout(settings, database, stripe, orders)
    intents = Intents(settings, stripe, orders)
    counterparts = by_ui_mode(stripe, orders, checkout, intents)
    app.extensions["services"] = Services(
        catalog=Catalog(settings, database),
        checkout=checkout,
        intents=intents,
        payments=Payments(database, orders, counterparts),
        cards=Cards(settings, database, stripe, customers),
        auto_recharge=AutoRecharge(settings, database, stripe, customers, orders),
        subscriptions=Subscriptions(settings, database, stripe, customers),
        refunds=Refunds(database, stripe, idempotency),
        credits=Credits(database),
        spending=Spending(database),
        upkeep=Upkeep(database),
        cleanup=Cleanup(settings, database, stripe),
        reconciliation=Reconciliation(settings, database, stripe),
        event_delivery=EventDelivery(database, AppWebhook(settings)),
        inbox=Inbox(settings, database, stripe),
        administration=Administration(settings, database),
        metrics=Metrics(settings, database),
        idempotency=idempotency,
    )


def services() -> Services:
    """The services of the app that handles the present request."""
    return current_app.extensions["services"]
