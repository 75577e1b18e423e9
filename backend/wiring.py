"""The services of one app, made once and shared by all its requests."""

from dataclasses import dataclass

from flask import Flask, current_app

from backend.config import Settings
from backend.gateways.app_webhook import AppWebhook
from backend.gateways.stripe_api import StripeApi
from backend.gateways.supabase import Database
from backend.services.catalog import Catalog
from backend.services.checkout import Checkout
from backend.services.credits import Credits
from backend.services.event_delivery import EventDelivery
from backend.services.events import Webhook
from backend.services.payments import Payments
from backend.services.spending import Spending
from backend.services.upkeep import Upkeep


@dataclass(frozen=True)
class Services:
    database: Database
    catalog: Catalog
    checkout: Checkout
    payments: Payments
    credits: Credits
    spending: Spending
    upkeep: Upkeep
    event_delivery: EventDelivery
    webhook: Webhook


def register(app: Flask, settings: Settings) -> None:
    """Make the services; their connections open when first needed."""
    database, stripe = Database(settings), StripeApi(settings)
    checkout = Checkout(settings, database, stripe)
    app.extensions["services"] = Services(
        database=database,
        catalog=Catalog(settings, database),
        checkout=checkout,
        payments=Payments(database, stripe, checkout),
        credits=Credits(database),
        spending=Spending(database),
        upkeep=Upkeep(database),
        event_delivery=EventDelivery(database, AppWebhook(settings)),
        webhook=Webhook(settings, database),
    )


def services() -> Services:
    """The services of the app that handles the present request."""
    return current_app.extensions["services"]
