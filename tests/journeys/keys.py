"""Getting about with the keyboard."""

from playwright.sync_api import Locator, expect

TABS_MAX = 40
HAS_FOCUS = """(element) =>
  element.ownerDocument.hasFocus() && element === element.getRootNode().activeElement"""


def tab_to(target: Locator) -> None:
    """Press Tab until it has the focus."""
    expect(target).to_be_visible()
    for _ in range(TABS_MAX):
        if target.evaluate(HAS_FOCUS):
            return
        target.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {target}")
