"""Subscriptions of somebody who has one."""

from werkzeug.test import TestResponse

from tests.backend.scenes.scene import Scene


class Subscribed(Scene):
    """The buyer has a monthly one, and it is in the books."""

    def prepare(self) -> None:
        order = self.buyer.order("monthly")
        self.stripe.pay(order["url"])
        self.buyer.refresh(order["payment_id"])
        self.subscription_id = self.subscription["subscription_id"]


class EndingOfASubscription(Subscribed):
    verb, cancel_at_period_end = "cancel", True

    def act(self) -> TestResponse:
        wish = {"subscription_id": self.subscription_id}
        return self.post(f"/api/stripe/{self.verb}-subscription", wish)

    def check(self) -> None:
        at_stripe = self.stripe.api(f"subscriptions/{self.subscription_id}")
        for known in (self.subscription, at_stripe):
            assert known["cancel_at_period_end"] is self.cancel_at_period_end
            assert known["status"] == "active"


class ResumptionOfASubscription(EndingOfASubscription):
    verb, cancel_at_period_end = "resume", False

    def prepare(self) -> None:
        super().prepare()
        wish = {"subscription_id": self.subscription_id}
        assert self.buyer.post("/api/stripe/cancel-subscription", wish).status_code == 200


class Portal(Scene):
    def act(self) -> TestResponse:
        return self.post("/api/stripe/portal-session")

    def check(self) -> None:
        assert self.act().get_json()["url"].startswith("http")
        assert self.customer
