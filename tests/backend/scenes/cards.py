"""Saved cards."""

from werkzeug.test import TestResponse

from tests.backend.scenes.scene import Scene
from tests.backend.wallet import CARDS


class SettingUpOfACard(Scene):
    def act(self) -> TestResponse:
        return self.post(f"{CARDS}/setup-intent")

    def check(self) -> None:
        secret = self.act().get_json()["client_secret"]
        card = self.stripe_js.confirm(secret)["payment_method"]
        assert [each["id"] for each in self.wallet.refresh()] == [card]


class RefreshOfCards(Scene):
    only_reads = True

    def prepare(self) -> None:
        secret = self.buyer.post(f"{CARDS}/setup-intent").json()["client_secret"]
        self.card = self.stripe_js.confirm(secret)["payment_method"]

    def act(self) -> TestResponse:
        return self.post(f"{CARDS}/refresh")

    def check(self) -> None:
        assert self.wallet.ids == [self.card]


class AnotherDefaultCard(Scene):
    def prepare(self) -> None:
        self.wallet.save()
        self.card = self.wallet.save()

    def act(self) -> TestResponse:
        return self.post(f"{CARDS}/{self.card}/default")

    def check(self) -> None:
        assert [card["id"] for card in self.wallet.cards if card["is_default"]] == [self.card]
        settings = self.stripe.api(f"customers/{self.customer}")["invoice_settings"]
        assert settings["default_payment_method"] == self.card


class RemovalOfACard(Scene):
    also_fine = (404,)  # it is gone

    def prepare(self) -> None:
        self.card = self.wallet.save()

    def act(self) -> TestResponse:
        return self.ask("DELETE", f"{CARDS}/{self.card}", self.buyer.token)

    def check(self) -> None:
        assert self.wallet.ids == []
        assert self.stripe.api(f"payment_methods/{self.card}")["customer"] is None
