"""Auto-recharge."""

from werkzeug.test import TestResponse

from tests.backend.scenes.scene import Scene
from tests.stripe_browser import ASKS_ALWAYS, CAN_ONLY_BE_SAVED

TERMS = {"enabled": True, "threshold": 1, "package_id": "starter", "monthly_limit": 2000}


class Recharge(Scene):
    number = "4242424242424242"
    ends: tuple[str, int, int] = ("succeeded", 1, 500)

    def prepare(self) -> None:
        self.world.database.execute("update auto_recharges set enabled = false")
        self.wallet.save(self.number)
        answer = self.buyer.request("PUT", "/api/credits/auto-recharge", json=TERMS)
        assert answer.status_code == 200, answer.text

    def act(self) -> TestResponse:
        return self.job("auto-recharge")

    def check(self) -> None:
        self.expect(*self.ends)
        assert len(self.listed("payment_intents")) == 1


class RechargeThatIsDeclined(Recharge):
    number = CAN_ONLY_BE_SAVED
    ends = ("failed", 0, 0)


class RechargeThatTheBankAsksAbout(Recharge):
    number = ASKS_ALWAYS
    ends = ("pending", 0, 0)

    def check(self) -> None:
        super().check()
        [item] = self.buyer.get("/api/cart/count").json()["items"]
        assert item["requires_action"] is True
