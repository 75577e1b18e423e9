"""Looking at payments, and cancelling them."""

from werkzeug.test import TestResponse

from tests.backend.scenes.scene import Scene
from tests.backend.subscriber import Subscriber
from tests.backend.wallet import INTENTS, STARTER
from tests.stripe_browser import CAN_ONLY_BE_SAVED


class RefreshOfASession(Scene):
    only_reads = True

    def prepare(self) -> None:
        self.sold = self.world.shop.sell_silently(self.buyer)
        self.stripe.deliver("drop")

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.sold.payment_id}/refresh")

    def check(self) -> None:
        self.expect("succeeded", 1, 500)


class RefreshOfASubscription(Scene):
    only_reads = True

    def prepare(self) -> None:
        order = self.buyer.order("monthly")
        self.payment_id = order["payment_id"]
        self.stripe.pay(order["url"])

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.payment_id}/refresh")

    def check(self) -> None:
        self.expect("succeeded", 1, 1000)
        assert self.subscription["status"] == "active"


class RefreshOfARenewal(Scene):
    """It was refused once, and paid since on its invoice's page."""

    only_reads = True

    def prepare(self) -> None:
        self.subscriber = Subscriber(self.stripe, self.world.database, self.buyer)
        self.buyer.refresh(self.subscriber.subscribe("monthly")["payment_id"])
        self.subscriber.change_card(CAN_ONLY_BE_SAVED)
        self.stripe.deliver("hold")
        self.subscriber.renew()
        self.stripe.release()
        self.stripe.deliver("drop")
        self.renewal = self.subscriber.payments[-1]
        assert self.renewal["status"] == "pending"
        self.subscriber.pay_invoice(self.renewal["payment_url"])

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.renewal['payment_id']}/refresh")

    def check(self) -> None:
        assert self.subscriber.payments[-1]["status"] == "succeeded"
        assert self.subscriber.grants == [1000, 1000]


class RefreshOfAnIntent(Scene):
    only_reads = True

    def prepare(self) -> None:
        order = self.buyer.post(INTENTS, STARTER).json()
        self.payment_id = order["payment_id"]
        self.stripe_js.confirm(order["client_secret"])

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.payment_id}/refresh")

    def check(self) -> None:
        self.expect("succeeded", 1, 500)


class _OfAnOrphan(Scene):
    """Of an order whose process died before it had asked Stripe."""

    ui_mode = "hosted"
    objects = "checkout/sessions"
    verb = "refresh"

    def prepare(self) -> None:
        query = (
            "select create_payment(%s, 'starter', null, 'usd', false, %s, null, 'en', 'k', 'h')"
            " -> 'payment' ->> 'payment_id' as id"
        )
        found = self.world.database.execute(query, [self.buyer.id, self.ui_mode]).fetchone()
        self.payment_id = (found or {})["id"]

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.payment_id}/{self.verb}")

    def check(self) -> None:
        if self.verb == "cancel":
            self.expect_closed()
        else:
            self.expect("pending", 0, 0)
        assert len(self.listed(self.objects)) == 1


class RefreshOfAnOrphan(_OfAnOrphan):
    pass


class RefreshOfAnEmbeddedOrphan(_OfAnOrphan):
    ui_mode = "embedded"


class RefreshOfAnOrphanedIntent(_OfAnOrphan):
    ui_mode, objects = "elements", "payment_intents"


class CancellationOfAnOrphan(_OfAnOrphan):
    verb = "cancel"


class CancellationOfAnEmbeddedOrphan(_OfAnOrphan):
    ui_mode, verb = "embedded", "cancel"


class CancellationOfAnOrphanedIntent(_OfAnOrphan):
    ui_mode, objects, verb = "elements", "payment_intents", "cancel"


class CancellationOfASession(Scene):
    ui_mode = "hosted"

    def prepare(self) -> None:
        self.order = self.buyer.order(ui_mode=self.ui_mode)

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.order['payment_id']}/cancel")

    def check(self) -> None:
        self.expect_closed()
        assert [session["status"] for session in self.listed("checkout/sessions")] == ["expired"]


class CancellationOfAnEmbeddedSession(CancellationOfASession):
    ui_mode = "embedded"


class CancellationOfAnIntent(Scene):
    def prepare(self) -> None:
        self.order = self.buyer.post(INTENTS, STARTER).json()

    def act(self) -> TestResponse:
        return self.post(f"/api/payments/{self.order['payment_id']}/cancel")

    def check(self) -> None:
        self.expect("canceled", 0, 0)
        assert [intent["status"] for intent in self.listed("payment_intents")] == ["canceled"]
