"""What the scheduler asks for."""

from werkzeug.test import TestResponse

from tests.backend.scenes.scene import Scene
from tests.backend.scenes.subscriptions import Subscribed
from tests.backend.wallet import INTENTS, STARTER


class Cleanup(Scene):
    """Of a session and an intent that nobody came back to."""

    def prepare(self) -> None:
        self.buyer.order()
        self.buyer.post(INTENTS, STARTER)
        self.world.database.execute(
            "update payment_orders set expires_at = now() - interval '1 hour' where user_id = %s",
            [self.buyer.id],
        )

    def act(self) -> TestResponse:
        return self.job("cleanup")

    def check(self) -> None:
        query = "select status from payment_orders where user_id = %s"
        rows = self.world.database.execute(query, [self.buyer.id]).fetchall()
        assert [row["status"] for row in rows] == ["expired", "expired"]
        assert [session["status"] for session in self.listed("checkout/sessions")] == ["expired"]
        assert [intent["status"] for intent in self.listed("payment_intents")] == ["canceled"]


class CleanupAfterAnErasedUser(Subscribed):
    """Nobody may go on paying for him."""

    def prepare(self) -> None:
        super().prepare()
        self.world.database.execute("delete from auth.users where id = %s", [self.buyer.id])

    def act(self) -> TestResponse:
        return self.job("cleanup")

    def check(self) -> None:
        at_stripe = self.stripe.api(f"subscriptions/{self.subscription_id}")
        query = "select status, ended_at from subscriptions where id = %s"
        [known] = self.world.database.execute(query, [self.subscription_id]).fetchall()
        assert (at_stripe["status"], known["status"]) == ("canceled", "canceled")
        assert known["ended_at"]


class Reconciliation(Scene):
    """Of a payment whose webhooks were lost."""

    only_reads = True

    def prepare(self) -> None:
        self.world.shop.sell_silently(self.buyer)
        self.stripe.deliver("drop")

    def act(self) -> TestResponse:
        return self.job("reconcile")

    def check(self) -> None:
        self.expect("succeeded", 1, 500)
