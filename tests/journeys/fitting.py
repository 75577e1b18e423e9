"""Nothing sticks out of the page, and nothing has to be scrolled sideways."""

from tests.journeys.shop import Shop

# Everything on the page, the open dialog's shadow tree included, that sticks out to the right.
STICKS_OUT = """() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap(
    (element) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])],
  );
  const width = document.documentElement.clientWidth;
  return all(document.body)
    .filter((element) => element.checkVisibility() && !element.closest(".visually-hidden"))
    .filter((element) => element.getBoundingClientRect().right > width + 0.5)
    .map((element) => `${element.localName}.${element.className}`);
}"""
SCROLLS = """() => {
  const page = document.documentElement;
  const dialog = document.querySelector("credits-dialog").shadowRoot;
  return [page, ...dialog.querySelectorAll("dialog, .scroll")]
    .filter((element) => element.scrollWidth > element.clientWidth)
    .map((element) => `${element.localName}.${element.className}`);
}"""


def fits(shop: Shop) -> None:
    """As it is now; raises AssertionError."""
    for look in (STICKS_OUT, SCROLLS):
        found = shop.page.evaluate(look)
        assert not found, found
