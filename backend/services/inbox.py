"""The inbox: a verified event becomes facts, and one call records and settles them."""

import logging
import time
from typing import Any

from backend.config import Settings
from backend.errors import DatabaseUnavailable, InvalidRequest, StripeUnavailable
from backend.gateways import stripe_webhook
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import StripeRejected
from backend.gateways.supabase import Database
from backend.services import facts, inquiry
from backend.services.handlers import HANDLERS, Handler
from backend.services.kept import kept

log = logging.getLogger("topup.webhook")


class Inbox:
    """Every event of Stripe's, once: recorded, settled, and kept to be taken again."""

    def __init__(self, settings: Settings, database: Database, stripe: StripeApi) -> None:
        self._settings = settings
        self._database = database
        self._stripe = stripe

    def receive(self, body: bytes, signature: str) -> dict[str, Any]:
        """Verify, record and settle one delivery, in one round trip to the database.

        Answers {event_id, status}: processed, duplicate, ignored or failed. Raises
        InvalidSignature, InvalidRequest, or DatabaseUnavailable and StripeUnavailable for a failure
        that may pass, so that Stripe sends the event again.
        """
        secrets = self._settings.stripe_webhook_secrets
        try:
            return self._take(stripe_webhook.verified(body, signature, secrets))
        except RecursionError as error:  # what is nested too deep is nothing of Stripe's
            raise InvalidRequest(stripe_webhook.NOT_AN_EVENT) from error

    def replay(self, event_id: str) -> dict[str, Any]:
        """Take an event of the inbox again, as `receive` would. Raises NotFound too."""
        return self._take(self._database.as_service("get_event", id=event_id))

    def failed_ids(self) -> list[str]:
        """All that have failed until now, oldest first: replaying changes the list."""
        ids: list[str] = []
        while page := self._database.as_service(
            "list_failed_events", limit=1000, after=ids[-1] if ids else None
        ):
            ids += page
        return ids

    def listed(
        self, limit: int, cursor: str | None, status: str | None, type: str | None
    ) -> dict[str, Any]:
        """{events, next_cursor}, newest first, without payloads. Raises ValidationError."""
        page = self._database.as_service(
            "list_stripe_events", limit=limit, cursor=cursor, status=status, type=type
        )
        return {"events": page["rows"], "next_cursor": page["next_cursor"]}

    def _take(self, event: dict[str, Any]) -> dict[str, Any]:
        learnt = self._facts_of(event)
        outcome = self._record(event, learnt)
        if learnt and outcome.get("error") == "amount_unexplained":
            self._ask_session(outcome["payment_id"], learnt["amount"])
            outcome = self._record(event, learnt | {"is_final": True})
        if outcome.get("retry"):
            raise DatabaseUnavailable("The event was recorded but not processed. Send it again.")
        return {"event_id": event["id"], "status": outcome["status"]}

    def _record(self, event: dict[str, Any], learnt: facts.Facts | None) -> dict[str, Any]:
        return self._database.as_service(
            "receive_event", event=kept(event), livemode=self._settings.livemode, facts=learnt
        )

    def _ask_session(self, payment_id: str, amount: int) -> None:
        """An intent's amount is not the price: record what its session says if that explains it.
        Raises StripeUnavailable while the session is open yet."""
        order = self._database.as_service("get_order", payment_id=payment_id)
        learnt = inquiry.ask(self._stripe, order["payment"])
        if not learnt or not learnt.keys() & {"paid", "processing", "ended"}:
            raise StripeUnavailable()  # it is complete in a moment, and the event comes again
        if learnt.get("amount") == amount:
            self._database.as_service("record_facts", facts=learnt)

    def _facts_of(self, event: dict[str, Any]) -> facts.Facts | None:
        """The facts an event carries; None if it does not concern us, {} if it can't be read.

        An object in the shape of another API version is not guessed at: Stripe is asked for it as
        it is now. What can't be read even so is recorded as failed, for a person to look at.
        """
        handler = HANDLERS.get(event["type"])
        if handler is None or event["livemode"] != self._settings.livemode:
            return None
        if event.get("account"):  # a connected account's, who could tell us anything
            return None
        try:
            said = event["data"]["object"]
            if _must_be_fetched(handler, event) and not said.get("deleted"):
                asked_at = time.time()
                said = self._fetch(said)
                if said["object"] == "subscription":
                    return facts.of_subscription(said, asked_at)
            return handler.read(said)
        except facts.UNREADABLE:
            log.exception("unreadable event", extra={"stripe_event_id": event["id"]})
            return {}
        except StripeRejected:
            log.warning("its object is gone", extra={"stripe_event_id": event["id"]})
            return {}

    def _fetch(self, said: dict[str, Any]) -> dict[str, Any]:
        """The object as it is now, in the shape of our own version. Raises KeyError for a kind that
        can't be asked for."""
        stripe = self._stripe
        match said["object"]:
            case "checkout.session":
                return stripe.retrieve_checkout_session(said["id"])
            case "payment_intent":
                return stripe.retrieve_payment_intent(said["id"])
            case "charge":
                return stripe.retrieve_charge(said["id"])
            case "refund":
                return stripe.retrieve_refund(said["id"])
            case "dispute":
                return stripe.retrieve_dispute(said["id"])
            case "subscription":
                return stripe.retrieve_subscription(said["id"])
            case "invoice":
                return stripe.retrieve_invoice(said["id"])
            case "invoice_payment":
                return stripe.retrieve_invoice(said["invoice"])
            case "payment_method":
                return stripe.retrieve_payment_method(said["id"])
            case "customer":
                return stripe.retrieve_customer(said["id"])
            case kind:
                raise KeyError(kind)


def _must_be_fetched(handler: Handler, event: dict[str, Any]) -> bool:
    lines = event["data"]["object"].get("lines") or {}
    is_whole = stripe_webhook.is_of_our_version(event) and not lines.get("has_more")
    return handler.fetched or not is_whole
