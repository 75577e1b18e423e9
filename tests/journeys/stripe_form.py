"""Stripe in our own page: the Payment Element in its frame, and the bank's window over everything."""

from playwright.sync_api import Page, expect

from tests.journeys.stripe_page import SUCCEEDS

FIELDS = ("Card number", "Expiration date", "Security code")
FIELDS_ZH = ("卡号", "有效期", "安全码")


class StripeForm:
    """The frame in our dialog in which a card is typed; `labels` in the buyer's language."""

    def __init__(self, page: Page, labels: tuple[str, str, str] = FIELDS) -> None:
        frame = page.frame_locator("credits-dialog iframe")
        self.number, self.expiration, self.code = (frame.get_by_label(label) for label in labels)
        self.terms = frame.get_by_text("By providing your card information")

    def fill(self, number: str = SUCCEEDS) -> None:
        self.number.fill(number)
        self.expiration.fill("12 / 34")
        self.code.fill("123")


class Bank:
    """3D Secure."""

    def __init__(self, page: Page) -> None:
        self.window = page.get_by_role("dialog", name="3D Secure")
        frame = page.frame_locator("iframe[name=stripe-challenge-frame]")
        self.complete = frame.get_by_role("button", name="Complete authentication")
        self.fail = frame.get_by_role("button", name="Fail authentication")

    def authenticate(self) -> None:
        """It is me."""
        self.complete.click()
        expect(self.window).to_be_hidden()

    def refuse(self) -> None:
        self.fail.click()
        expect(self.window).to_be_hidden()
