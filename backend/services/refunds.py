"""Refunds that the shop makes. Those made in Stripe's Dashboard arrive as facts, the same way."""

import functools
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from backend.config import BATCH_SECONDS_MAX
from backend.errors import InvalidState, Problem
from backend.gateways.stripe_api import StripeApi, ask_past_repeats
from backend.gateways.stripe_errors import KeyTaken, StripeRejected
from backend.gateways.supabase import Database
from backend.services import facts
from backend.services.idempotency import Attempt, Idempotency

Result = dict[str, Any]  # of one among many: {payment_id, ok, …}

# Stripe's own words for a reason; every other sentence is kept beside the refund.
STRIPE_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


class Refunds:
    def __init__(self, database: Database, stripe: StripeApi, idempotency: Idempotency) -> None:
        self._database = database
        self._stripe = stripe
        self._idempotency = idempotency

    def plan(
        self,
        payment_id: str | None = None,
        payment_intent_id: str | None = None,
        amount: int | None = None,
    ) -> dict[str, Any]:
        """What a refund of `amount` minor units (None: all that is left) would do; nothing is done.

        {payment_id, payment_intent_id, user_id, amount, currency, amount_left, credits,
        credits_missing, refunds}. Raises NotFound, InvalidState, ValidationError.
        """
        return self._database.as_service(
            "plan_refund",
            payment_id=payment_id,
            payment_intent_id=payment_intent_id,
            amount=amount,
        )

    def refund_once(
        self, payment_id: str, amount: int | None, reason: str | None, actor: str, attempt: Attempt
    ) -> dict[str, Any]:
        """Plan and carry out, once per Idempotency-Key of the actor's. Answers and raises like
        `refund`, and IdempotencyConflict."""
        return self._once(payment_id, amount, reason, actor, attempt, attempt.idempotency_key)

    def _once(
        self,
        payment_id: str,
        amount: int | None,
        reason: str | None,
        actor: str,
        attempt: Attempt,
        told_apart_by: str | None,
    ) -> dict[str, Any]:
        if attempt.idempotency_key is None:
            return self.refund(self.plan(payment_id, amount=amount), reason, actor)
        known = self._database.as_service(
            "plan_refund_once",
            caller=actor,
            key=attempt.idempotency_key,
            request_hash=attempt.request_hash,
            payment_id=payment_id,
            amount=amount,
        )
        if known["body"]:
            return known["body"]
        answer = self.refund(known["plan"], reason, actor, told_apart_by)
        return self._idempotency.keep(actor, attempt, answer)["body"]

    def refund(
        self,
        plan: dict[str, Any],
        reason: str | None,
        actor: str,
        told_apart_by: str | None = None,
    ) -> dict[str, Any]:
        """Carry a plan out: {refund_id, amount, credits_refunded, status}.

        `told_apart_by`, a key of the actor's, tells one refund of the same amount from another.
        Without it what the plan saw does: the same refund asked for twice, at once or after a lost
        answer, is one; the next one, which sees this one, is another. Raises InvalidState,
        StripeFailed, StripeUnavailable.
        """
        params: dict[str, Any] = {
            "payment_intent": plan["payment_intent_id"],
            "amount": plan["amount"],
            "reason": reason if reason in STRIPE_REASONS else "requested_by_customer",
            "metadata": {
                "payment_id": plan["payment_id"],
                "actor": actor,
                "note": (reason or "")[:500],
            },
        }
        try:
            refund = self._ask(plan, params, actor, told_apart_by)
        except KeyTaken as taken:
            raise InvalidState(
                "Somebody is refunding this payment just now, or has tried to today. Look again."
            ) from taken
        except StripeRejected as rejection:
            raise InvalidState(
                "The payment provider refuses this refund. Look at the payment in its Dashboard."
            ) from rejection
        self._database.as_service("record_facts", facts=facts.of_refund(refund))
        return {
            "refund_id": refund["id"],
            "amount": refund["amount"],
            "credits_refunded": plan["credits"],
            "status": refund["status"],
        }

    def _ask(
        self, plan: dict[str, Any], params: dict[str, Any], actor: str, told_apart_by: str | None
    ) -> dict[str, Any]:
        key = f"refund-{plan['payment_id']}"
        if told_apart_by:
            mark = sha256(f"{actor} {told_apart_by}".encode()).hexdigest()[:32]
            return self._stripe.create_refund(params, f"{key}-{mark}")
        seen = f"{key}-{plan['amount_left']}-{plan['refunds']}-{plan['amount']}"
        # What was refused moved nothing; what failed may have been made.
        ask = functools.partial(self._stripe.create_refund, params)
        return ask_past_repeats(ask, seen, (StripeRejected,))

    def plan_many(self, payment_ids: Sequence[str]) -> list[Result]:
        """What refunding each in full would do: {payment_id, ok, …what plan answers}."""
        return _each(payment_ids, self.plan)

    def refund_many(
        self, payment_ids: Sequence[str], reason: str | None, actor: str, attempt: Attempt
    ) -> list[Result]:
        """Refund each in full, one result each, in their order; what fails hinders no other.

        {payment_id, ok, …what refund answers}, or {payment_id, ok: false, code, detail}. After
        BATCH_SECONDS_MAX the rest is answered with `not_reached`: ask again for those.
        """
        return _each(
            payment_ids,
            # All that is left goes once, whoever asks for it with whatever key.
            lambda payment_id: self._once(
                payment_id, None, reason, actor, attempt.at(payment_id), told_apart_by=None
            ),
        )


def _each(payment_ids: Sequence[str], work: Callable[[str], dict[str, Any]]) -> list[Result]:
    deadline = time.monotonic() + BATCH_SECONDS_MAX
    return [
        _result_of(payment_id, work)
        if time.monotonic() < deadline
        else _failed(payment_id, "not_reached", "There was no time left. Ask again for this one.")
        for payment_id in dict.fromkeys(payment_ids)
    ]


def _result_of(payment_id: str, work: Callable[[str], dict[str, Any]]) -> Result:
    try:
        return {"payment_id": payment_id, "ok": True, **work(payment_id)}
    except Problem as problem:
        return _failed(payment_id, problem.code, problem.detail)


def _failed(payment_id: str, code: str, detail: str) -> Result:
    return {"payment_id": payment_id, "ok": False, "code": code, "detail": detail}
