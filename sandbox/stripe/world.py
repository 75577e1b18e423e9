"""Everything that lives as long as the process: store, courier, timers, and the tests' levers."""

import threading
from dataclasses import dataclass, field

from . import clock, events, timers
from .control.faults import Faults
from .control.requests import RequestLog
from .flows import checkout, invoices, payments, refunds, subscriptions
from .objects.webhook_endpoint import new_webhook_endpoint
from .settings import Settings
from .store import Store
from .webhooks.courier import Courier

FILE = "stripe.sqlite3"
OWN_ENDPOINT = "The project's own backend"

TIMER_ACTIONS: dict[str, timers.Action] = {
    checkout.EXPIRE: checkout.expire_due,
    payments.SETTLE: checkout.settle,
    refunds.RESOLVE: refunds.resolve,
    subscriptions.RENEW: subscriptions.renew,
    subscriptions.GIVE_UP: subscriptions.give_up,
    invoices.FINALIZE: subscriptions.finalize_due,
    invoices.RETRY: subscriptions.collect_due,
}
FOLLOWERS: dict[str, events.Follower] = {
    "payment_intent.succeeded": invoices.intent_succeeded,
    "payment_intent.payment_failed": invoices.intent_failed,
    "payment_intent.requires_action": invoices.intent_requires_action,
    "invoice.paid": subscriptions.invoice_paid,
    "invoice.payment_failed": subscriptions.invoice_failed,
    "invoice.voided": subscriptions.invoice_forgiven,
    "invoice.marked_uncollectible": subscriptions.invoice_forgiven,
    "customer.deleted": subscriptions.customer_left,
}


@dataclass
class World:
    settings: Settings
    store: Store = field(init=False)
    courier: Courier = field(init=False)
    requests: RequestLog = field(default_factory=RequestLog)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.settings.data_folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(self.settings.data_folder / FILE, self.settings)
        self.courier = Courier(self.store)
        self.store.when_mail_is_queued = self.courier.wake
        clock.set_ahead(self.store.time_moved())
        for event_type, follower in FOLLOWERS.items():
            events.follow(event_type, follower)

    def start(self) -> None:
        self._register_own_endpoint()
        for work, arguments in (
            (self.courier.run_forever, ()),
            (timers.run_forever, (self.store, TIMER_ACTIONS)),
        ):
            threading.Thread(target=work, args=arguments, daemon=True).start()

    def move_time(self, to: float) -> int:
        """All that is due until then happens, in its order. Returns how many things did."""
        return timers.move_time(self.store, TIMER_ACTIONS, to)

    def _register_own_endpoint(self) -> None:
        """The backend's endpoint is there from the start; its address follows the settings."""
        url, secret = self.settings.webhook_url, self.settings.webhook_secret
        with self.store.transaction() as tx:
            known = tx.select("webhook_endpoint", {"description": OWN_ENDPOINT})
            if known:
                tx.change(known[0], url=url, _secret=secret)
            else:
                tx.add(new_webhook_endpoint(url, ["*"], secret=secret, description=OWN_ENDPOINT))
