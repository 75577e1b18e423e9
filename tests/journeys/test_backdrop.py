"""A press beside the dialog closes it, unless that was not meant, or something would be lost."""

from playwright.sync_api import expect

from tests.journeys.shop import Shop
from tests.journeys.stripe_form import StripeForm


def press_beside(shop: Shop) -> None:
    shop.page.mouse.click(5, 5)


def test_a_press_beside_the_dialog_closes_it(shop: Shop) -> None:
    shop.open_dialog()
    press_beside(shop)
    expect(shop.dialog).to_be_hidden()
    expect(shop.badge).to_be_focused()


def test_a_double_click_opens_the_dialog_and_leaves_it_open(shop: Shop) -> None:
    shop.badge.hover()
    for press in (1, 2):
        shop.page.mouse.down(click_count=press)
        shop.page.mouse.up(click_count=press)
        expect(shop.dialog).to_have_attribute("open", "")  # it fades, and is seen for a while
    press_beside(shop)
    expect(shop.dialog).to_be_hidden()


def test_the_page_behind_gets_back_what_its_own_style_said(shop: Shop) -> None:
    said = "document.documentElement.style.overflow"
    shop.page.evaluate(f"{said} = 'clip'")
    shop.open_dialog()
    assert shop.page.evaluate(said) == "hidden"
    shop.close_dialog()
    assert shop.page.evaluate(said) == "clip"


def test_moved_by_its_app_while_it_is_open_it_closes_and_can_be_opened_again(shop: Shop) -> None:
    """As frameworks move elements: out of the page, and in again."""
    shop.open_dialog()
    moved = "const dialog = document.querySelector('credits-dialog'); dialog.remove();"
    shop.page.evaluate(f"() => {{ {moved} document.body.append(dialog); }}")
    expect(shop.dialog).to_be_hidden()
    shop.open_dialog()
    expect(shop.dialog).to_be_visible()
    assert shop.dialog.evaluate("dialog => dialog.matches(':modal')")


def test_a_press_beside_a_half_typed_card_does_not_throw_it_away(shop: Shop) -> None:
    shop.open_dialog("Payment")
    shop.dialog.get_by_role("button", name="Add a card").click()
    form = StripeForm(shop.page)
    form.number.fill("4242")
    press_beside(shop)
    expect(shop.dialog).to_have_attribute("open", "")
    expect(form.number).to_have_value("4242")
    shop.dialog.get_by_role("button", name="Cancel").click()
    press_beside(shop)
    expect(shop.dialog).to_be_hidden()
