"""Requests that a test holds back."""

from playwright.sync_api import Page, Route

TRIES, PAUSE_MS = 500, 20


def caught(page: Page, waiting: list[Route]) -> list[Route]:
    """`waiting`, once the first request is there, which may come after what the page shows of it."""
    for _ in range(TRIES):
        if waiting:
            return waiting
        page.wait_for_timeout(PAUSE_MS)  # Playwright hands it over meanwhile
    raise AssertionError("Nothing was asked for.")
