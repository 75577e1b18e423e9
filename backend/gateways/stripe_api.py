"""Stripe's API: the calls this shop makes.

One client per process with its own key, address, time limit and retries; nothing global. Retries
are the SDK's own: they keep the idempotency key, and also wait out a concurrent request with the
same key (409). Requests follow `stripe.params` of the pinned SDK; answers are plain dicts in the
shape of Stripe's API reference. Every method raises what gateways/stripe_errors.py makes.
"""

import functools
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from backend.config import STRIPE_RETRIES_MAX, STRIPE_TIMEOUT_SECONDS, Settings
from backend.errors import PaymentsDisabled
from backend.gateways.stripe_errors import RepeatedFailure, StripeRejected, problem_of

Params = dict[str, Any]
StripeObject = dict[str, Any]

REPEATS_MAX = 10  # in one request

# All that is known about the money of an object, in one request.
CUSTOMER_EXPAND = ["invoice_settings.default_payment_method"]
INTENT_EXPAND = ["latest_charge.refunds"]
INVOICE_EXPAND = ["payments"]
SESSION_EXPAND = ["payment_intent.latest_charge.refunds", "invoice.payments", "subscription"]
PAGE_SIZE = 100

# What reconciliation reads: each of Stripe's lists, and how to ask for it. A subscription lives for
# years after it was made, so that list is read whole.
LISTS: dict[str, Params] = {
    "checkout.sessions": {
        "expand": ["data.payment_intent", "data.invoice.payments", "data.subscription"]
    },
    "payment_intents": {"expand": ["data.latest_charge.refunds"]},
    "invoices": {"expand": ["data.payments"]},
    "subscriptions": {"status": "all"},
    "refunds": {},
    "disputes": {},
}


def ask_past_repeats(
    ask: Callable[[str], StripeObject],
    idempotency_key: str,
    repeated: tuple[type[StripeRejected | RepeatedFailure], ...],
) -> StripeObject:
    """`ask(idempotency_key)`. Stripe keeps an answer for a day, a refusal whose cause is gone and a
    failure of its own too: where it only repeats one of these, it is asked anew, with a key made
    from what it repeats, so that whoever asks for the same gets the same.

    https://docs.stripe.com/api/idempotent_requests
    """
    key = idempotency_key
    for _ in range(REPEATS_MAX):
        try:
            return ask(key)
        except repeated as answer:
            if answer.repeats is None:
                raise
            key = f"{idempotency_key}-after-{answer.repeats}"
    return ask(key)


