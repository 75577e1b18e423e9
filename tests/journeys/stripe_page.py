"""Stripe's checkout page, in a tab of its own or in the frame inside our dialog."""

import re

from playwright.sync_api import FrameLocator, Page

# Stripe's test cards: https://docs.stripe.com/testing
SUCCEEDS = "4242 4242 4242 4242"
IS_DECLINED = "4000 0000 0000 0002"
HAS_NO_FUNDS = "4000 0000 0000 9995"
IS_EXPIRED = "4000 0000 0000 0069"
ASKS_FOR_3D_SECURE = "4000 0025 0000 3155"


class StripePage:
    """`place` is what the fields are looked for in."""

    def __init__(self, place: Page | FrameLocator) -> None:
        self.place = place
        self.failure = place.get_by_role("alert")
        self.total = place.locator(".total")
        self.card_number = place.get_by_label("Card number")
        self.bank_question = place.get_by_role("button", name="Complete authentication")
        buttons = re.compile("^(Pay|Subscribe|Complete order)")
        self.pay_button = place.get_by_role("button", name=buttons)

    def pay_by_card(self, number: str = SUCCEEDS) -> None:
        self.place.get_by_label("Email").fill("buyer@example.com")
        self.pay_invoice(number)

    def pay_invoice(self, number: str = SUCCEEDS) -> None:
        """Stripe knows whose it is."""
        self.card_number.fill(number)
        self.place.get_by_label("Expiration").fill("12 / 34")
        self.place.get_by_label("CVC").fill("123")
        self.place.get_by_label("Name on card").fill("Ada Buyer")
        self.pay_button.click()

    def use_code(self, code: str) -> None:
        self.place.get_by_label("Promotion code").fill(code)
        self.place.get_by_role("button", name="Apply").click()

    def accept(self) -> None:
        """Confirm what costs nothing."""
        self.place.get_by_label("Email").fill("buyer@example.com")
        self.pay_button.click()

    def pay_by_bank(self) -> None:
        """The asynchronous method; the test decides how it ends."""
        self.place.get_by_label("Bank transfer").check()
        self.pay_button.click()

    def authenticate(self) -> None:
        """3D Secure: it is me."""
        self.bank_question.click()

    def refuse_to_authenticate(self) -> None:
        self.place.get_by_role("button", name="Fail authentication").click()

    def go_back(self) -> None:
        self.place.get_by_role("link", name="Cancel and go back").click()
