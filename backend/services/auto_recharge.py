"""Auto-recharge: what a user has agreed to, and the job that charges his card off session."""

import logging
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

from backend.config import BATCH_SECONDS_MAX, Settings
from backend.errors import InvalidState, StripeFailed, StripeUnavailable
from backend.gateways.stripe_api import StripeApi
from backend.gateways.stripe_errors import CardRefused, StripeRejected
from backend.gateways.supabase import REFUSED, Database
from backend.services import facts
from backend.services.customers import Customers
from backend.services.intents import CHARGES_KEPT_CARD, intent_params, open_for
from backend.services.orders import Order, Orders

log = logging.getLogger("topup.auto_recharge")

BATCH = 10
# How long a recharge that needs 3D Secure waits for its buyer.
WAITING_TIME = timedelta(days=3)


class AutoRecharge:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        stripe: StripeApi,
        customers: Customers,
        orders: Orders,
    ) -> None:
        self._settings = settings
        self._database = database
        self._stripe = stripe
        self._customers = customers
        self._orders = orders

    def get(self, user_id: str) -> dict[str, Any]:
        """{enabled, threshold, package_id, monthly_limit, currency, amount, spent_this_month,
        off_reason, consented_at}; money in minor units."""
        return self._database.as_service(
            "get_auto_recharge", user_id=user_id, livemode=self._settings.livemode
        )

    def set(
        self,
        user_id: str,
        enabled: bool,
        threshold: int | None,
        package_id: str | None,
        currency: str | None,
        monthly_limit: int | None,
        expected_amount: int | None,
    ) -> dict[str, Any]:
        """As the user wishes; his consent is kept, and covers no other price than he was shown
        (expected_amount, minor units). Answers like get. Raises NotFound (package),
        ValidationError, InvalidState (no card; tax is worked out on Stripe's page), Forbidden."""
        if enabled and self._settings.automatic_tax:
            raise InvalidState(
                "Taxes are worked out on the payment page, so nothing can be bought automatically."
            )
        return self._database.as_service(
            "set_auto_recharge",
            user_id=user_id,
            livemode=self._settings.livemode,
            enabled=enabled,
            threshold=threshold,
            package_id=package_id,
            currency=self._orders.currency_of(currency, expected_amount),
            default_currency=self._settings.default_currency,
            monthly_limit=monthly_limit,
            expected_amount=expected_amount,
        )

    def run(self) -> dict[str, Any]:
        """Charge what is due: {succeeded, processing, requires_action, failed, unavailable, done}.

        What Stripe could not answer, or could not be recorded, is found again by the next run,
        which asks the same and so charges once.
        """
        counts = Counter(succeeded=0, processing=0, requires_action=0, failed=0, unavailable=0)
        if not self._settings.payments_enabled or self._settings.automatic_tax:
            return {**counts, "done": True}
        deadline = time.monotonic() + BATCH_SECONDS_MAX
        orders: list[Order] = self._database.as_service(
            "claim_auto_recharges", livemode=self._settings.livemode, limit=BATCH
        )
        for nth, order in enumerate(orders):
            if time.monotonic() > deadline:
                return {
                    **counts,
                    "unavailable": counts["unavailable"] + len(orders) - nth,
                    "done": False,
                }
            try:
                counts[self._charge(order)] += 1
            except (*facts.UNREADABLE, *REFUSED):
                log.exception(
                    "a recharge that can't be recorded",
                    extra={"payment_id": order["payment"]["payment_id"]},
                )
                counts["unavailable"] += 1
        return {**counts, "done": len(orders) < BATCH}

    def _charge(self, order: Order) -> str:
        """One order, to one of the outcomes that `run` counts."""
        try:
            intent = self._ask(order)
        except CardRefused as refusal:
            if refusal.intent is None:
                return "unavailable"
            return self._refused(order["payment"], refusal.intent)
        except StripeRejected as refusal:
            if refusal.misses_customer:
                self._customers.forget(order["customer_id"])
            self._orders.end_refused(order, refusal)
            return "failed"
        # Also of the shop's own keys, with which no card was tried; and of an order's key that was
        # used for another request, as a former release words it: that one may have charged.
        except (StripeUnavailable, StripeFailed):
            return "unavailable"
        payment = self._orders.record(facts.of_payment_intent(intent))
        return payment["status"] if payment["status"] in ("succeeded", "processing") else "failed"

    def _refused(self, payment: dict[str, Any], intent: dict[str, Any]) -> str:
        """3D Secure needs the buyer: the payment stays open for him. A decline ends it."""
        learnt = facts.of_payment_intent(intent)
        error = learnt.get("error", {})
        if "authentication_required" in (error.get("code"), error.get("decline_code")):
            page = self._orders.page_of(payment)
            self._orders.record(learnt | page | open_for(WAITING_TIME, payment))
            return "requires_action"
        with suppress(StripeRejected, StripeUnavailable):  # without its secret nobody can pay it
            self._stripe.cancel_payment_intent(intent["id"], "abandoned")
        self._orders.record(learnt | {"ended": "failed"})
        return "failed"

    def _ask(self, order: Order) -> dict[str, Any]:
        """Nothing but the order decides what is asked, so that asking again is asking the same."""
        params = intent_params(order, order["customer_id"]) | {
            "payment_method": order["options"]["payment_method_id"],
            "payment_method_options": CHARGES_KEPT_CARD,
            "off_session": True,
            "confirm": True,
            "expand": ["latest_charge"],
        }
        return self._stripe.create_payment_intent(
            params, f"payment-intent-{order['payment']['payment_id']}"
        )
