"""Buying."""

from werkzeug.test import TestResponse

from tests.backend.checkout_page import CheckoutPage
from tests.backend.scenes.scene import Scene
from tests.backend.wallet import CARDS, INTENTS, STARTER
from tests.stripe_browser import ASKS_ALWAYS, CAN_ONLY_BE_SAVED

CHECKOUT = "/api/stripe/create-checkout-session"


class OrderOnStripesPage(Scene):
    wish = STARTER
    bought = ("succeeded", 1, 500)

    def act(self) -> TestResponse:
        return self.post(CHECKOUT, self.wish)

    def check(self) -> None:
        [payment] = self.payments
        self.stripe.pay(payment["payment_url"])
        assert self.buyer.refresh(payment["payment_id"])["status"] == "succeeded"
        self.expect(*self.bought)
        assert len(self.listed("checkout/sessions")) == 1


class OrderOnAnEmbeddedPage(OrderOnStripesPage):
    wish = STARTER | {"ui_mode": "embedded"}

    def check(self) -> None:
        order = self.act().get_json()
        CheckoutPage(self.stripe, order).pay()
        assert self.buyer.refresh(order["payment_id"])["status"] == "succeeded"
        self.expect(*self.bought)
        assert len(self.listed("checkout/sessions")) == 1


class OrderOfASubscription(OrderOnStripesPage):
    wish = {"package_id": "monthly"}
    bought = ("succeeded", 1, 1000)

    def prepare(self) -> None:
        """A price that Stripe has not heard of yet; it is put back by whoever plays this."""
        self.world.raise_price("monthly")

    def check(self) -> None:
        super().check()
        assert self.subscription["status"] == "active"


class OrderOfASubscriptionOnAnEmbeddedPage(OrderOfASubscription, OrderOnAnEmbeddedPage):
    wish = {"package_id": "monthly", "ui_mode": "embedded"}


class OrderOfASubscriptionThatAnotherTabHasBegun(Scene):
    """The page of that tab is closed before this one is opened."""

    wish = {"package_id": "monthly"}

    def prepare(self) -> None:
        self.earlier = self.buyer.order(**self.wish)

    def act(self) -> TestResponse:
        return self.post(CHECKOUT, self.wish)

    def check(self) -> None:
        [payment, earlier] = self.payments
        assert earlier["status"] in ("canceled", "expired")
        self.stripe.pay(payment["payment_url"])
        assert self.buyer.refresh(payment["payment_id"])["status"] == "succeeded"
        assert (self.charges, self.buyer.available) == (1, 1000)
        assert self.subscription["status"] == "active"
        sessions = [session["status"] for session in self.listed("checkout/sessions")]
        assert sessions == ["complete", "expired"]


class OrderOfASubscriptionThatAnotherTabHasPaid(OrderOfASubscriptionThatAnotherTabHasBegun):
    """Nobody here has heard of that."""

    also_fine = (409,)  # nothing else is right

    def prepare(self) -> None:
        super().prepare()
        self.stripe.pay(self.earlier["url"])

    def check(self) -> None:
        assert self.act().status_code == 409
        assert [each["status"] for each in self.payments] == ["canceled", "succeeded"]
        assert (self.charges, self.buyer.available) == (1, 1000)
        assert len(self.listed("checkout/sessions")) == 1


class OrderOfASubscriptionWhosePriceWasArchived(OrderOnStripesPage):
    """At Stripe; the books still name it."""

    wish = {"package_id": "yearly", "currency": "cny"}
    bought = ("succeeded", 1, 12000)

    def prepare(self) -> None:
        somebody = self.world.people.sign_up()
        archived = self._price_in(somebody.order(**self.wish)["session_id"])
        self.stripe.change(f"prices/{archived}", active="false")
        self.others = self._on_sale()

    def check(self) -> None:
        super().check()
        [session] = self.listed("checkout/sessions")
        assert self._on_sale() - self.others == {self._price_in(session["id"])}

    def _on_sale(self) -> set[str]:
        return {price["id"] for price in self.stripe.all("prices", active="true", currency="cny")}

    def _price_in(self, session_id: str) -> str:
        [item] = self.stripe.api(f"checkout/sessions/{session_id}/line_items")["data"]
        return item["price"]["id"]


class OrderInThePage(Scene):
    def act(self) -> TestResponse:
        return self.post(INTENTS, STARTER)

    def check(self) -> None:
        [payment] = self.payments
        secret = self.buyer.refresh(payment["payment_id"])["client_secret"]
        self.stripe_js.confirm(secret)
        self.buyer.refresh(payment["payment_id"])
        self.expect("succeeded", 1, 500)
        assert len(self.listed("payment_intents")) == 1


class _OfADeletedCustomer(Scene):
    """At Stripe; the books still name him."""

    def prepare(self) -> None:
        assert self.buyer.post(f"{CARDS}/setup-intent").status_code == 201
        self.deleted = self.customer
        self.stripe.delete(f"customers/{self.deleted}")

    def check(self) -> None:
        super().check()
        assert self.customer != self.deleted


class OrderOfADeletedCustomer(_OfADeletedCustomer, OrderOnStripesPage):
    pass


class OrderInThePageOfADeletedCustomer(_OfADeletedCustomer, OrderInThePage):
    pass


class OrderWithASavedCard(Scene):
    number = "4242424242424242"
    bought: tuple[str, int, int] = ("succeeded", 1, 500)

    def prepare(self) -> None:
        self.card = self.wallet.save(self.number)

    def act(self) -> TestResponse:
        return self.post(INTENTS, STARTER | {"payment_method_id": self.card})

    def check(self) -> None:
        self.expect(*self.bought)
        assert len(self.listed("payment_intents")) == 1


class OrderWithASavedCardThatIsDeclined(OrderWithASavedCard):
    also_fine = (402,)
    number = CAN_ONLY_BE_SAVED
    bought = ("pending", 0, 0)


class OrderWithASavedCardThatAsks(OrderWithASavedCard):
    number = ASKS_ALWAYS

    def check(self) -> None:
        [payment] = self.payments
        resumed = self.buyer.refresh(payment["payment_id"])
        assert resumed["requires_action"] is True
        self.stripe_js.authenticate(resumed["client_secret"])
        self.buyer.refresh(payment["payment_id"])
        super().check()
