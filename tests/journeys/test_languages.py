"""A Chinese browser is spoken to in Chinese and sold to in yuan; everybody may change that."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.shop import Shop
from tests.people import Person


def test_a_chinese_browser_buys_in_chinese_and_in_yuan(
    open_shop: Callable[..., Shop], buyer: Person
) -> None:
    shop = open_shop(buyer, locale="zh-CN")
    expect(shop.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(shop.title).to_have_text("用多少，付多少。随时充值。")
    expect(shop.badge).to_have_accessible_name("积分：可用 0")

    shop.badge.click()
    packages = shop.dialog.get_by_role("radio")
    expect(packages).to_have_count(4)
    for position, name in enumerate(["体验包", "标准包", "超值包", "豪华包"]):
        expect(shop.dialog.locator("label").nth(position)).to_contain_text(name)
    shop.choose("体验包")
    shop.dialog.get_by_role("button", name="支付 ¥50.00").click()

    stripe = shop.at_stripe().place
    expect(stripe.get_by_role("button", name="支付 ¥50.00")).to_be_visible()
    expect(stripe.get_by_text("体验包").first).to_be_visible()
    stripe.get_by_label("邮箱").fill("buyer@example.com")
    stripe.get_by_label("卡号").fill("4242 4242 4242 4242")
    stripe.get_by_label("有效期").fill("12 / 34")
    stripe.get_by_label("安全码").fill("123")
    stripe.get_by_label("持卡人姓名").fill("爱达")
    stripe.get_by_role("button", name="支付").click()

    expect(shop.title).to_have_text("付款成功，积分已到账")
    expect(shop.badge).to_have_accessible_name("积分：可用 500")
    [payment] = buyer.get("/api/payments").json()["payments"]
    assert (payment["amount"], payment["currency"]) == (5000, "cny")


def test_the_language_chosen_on_the_page_lasts(
    open_shop: Callable[..., Shop], buyer: Person
) -> None:
    shop = open_shop(buyer, locale="zh-CN")
    shop.page.locator("topup-language").get_by_label("语言").select_option("English")
    shop.expect_balance(0)
    expect(shop.page.locator("html")).to_have_attribute("lang", "en")
    shop.visit()
    shop.expect_balance(0)
    shop.open_dialog()
    shop.choose("Starter")
    stripe = shop.pay()
    expect(stripe.pay_button).to_have_accessible_name("Pay $4.99")


def test_the_language_changes_inside_the_dialog_and_keeps_the_focus(shop: Shop) -> None:
    shop.open_dialog()
    shop.dialog.get_by_label("Language").select_option("中文")
    expect(shop.dialog.get_by_role("tab", name="余额")).to_be_visible()
    expect(shop.dialog.locator("label").first).to_contain_text("体验包")
    expect(shop.dialog.get_by_label("语言")).to_be_focused()
    shop.dialog.get_by_label("语言").select_option("English")
    expect(shop.dialog.get_by_role("tab", name="Balance")).to_be_visible()


def test_on_a_page_written_from_right_to_left_ours_still_reads_from_left_to_right(
    shop: Shop, buyer: Person
) -> None:
    buyer.order()
    shop.page.emulate_media(reduced_motion="reduce")
    shop.visit()
    shop.page.evaluate("document.documentElement.dir = 'rtl'")
    shop.open_dialog()
    title = shop.dialog.get_by_role("heading", name="Credits")
    close = shop.dialog.get_by_role("button", name="Close")
    expect(shop.dialog.get_by_text("1 payment to finish")).to_have_css("direction", "ltr")
    expect(shop.badge).to_have_css("direction", "ltr")
    frame, left, right = (part.bounding_box() for part in (shop.dialog, title, close))
    assert frame and left and right
    assert left["x"] < right["x"]
    assert right["x"] + right["width"] <= frame["x"] + frame["width"]


def test_another_language_lists_what_was_listed(shop: Shop) -> None:
    shop.open_dialog("History")
    shop.dialog.get_by_role("button", name="Payments").click()
    shop.dialog.get_by_label("Language").select_option("中文")
    payments = shop.dialog.get_by_role("button", name="付款", exact=True)
    expect(payments).to_have_attribute("aria-pressed", "true")
    expect(shop.dialog.get_by_text("暂无付款")).to_be_visible()


def test_another_language_keeps_what_was_filled_in_to_create_an_account(visitor: Shop) -> None:
    visitor.open_dialog()
    visitor.dialog.get_by_role("button", name="Sign in", exact=True).click()
    visitor.dialog.get_by_role("button", name="New here?").click()
    visitor.dialog.get_by_label("E-mail").fill("ada@example.com")
    visitor.dialog.get_by_label("Language").select_option("中文")
    expect(visitor.dialog.get_by_role("heading", name="注册账号")).to_be_visible()
    expect(visitor.dialog.get_by_label("邮箱")).to_have_value("ada@example.com")


def test_a_browser_in_a_language_we_do_not_speak_gets_english(
    open_shop: Callable[..., Shop], buyer: Person
) -> None:
    shop = open_shop(buyer, locale="fr-FR")
    shop.expect_balance(0)
