"""Draws the pictures of the documentation: `python -m tests.journeys.screenshots docs/images`.

Starts a sandbox of its own in a temporary folder, buys credits as the demo user, and looks around.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.browser import Windows, chromium
from tests.journeys.payment_view import PAID
from tests.journeys.shop import Shop
from tests.people import People, Person
from tests.sandbox_process import port_range, start_sandbox

DESKTOP = {"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce"}
TALL = {"width": 1280, "height": 1080}
PHONE = {"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce", "has_touch": True}
DEMO_USER = ("user@example.com", "topup-user-1")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        start_sandbox(port_range(9), Path(data) / "data") as env,
        chromium() as browser,
    ):
        user = People(env).sign_in(*DEMO_USER)
        windows = Windows(browser)
        desktop = enter(Shop(windows.open(**DESKTOP), env), user)
        draw_purchase(desktop, folder)
        draw_dialog(desktop, folder / "dialog.png")
        phone = enter(Shop(windows.open(color_scheme="dark", **PHONE), env), user)
        draw_dialog(phone, folder / "phone-dark.png")
        draw_subscriptions(desktop, folder / "subscriptions.png")
        draw_payment(desktop, folder / "payment.png")
        draw_wallet(desktop, folder / "wallet.png")
        windows.close()


def enter(shop: Shop, user: Person) -> Shop:
    """Sign in at the start page."""
    shop.visit()
    shop.page.locator("topup-account").get_by_role("button", name="Sign in").click()
    shop.sign_in(user)
    expect(shop.dialog.get_by_role("tab", name="Buy")).to_be_visible()
    shop.close_dialog()
    return shop


def draw_purchase(shop: Shop, folder: Path) -> None:
    """Stripe's page as the sandbox has it, and what comes after it."""
    stripe = shop.start_buying("Creator")
    draw(shop, folder / "stripe.png")
    stripe.pay_by_card()
    expect(shop.title).to_have_text(PAID)
    shop.expect_balance(1500)
    draw(shop, folder / "success.png")


def draw_dialog(shop: Shop, file: Path) -> None:
    shop.visit()
    shop.expect_balance(1500)
    shop.open_dialog()
    expect(shop.dialog.get_by_role("radio")).to_have_count(3)
    draw(shop, file)


def draw_subscriptions(shop: Shop, file: Path) -> None:
    """On sale; then one is bought, which brings a saved card."""
    shop.visit()
    shop.open_dialog()
    shop.dialog.get_by_role("button", name="Monthly").click()
    subscribe = shop.dialog.get_by_role("button", name="Subscribe for")
    expect(subscribe).to_be_visible()
    draw(shop, file)
    subscribe.click()
    shop.at_stripe().pay_by_card()
    expect(shop.title).to_have_text(PAID)


def draw_payment(shop: Shop, file: Path) -> None:
    """Inside the dialog, with a card that is kept and one that is typed."""
    shop.visit()
    payment = shop.start_paying_inside("Creator")
    payment.choose("New card")
    payment.form.fill()
    payment.pay_button.focus()
    draw(shop, file)


def draw_wallet(shop: Shop, file: Path) -> None:
    """A card, the terms of auto-recharge, and the subscription."""
    shop.page.set_viewport_size(TALL)
    shop.visit()
    shop.open_dialog("Payment")
    shop.dialog.get_by_role("switch", name="Auto-recharge").click()
    shop.dialog.get_by_role("button", name="Agree and switch on").click()
    expect(shop.dialog.get_by_role("button", name="Change")).to_be_visible()
    draw(shop, file)


def draw(shop: Shop, file: Path) -> None:
    shop.page.screenshot(path=file, animations="disabled")
    print(f"{file}  {file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say where to: python -m tests.journeys.screenshots FOLDER")
    main(Path(sys.argv[1]))
