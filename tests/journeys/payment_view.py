"""A payment inside our dialog: a saved card or a new one, the bank, and what came of it."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.journeys.stripe_form import Bank, StripeForm
from tests.journeys.stripe_page import SUCCEEDS

PAID = "Paid. Your credits are here."


class PaymentView:
    """`dialog` is ours, in `page`."""

    def __init__(self, page: Page, dialog: Locator) -> None:
        self.dialog = dialog
        self.form = StripeForm(page)
        self.bank = Bank(page)
        self.pay_button = dialog.get_by_role("button", name=re.compile("^Pay "))
        self.save = dialog.get_by_label("Save this card for next time")
        self.said = dialog.get_by_role("alert")
        self.outcome = dialog.get_by_role("heading", level=3)

    def pay(self, number: str = SUCCEEDS) -> None:
        """Type a card and press Pay."""
        self.form.fill(number)
        self.pay_button.click()

    def save_card(self) -> None:
        """Tick the box, once Stripe's form above it has found its height."""
        expect(self.form.number).to_be_visible()
        self.save.check()

    def choose(self, card: str) -> None:
        """A saved card by its last digits, or `New card`."""
        self.dialog.get_by_role("radio", name=card).check()

    def expect_said(self, sentence: str) -> None:
        """What the bank said no to, and that it cost nothing."""
        expect(self.said).to_contain_text(sentence)
        expect(self.said).to_contain_text("Nothing was charged.")

    def expect_paid(self) -> None:
        expect(self.outcome).to_have_text(PAID)
