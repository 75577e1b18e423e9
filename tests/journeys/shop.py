"""Our pages, as somebody in front of them sees them: by role and name, in English."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.journeys.payment_view import PAID, PaymentView
from tests.journeys.stripe_page import SUCCEEDS, StripePage
from tests.people import Person

SESSION = "topup.session"  # where the browser keeps it
OPEN_PAYMENTS, ADDRESS = "the open payments", "its address"
WAYS_BACK = (OPEN_PAYMENTS, ADDRESS)  # to a payment that was left half way


class Shop:
    """`page` is the tab; every verb is something that a person does or sees."""

    def __init__(self, page: Page, env: dict[str, str]) -> None:
        self.page = page
        self.env = env
        self.badge: Locator = page.locator("credits-badge").get_by_role("button")
        self.dialog: Locator = page.locator("credits-dialog").get_by_role("dialog")
        self.title: Locator = page.get_by_role("heading", level=1)

    def visit(self, path: str = "/") -> None:
        self.page.goto(self.env["BACKEND_URL"] + path)

    def another_tab(self, path: str = "/") -> "Shop":
        """In the same browser profile."""
        shop = Shop(self.page.context.new_page(), self.env)
        shop.visit(path)
        return shop

    def resume_in_another_tab(self, payment: dict[str, Any], way: str) -> "Shop":
        """This one is closed; `way` is one of WAYS_BACK."""
        address = payment["payment_url"].removeprefix(self.env["FRONTEND_URL"])
        tab = self.another_tab(address if way == ADDRESS else "/")
        self.page.close()
        if way == OPEN_PAYMENTS:
            tab.open_dialog()
            tab.dialog.get_by_role("button", name="Resume the payment").click()
        return tab

    def open_dialog(self, tab: str = "Buy") -> None:
        self.badge.click()
        if tab != "Buy":
            self.dialog.get_by_role("tab", name=tab).click()

    def close_dialog(self) -> None:
        self.dialog.get_by_role("button", name="Close").click()
        expect(self.dialog).to_be_hidden()

    def choose(self, package: str) -> None:
        self.dialog.get_by_role("radio", name=package).check()

    @property
    def pay_button(self) -> Locator:
        """`Pay $4.99`, or `Sign in and pay $4.99` for a visitor."""
        return self.dialog.get_by_role("button", name=re.compile(r"^(Pay|Sign in and pay) "))

    def pay(self) -> StripePage:
        """Press Pay and wait for Stripe's page."""
        self.pay_button.click()
        return self.at_stripe()

    def at_stripe(self) -> StripePage:
        self.page.wait_for_url(f"{self.env['STRIPE_API_BASE']}/c/pay/**")
        return StripePage(self.page)

    def start_buying(self, package: str = "Starter") -> StripePage:
        """From the badge to Stripe's page."""
        self.open_dialog()
        self.choose(package)
        return self.pay()

    def use_form(self, ui_mode: str) -> None:
        """As a site does that writes `<credits-dialog ui-mode="…">`."""
        element = self.page.locator("credits-dialog")
        element.evaluate("(dialog, mode) => dialog.setAttribute('ui-mode', mode)", ui_mode)

    def start_paying_inside(self, package: str = "Starter") -> PaymentView:
        """From the badge to our own form in the dialog."""
        self.use_form("elements")
        self.open_dialog()
        self.choose(package)
        self.pay_button.click()
        return self.payment

    @property
    def stripe_inside(self) -> StripePage:
        """Stripe's page, in the frame in the dialog."""
        return StripePage(self.page.frame_locator("credits-dialog iframe"))

    @property
    def payment(self) -> PaymentView:
        """The one that the dialog shows."""
        return PaymentView(self.page, self.dialog)

    def buy(self, package: str = "Starter", card: str = SUCCEEDS) -> None:
        """From the badge to the success page."""
        self.start_buying(package).pay_by_card(card)
        expect(self.title).to_have_text(PAID)

    def look_again(self) -> None:
        """As an app does that has spent some of the credits: the balance is asked for anew."""
        with self.page.expect_response("**/api/cart/count"):
            self.page.evaluate("import('/topup.js').then(({ creditsChanged }) => creditsChanged())")
        self.page.wait_for_timeout(100)

    def sign_in(self, person: Person) -> None:
        """Fill in the form that is shown, wherever it is."""
        self._send_form("Sign in", person.email, person.password)

    def sign_up(self, email: str, password: str) -> None:
        self.page.get_by_role("button", name="New here?").click()
        self._send_form("Create account", email, password)

    def sign_out(self) -> None:
        """With the button in the page's head."""
        self.page.locator("topup-account").get_by_role("button", name="Sign out").click()
        self.expect_nobody()

    def expect_balance(self, available: int) -> None:
        """The badge shows it, and nothing is left to be paid."""
        expect(self.badge).to_have_accessible_name(f"Credits: {available:,} available")

    def expect_nobody(self) -> None:
        expect(self.badge).to_have_accessible_name("Buy credits")

    def _send_form(self, verb: str, email: str, password: str) -> None:
        form = self.page.locator("form.sign-in")
        form.get_by_label("E-mail").fill(email)
        form.get_by_label("Password").fill(password)
        form.get_by_role("button", name=verb, exact=True).click()
