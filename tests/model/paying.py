"""Payments: what Stripe says about them arrives by the page or by webhook, once or twice."""

from typing import Any

from tests.ledger.books import new_id
from tests.model.operations import PACKAGES, PLAN
from tests.model.payment import DISPUTE_STATES, REFUND_STATES, Claim, Payment
from tests.model.state import Game, agree, newest

OPEN_PAYMENTS_MAX = 20
# From the weakest to the strongest: an end is only ever replaced by a stronger one.
ENDS = (None, "expired", "canceled", "failed")


class Paying(Game):
    def order(self, user: int, package: str, with_code: bool = False) -> int:
        account = self.accounts[user]
        is_open = [p.account is account and p.status == "pending" for p in self.payments]
        refusal = None
        if account.banned:
            refusal = "forbidden"
        elif sum(is_open) >= OPEN_PAYMENTS_MAX:
            refusal = "invalid_state"
        options = {"promotion_codes": with_code, "automatic_tax": False}
        answer = self.ask(
            refusal, lambda: self.desk.order(self.users[user], package, options=options)
        )
        if answer:
            credits, amount, days = PACKAGES[package]
            self.payments.append(
                Payment(
                    answer["payment_id"], new_id("pi"), account, amount, credits, days, with_code
                )
            )
        return user

    def pay(self, nth: int, twice: bool) -> int | None:
        if not self.payments:
            return None
        payment = newest(self.payments, nth)
        due = payment.captured if payment.is_paid else payment.amount
        return self._hear(payment, twice, paid=True, amount=due, currency="usd")

    def pay_discounted(self, nth: int, part: int, twice: bool) -> int | None:
        """The session says what was taken off; only an order that may have a code takes that."""
        if not self.payments:
            return None
        payment = newest(self.payments, nth)
        discount = payment.amount * part // 1000
        due = payment.amount - discount
        facts = {"paid": True, "amount": due, "currency": "usd", "amount_subtotal": payment.amount}
        expected = payment.amount
        if payment.is_paid:
            expected = payment.captured
        elif payment.may_change:
            expected = due
        if due != expected:
            return self._mismatch(payment, facts, "amount_mismatch")
        return self._hear(payment, twice, **facts, amount_discount=discount)

    def renew(self, user: int, part: int, twice: bool) -> int:
        """An invoice about so many thousandths of a period, paid. What is below nothing is carried."""
        account = self.accounts[user]
        credits, price, days = PLAN
        amount = price * part // 1000
        credits = credits * amount // price
        invoice = {
            "id": new_id("in"),
            "subscription_id": new_id("sub"),
            "billing_reason": "subscription_cycle",
            "currency": "usd",
            "amount_subtotal": amount,
            "lines": [{"price_id": "price_of_the_plan", "amount": amount}],
        }
        facts = {"customer_id": self.desk.customer(self.users[user]), "invoice": invoice}
        facts |= {"paid": True, "amount": max(0, amount), "currency": "usd"}
        payment = Payment("", new_id("pi"), account, amount, credits, days, is_linked=True)
        outcome = self._tell(payment, facts, twice)
        agree(outcome, "processed" if credits > 0 else "ignored", "an event")
        used = min(credits, account.carried)
        account.carried -= used
        if credits > 0:
            payment.credits -= used
            payment.is_paid, payment.captured = True, amount
            self.payments.append(payment)
            payment.settle(self.now)
        return user

    def end_payment(self, nth: int, how: str) -> int | None:
        if not self.payments:
            return None
        return self._hear(newest(self.payments, nth), False, ended=how)

    def pay_wrong_amount(self, nth: int) -> int | None:
        """Money has moved, but not what was ordered: it is marked, and nothing credited."""
        if not self.payments:
            return None
        payment = newest(self.payments, nth)
        facts = {"paid": True, "amount": payment.amount + 1, "currency": "usd"}
        is_explained_later = payment.may_change and not payment.is_paid
        return self._mismatch(
            payment, facts, "amount_unexplained" if is_explained_later else "amount_mismatch"
        )

    def _mismatch(self, payment: Payment, facts: dict[str, Any], error: str) -> int:
        outcome = self._tell(payment, facts | {"payment_id": payment.id}, False, error)
        agree(outcome, "failed", "an event")
        if error == "amount_mismatch":
            payment.ended = "failed"
        return self.user_of(payment.account)

    def refund(self, nth: int, part: int, status: str, twice: bool) -> int | None:
        return self._claim(self.refunds, REFUND_STATES, nth, part, status, twice)

    def change_refund(self, nth: int, status: str, twice: bool) -> int | None:
        return self._change(self.refunds, nth, status, twice)

    def dispute(self, nth: int, part: int, status: str, twice: bool) -> int | None:
        return self._claim(self.disputes, DISPUTE_STATES, nth, part, status, twice)

    def change_dispute(self, nth: int, status: str, twice: bool) -> int | None:
        return self._change(self.disputes, nth, status, twice)

    def _hear(self, payment: Payment, twice: bool, **facts: Any) -> int:
        """Something about a payment itself, which names it by our id and Stripe's."""
        outcome = self._tell(payment, facts | {"payment_id": payment.id}, twice)
        agree(outcome, "processed", "an event")
        payment.is_linked = True
        if "paid" in facts:
            payment.is_paid, payment.captured = True, facts["amount"]
        payment.ended = max(payment.ended, facts.get("ended"), key=ENDS.index)
        payment.settle(self.now)
        return self.user_of(payment.account)

    def _claim(
        self,
        claims: list[Claim],
        states: tuple[str, ...],
        nth: int,
        part: int,
        status: str,
        twice: bool,
    ) -> int | None:
        """A new refund or dispute of so many thousandths; perhaps before its payment is known."""
        if not self.payments:
            return None
        payment = newest(self.payments, nth)
        amount = max(1, payment.amount * part // 1000)
        claim = Claim(new_id("re"), payment, amount, states, status)
        claims.append(claim)
        payment.claims.append(claim)
        return self._hear_claim(claims, claim, status, twice)

    def _change(self, claims: list[Claim], nth: int, status: str, twice: bool) -> int | None:
        if not claims:
            return None
        return self._hear_claim(claims, newest(claims, nth), status, twice)

    def _hear_claim(self, claims: list[Claim], claim: Claim, status: str, twice: bool) -> int:
        claim.hear(status)
        fact = {"id": claim.id, "amount": claim.amount, "currency": "usd", "status": status}
        kind = "refunds" if claims is self.refunds else "disputes"
        outcome = self._tell(claim.payment, {kind: [fact]}, twice)
        agree(outcome, "processed" if claim.payment.is_linked else "failed", "an event")
        claim.payment.settle(self.now)
        return self.user_of(claim.payment.account)

    def _tell(
        self,
        payment: Payment,
        facts: dict[str, Any],
        twice: bool,
        refusal: str = "unknown_payment",
    ) -> str:
        """One event of Stripe's; `twice`: delivered again, and learnt by asking as well."""
        facts = facts | {"payment_intent_id": payment.intent_id}
        event = {"id": new_id("evt"), "type": "test", "livemode": False, "created": 0}
        told = {"event": event, "livemode": False, "facts": facts}
        answer = self.desk.call("receive_event", **told)
        outcome = answer["status"]
        if outcome == "failed":
            agree(answer["error"], refusal, "why an event failed")
        payment.id = payment.id or answer["payment_id"]
        if twice:
            again = self.desk.call("receive_event", **told)["status"]
            agree(again, outcome if outcome == "failed" else "duplicate", "an event, again")
            self.desk.call("record_facts", facts=facts)
        return outcome