class StripeApi:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    # Customers and their cards

    def create_customer(self, params: Params, idempotency_key: str) -> StripeObject:
        """`params` as stripe.params.CustomerCreateParams."""
        return _make(self._v1.customers.create, params, idempotency_key)

    def retrieve_customer(self, customer_id: str) -> StripeObject:
        """The customer with his default card."""
        return _run(self._v1.customers.retrieve, customer_id, {"expand": CUSTOMER_EXPAND})

    def set_default_payment_method(self, customer_id: str, payment_method_id: str) -> StripeObject:
        """What the customer's invoices are paid with from now on."""
        settings = {"default_payment_method": payment_method_id}
        return _run(self._v1.customers.update, customer_id, {"invoice_settings": settings})

    def list_payment_methods(self, customer_id: str) -> list[StripeObject]:
        """The customer's cards, at most a page of them."""
        params = {"type": "card", "limit": PAGE_SIZE}
        return _run(self._v1.customers.payment_methods.list, customer_id, params)["data"]

    def retrieve_payment_method(self, payment_method_id: str) -> StripeObject:
        """A card; one that was detached has no customer."""
        return _run(self._v1.payment_methods.retrieve, payment_method_id)

    def detach_payment_method(self, payment_method_id: str) -> StripeObject:
        """Take a card from its customer, for good."""
        return _run(self._v1.payment_methods.detach, payment_method_id)

    def create_setup_intent(self, params: Params) -> StripeObject:
        """`params` as stripe.params.SetupIntentCreateParams."""
        return _run(self._v1.setup_intents.create, params)

    # Checkout

    def create_checkout_session(self, params: Params, idempotency_key: str) -> StripeObject:
        """`params` as stripe.params.checkout.SessionCreateParams."""
        return _make(self._v1.checkout.sessions.create, params, idempotency_key)

    def retrieve_checkout_session(self, session_id: str) -> StripeObject:
        """The session with its payment intent or invoice, and the refunds of that."""
        return _run(self._v1.checkout.sessions.retrieve, session_id, {"expand": SESSION_EXPAND})

    def expire_checkout_session(self, session_id: str) -> StripeObject:
        """Close an open session. Raises StripeRejected if it is not open any more."""
        return _run(self._v1.checkout.sessions.expire, session_id, {"expand": SESSION_EXPAND})

    # Payment intents

    def create_payment_intent(self, params: Params, idempotency_key: str) -> StripeObject:
        """`params` as stripe.params.PaymentIntentCreateParams. One that is confirmed at once may
        have charged, and is asked for under no other key."""
        create = self._v1.payment_intents.create
        if params.get("confirm"):
            return _run(create, params, {"idempotency_key": idempotency_key})
        return _make(create, params, idempotency_key)

    def confirm_payment_intent(self, intent_id: str, params: Params) -> StripeObject:
        """Charge it. A second confirmation of a paid intent is refused by Stripe, not charged."""
        return _run(self._v1.payment_intents.confirm, intent_id, params | {"expand": INTENT_EXPAND})

    def retrieve_payment_intent(self, intent_id: str) -> StripeObject:
        """The intent with its latest charge and that one's refunds."""
        return _run(self._v1.payment_intents.retrieve, intent_id, {"expand": INTENT_EXPAND})

    def cancel_payment_intent(self, intent_id: str, reason: str) -> StripeObject:
        """`reason` as stripe.params.PaymentIntentCancelParams.cancellation_reason. Raises
        StripeRejected if it is paid."""
        params = {"cancellation_reason": reason, "expand": INTENT_EXPAND}
        return _run(self._v1.payment_intents.cancel, intent_id, params)

    def retrieve_charge(self, charge_id: str) -> StripeObject:
        """The charge with its refunds."""
        return _run(self._v1.charges.retrieve, charge_id, {"expand": ["refunds"]})

    # Subscriptions

    def create_price(self, params: Params, idempotency_key: str) -> StripeObject:
        """`params` as stripe.params.PriceCreateParams."""
        return _make(self._v1.prices.create, params, idempotency_key)

    def retrieve_subscription(self, subscription_id: str) -> StripeObject:
        """The subscription as it stands now."""
        return _run(self._v1.subscriptions.retrieve, subscription_id)

    def set_subscription_payment_method(
        self, subscription_id: str, payment_method_id: str
    ) -> StripeObject:
        """What renewals are paid with: Checkout gave it a method that outranks the customer's."""
        params = {"default_payment_method": payment_method_id}
        return _run(self._v1.subscriptions.update, subscription_id, params)

    def cancel_at_period_end(self, subscription_id: str, cancel: bool) -> StripeObject:
        """Let it run out, or let it go on after all. Raises StripeRejected where that can't be."""
        params: Params = {"cancel_at_period_end": cancel}
        subscription = _run(self._v1.subscriptions.update, subscription_id, params)
        if cancel or not subscription.get("cancel_at"):
            return subscription
        # The customer portal plans an end by its time alone.
        # https://docs.stripe.com/billing/subscriptions/billing-mode/compare
        return _run(self._v1.subscriptions.update, subscription_id, {"cancel_at": ""})

    def end_subscription(self, subscription_id: str) -> StripeObject:
        """Cancel at once, without a refund."""
        return _run(self._v1.subscriptions.cancel, subscription_id)

    def retrieve_invoice(self, invoice_id: str) -> StripeObject:
        """The invoice with its payments and its lines, up to a hundred of them."""
        invoice = _run(self._v1.invoices.retrieve, invoice_id, {"expand": INVOICE_EXPAND})
        if invoice["lines"]["has_more"]:
            lines = self._v1.invoices.line_items.list
            invoice["lines"] = _run(lines, invoice_id, {"limit": PAGE_SIZE})
        return invoice

    def create_portal_session(self, params: Params) -> StripeObject:
        """`params` as stripe.params.billing_portal.SessionCreateParams."""
        return _run(self._v1.billing_portal.sessions.create, params)

    # Refunds and disputes

    def create_refund(self, params: Params, idempotency_key: str) -> StripeObject:
        """`params` as stripe.params.RefundCreateParams."""
        return _run(self._v1.refunds.create, params, {"idempotency_key": idempotency_key})

    def retrieve_refund(self, refund_id: str) -> StripeObject:
        """One refund as it stands now."""
        return _run(self._v1.refunds.retrieve, refund_id)

    def retrieve_dispute(self, dispute_id: str) -> StripeObject:
        """One dispute as it stands now."""
        return _run(self._v1.disputes.retrieve, dispute_id)

    # Reconciliation

    def page_of(
        self, resource: str, created_since: int, starting_after: str | None
    ) -> tuple[list[StripeObject], bool]:
        """A page of one of LISTS, newest first, and whether there are more. Seconds since 1970."""
        params: Params = {"limit": PAGE_SIZE, **LISTS[resource]}
        if resource != "subscriptions":
            params["created"] = {"gte": created_since}
        if starting_after:
            params["starting_after"] = starting_after
        service = functools.reduce(getattr, resource.split("."), self._v1)
        page = _run(service.list, params)
        return page["data"], page["has_more"]

    # The shop at Stripe

    @property
    def api_version(self) -> str:
        """The version in whose shapes the SDK asks, and events should come."""
        import stripe

        return stripe.api_version

    def retrieve_account(self) -> tuple[StripeObject, datetime]:
        """The account that the key belongs to, and what Stripe's clock says, to the second."""
        account = _ask(self._v1.accounts.retrieve_current)
        return account.to_dict(), parsedate_to_datetime(account.last_response.headers["Date"])

    def list_webhook_endpoints(self) -> list[StripeObject]:
        """All of the key's mode; Stripe allows fewer than a page of them."""
        return _run(self._v1.webhook_endpoints.list, {"limit": PAGE_SIZE})["data"]

    def create_webhook_endpoint(self, params: Params) -> StripeObject:
        """`params` as stripe.params.WebhookEndpointCreateParams; this answer alone has `secret`."""
        return _run(self._v1.webhook_endpoints.create, params)

    def update_webhook_endpoint(self, endpoint_id: str, params: Params) -> StripeObject:
        """`params` as stripe.params.WebhookEndpointUpdateParams."""
        return _run(self._v1.webhook_endpoints.update, endpoint_id, params)

    @functools.cached_property
    def _v1(self) -> Any:
        import stripe

        if not self._settings.stripe_secret_key:
            raise PaymentsDisabled()
        client = stripe.StripeClient(
            self._settings.stripe_secret_key,
            base_addresses={"api": self._settings.stripe_api_base},
            max_network_retries=STRIPE_RETRIES_MAX,
            http_client=stripe.RequestsClient(timeout=STRIPE_TIMEOUT_SECONDS),
        )
        return client.v1


def _make(create: Callable[..., Any], params: Params, idempotency_key: str) -> StripeObject:
    """Make what does no harm if there are two of it, because nobody was told of the other
    (docs/decisions/31)."""
    return ask_past_repeats(
        lambda key: _run(create, params, {"idempotency_key": key}),
        idempotency_key,
        (StripeRejected, RepeatedFailure),
    )


def _run(method: Callable[..., Any], *args: Any) -> StripeObject:
    return _ask(method, *args).to_dict()


def _ask(method: Callable[..., Any], *args: Any) -> Any:
    import stripe

    try:
        return method(*args)
    except stripe.StripeError as error:
        raise problem_of(error) from error
