"""Stripe's API: the calls this shop makes, and Stripe's errors told apart.

One client per process with its own key, address, time limit and retries; nothing global. Retries
are the SDK's own: they keep the idempotency key, and also wait out a concurrent request with the
same key (409). Requests follow `stripe.params` of the pinned SDK.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any

from backend.config import STRIPE_RETRIES_MAX, STRIPE_TIMEOUT_SECONDS, Settings
from backend.errors import (
    CardDeclined,
    Problem,
    StripeFailed,
    StripeUnavailable,
)

log = logging.getLogger("topup.stripe")

# All that is known about the money of a session, in one request.
SESSION_EXPAND = ["payment_intent.latest_charge.refunds"]


class StripeApi:
    """Answers plain dicts in the shape of Stripe's API reference; raises what problem_of makes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def create_customer(self, params: dict[str, Any], idempotency_key: str) -> dict[str, Any]:
        """`params` as stripe.params.CustomerCreateParams."""
        return _run(self._v1.customers.create, params, {"idempotency_key": idempotency_key})

    def create_checkout_session(
        self, params: dict[str, Any], idempotency_key: str
    ) -> dict[str, Any]:
        """`params` as stripe.params.checkout.SessionCreateParams."""
        return _run(self._v1.checkout.sessions.create, params, {"idempotency_key": idempotency_key})

    def retrieve_checkout_session(self, session_id: str) -> dict[str, Any]:
        """The session with its payment intent, that one's latest charge and its refunds."""
        return _run(self._v1.checkout.sessions.retrieve, session_id, {"expand": SESSION_EXPAND})

    def expire_checkout_session(self, session_id: str) -> dict[str, Any]:
        """Close an open session. Raises StripeRejected if it is not open any more."""
        return _run(self._v1.checkout.sessions.expire, session_id, {"expand": SESSION_EXPAND})

    @functools.cached_property
    def _v1(self) -> Any:
        import stripe

        client = stripe.StripeClient(
            self._settings.stripe_secret_key,
            base_addresses={"api": self._settings.stripe_api_base},
            max_network_retries=STRIPE_RETRIES_MAX,
            http_client=stripe.RequestsClient(timeout=STRIPE_TIMEOUT_SECONDS),
        )
        return client.v1


def _run(method: Callable[..., Any], *args: Any) -> dict[str, Any]:
    import stripe

    try:
        return method(*args).to_dict()
    except stripe.StripeError as error:
        raise problem_of(error) from error


class StripeRejected(StripeFailed):
    """Stripe understood the request and will not do it; asking again changes nothing."""


def problem_of(error: Any) -> Problem:
    """Stripe's exception as the contract's Problem; the full story goes to the log.

    Source: https://docs.stripe.com/error-handling
    """
    import stripe

    log.warning(
        "stripe refused",
        extra={
            "stripe_error": type(error).__name__,
            "stripe_code": error.code,
            "stripe_request_id": error.request_id,
            "http_status": error.http_status,
        },
    )
    match error:
        case stripe.CardError():
            return CardDeclined(decline_code=getattr(error.error, "decline_code", None))
        case stripe.InvalidRequestError():
            return StripeRejected()
        case stripe.AuthenticationError() | stripe.PermissionError():
            return StripeFailed(
                "The shop's connection to the payment provider is not set up right."
            )
        case stripe.RateLimitError():
            return StripeUnavailable("The payment provider is very busy. Please try again shortly.")
        case stripe.APIConnectionError():
            return StripeUnavailable()
        case _ if error.http_status == 409 or (error.http_status or 500) >= 500:
            return StripeUnavailable()
        case _:
            return StripeFailed()
