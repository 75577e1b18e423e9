"""The webhook: a verified event becomes facts, and one call records and settles them."""

import logging
import time
from typing import Any

import msgspec

from backend.config import Settings
from backend.errors import DatabaseUnavailable, InvalidRequest, InvalidSignature
from backend.gateways.supabase import Database
from backend.services import facts

log = logging.getLogger("topup.webhook")

# Both ways: an old event may be a replay, one from the future was not signed by Stripe's clock.
TOLERANCE_SECONDS = 300
YEAR_9999_SECONDS = 253_402_300_799  # what a timestamp can hold
NOT_AN_EVENT = "The body is signed but is not an event."

# Each type that concerns us, why we listen, and how its object becomes facts. Types that are not
# here are recorded and have no effect.
HANDLERS = {
    # The buyer has finished the page: paid, or waiting for an asynchronous method.
    "checkout.session.completed": facts.of_checkout_session,
    # The asynchronous method came through, perhaps days later.
    "checkout.session.async_payment_succeeded": facts.of_checkout_session,
    # It did not.
    "checkout.session.async_payment_failed": facts.of_failed_checkout_session,
    # The buyer went away; the place for an open payment is free again.
    "checkout.session.expired": facts.of_checkout_session,
    # The money has been captured; may overtake the session's own event.
    "payment_intent.succeeded": facts.of_payment_intent,
    # An asynchronous method is at work.
    "payment_intent.processing": facts.of_payment_intent,
    # A decline: the reason is kept, the buyer may try again.
    "payment_intent.payment_failed": facts.of_payment_intent,
    # Nobody will pay this any more.
    "payment_intent.canceled": facts.of_payment_intent,
    # A refund exists, whoever made it; pending ones count at once.
    "refund.created": facts.of_refund,
    # Its state has changed; a refund may still fail after it succeeded.
    "refund.updated": facts.of_refund,
    "refund.failed": facts.of_refund,
    "charge.refund.updated": facts.of_refund,
    # A chargeback takes the credits back until it is won; an inquiry only marks.
    "charge.dispute.created": facts.of_dispute,
    "charge.dispute.updated": facts.of_dispute,
    "charge.dispute.closed": facts.of_dispute,
    "charge.dispute.funds_withdrawn": facts.of_dispute,
    "charge.dispute.funds_reinstated": facts.of_dispute,
}


class Webhook:
    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    def receive(self, body: bytes, signature: str) -> dict[str, Any]:
        """Verify, record and settle one delivery, in one round trip to the database.

        Answers {event_id, status}: processed, duplicate, ignored or failed. Raises
        InvalidSignature, InvalidRequest, or DatabaseUnavailable for a failure that may pass, so
        that Stripe sends the event again.
        """
        event = self._verified(body, signature)
        outcome = self._database.as_service(
            "receive_event",
            event=event,
            livemode=self._settings.livemode,
            facts=_facts_of(event),
        )
        if outcome.get("retry"):
            raise DatabaseUnavailable("The event was recorded but not processed. Send it again.")
        return {"event_id": event["id"], "status": outcome["status"]}

    def _verified(self, body: bytes, signature: str) -> dict[str, Any]:
        """The event that Stripe signed. Raises InvalidSignature, InvalidRequest.

        Only the header is checked with the SDK, then plain JSON is read: building its typed event
        costs more than the rest of the request. https://docs.stripe.com/webhooks#verify-manually
        """
        if not any(
            _is_signed(body, signature, secret) for secret in self._settings.stripe_webhook_secrets
        ):
            raise InvalidSignature()
        try:
            event = msgspec.json.decode(body)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest(NOT_AN_EVENT) from error
        if not _is_event(event):
            raise InvalidRequest(NOT_AN_EVENT)
        return event


def _facts_of(event: dict[str, Any]) -> facts.Facts | None:
    """The facts an event carries; None if nothing listens to its type, none if they can't be read.

    An object that is not in the shape of this API version must not be guessed at: it is recorded
    as failed, and reconciliation asks Stripe for the object as it is now.
    """
    handler = HANDLERS.get(event["type"])
    if handler is None:
        return None
    try:
        return handler(event["data"]["object"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        log.exception("unreadable event", extra={"stripe_event_id": event["id"]})
        return {}


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    import stripe

    try:
        stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE_SECONDS)
        return _signed_at(header) <= time.time() + TOLERANCE_SECONDS
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False  # the SDK raises TypeError on a signature that is not ASCII


def _signed_at(header: str) -> int:
    fields = (part.partition("=") for part in header.split(","))
    return next(int(value) for name, _, value in fields if name == "t")


def _is_event(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and all(isinstance(event.get(name), str) for name in ("id", "type"))
        and isinstance(event.get("livemode"), bool)
        and isinstance(event.get("created"), int)
        and 0 <= event["created"] <= YEAR_9999_SECONDS
        and isinstance(event.get("data"), dict)
        and isinstance(event["data"].get("object"), dict)
    )
