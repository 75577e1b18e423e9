"""Refunds by an admin."""

import uuid
from typing import Any

from werkzeug.test import TestResponse

from tests.backend.purchase import Purchase
from tests.backend.scenes.scene import Scene


class Refund(Scene):
    wish: Any = {"amount": 100}
    ends = ("partially_refunded", 1, 400)

    def prepare(self) -> None:
        self.sold: Purchase = self.world.shop.sell(self.buyer)
        self.stripe.deliver("drop")

    def act(self) -> TestResponse:
        path = f"/api/payments/{self.sold.payment_id}/refund"
        return self.ask("POST", path, self.world.admin.token, self.wish)

    def check(self) -> None:
        self.expect(*self.ends)
        refunds = self.stripe.api("refunds", payment_intent=self.sold.intent_id)["data"]
        assert len(refunds) == 1


class RefundOfAll(Refund):
    wish = None
    ends = ("refunded", 1, 0)


class RefundOfMany(Scene):
    """Whoever sees that some have failed asks for all of them again, which is another request."""

    def prepare(self) -> None:
        self.sold = [self.world.shop.sell(self.buyer) for _ in range(2)]
        self.stripe.deliver("drop")

    def act(self) -> TestResponse:
        wish = {"payment_ids": [sold.payment_id for sold in self.sold]}
        self.key = uuid.uuid4().hex
        return self.ask("POST", "/api/admin/refunds", self.world.admin.token, wish)

    def check(self) -> None:
        assert [payment["status"] for payment in self.payments] == ["refunded", "refunded"]
        for sold in self.sold:
            [refund] = self.stripe.api("refunds", payment_intent=sold.intent_id)["data"]
            assert refund["amount"] == 499
        assert self.buyer.available == 0
