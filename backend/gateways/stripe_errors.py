"""Stripe's errors told apart, as the Problems that a caller may see.

Source: https://docs.stripe.com/error-handling
"""

import logging
from typing import Any

from backend.errors import CardDeclined, Problem, StripeFailed, StripeUnavailable

log = logging.getLogger("topup.stripe")


class StripeRejected(StripeFailed):
    """Stripe understood the request and will not do it; asking again changes nothing. Of one that
    only repeats what was said to this idempotency key, up to a day ago, `repeats` is that request's
    id: asked with another key, Stripe looks anew. See ask_past_repeats."""

    def __init__(
        self, code: str | None = None, param: str | None = None, repeats: str | None = None
    ) -> None:
        super().__init__()
        self.stripe_code = code
        self.param = param
        self.repeats = repeats

    @property
    def is_missing(self) -> bool:
        """Something that the request names is not at Stripe, or not any more."""
        return self.stripe_code == "resource_missing"

    @property
    def misses_customer(self) -> bool:
        """The customer that the request names was deleted at Stripe."""
        return self.is_missing and self.param == "customer"


class RepeatedFailure(StripeUnavailable):
    """A failure of Stripe's own, which it only repeats, as `StripeRejected.repeats` says."""

    def __init__(self, repeats: str) -> None:
        super().__init__()
        self.repeats = repeats


class NotConnected(StripeFailed):
    """Stripe does not know the shop's secret key, or that key may not do this."""

    detail = "The shop's connection to the payment provider is not set up right."


class KeyTaken(StripeFailed):
    """Another request was made with the same idempotency key."""


class CardRefused(CardDeclined):
    """A charge that was tried and declined; `intent` is the payment intent as that left it."""

    def __init__(self, decline_code: str | None, stripe_code: str | None, intent: Any) -> None:
        super().__init__(decline_code=decline_code or stripe_code)
        self.stripe_code = stripe_code
        self.intent: dict[str, Any] | None = intent


def problem_of(error: Any) -> Problem:
    """Stripe's exception as the contract's Problem; the full story goes to the log."""
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
    # https://docs.stripe.com/error-low-level#sending-idempotency-keys
    headers = error.headers or {}
    is_replayed = headers.get("idempotent-replayed") == "true"
    repeats = headers.get("original-request") if is_replayed else None
    match error:
        case stripe.CardError():
            body: Any = error.json_body or {}
            told = body.get("error", {})
            return CardRefused(told.get("decline_code"), error.code, told.get("payment_intent"))
        case stripe.InvalidRequestError():
            return StripeRejected(code=error.code, param=error.param, repeats=repeats)
        case stripe.IdempotencyError() if error.http_status != 409:
            return KeyTaken()
        case stripe.AuthenticationError() | stripe.PermissionError():
            return NotConnected()
        case stripe.RateLimitError():
            return StripeUnavailable("The payment provider is very busy. Please try again shortly.")
        case stripe.APIConnectionError():
            return StripeUnavailable()
        case _ if repeats and (error.http_status or 0) >= 500:
            return RepeatedFailure(repeats)
        case _ if error.http_status == 409 or (error.http_status or 500) >= 500:
            return StripeUnavailable()
        case _:
            return StripeFailed()
