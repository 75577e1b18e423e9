"""The one place that starts a browser, and that hears what its pages complain about.

with chromium() as browser:
    windows = Windows(browser)
    page = windows.open(locale="zh-CN")       # a browser profile of its own
    …
    windows.close()                           # fails if a page complained
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

TIMEOUT_MS = 15_000
LAUNCH_TIMEOUT_MS = 60_000
# scripts/install_chromium.sh looks for them in the same order.
INSTALLED = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# A test's browser talks to nobody but the sandbox.
ARGUMENTS = (
    "--no-sandbox",  # it can't have one as root
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
RESULTS = Path(__file__).resolve().parent.parent / "test-results"

expect.set_options(timeout=TIMEOUT_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium: the machine's own, else Playwright's."""
    installed = next(filter(None, map(shutil.which, INSTALLED)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=installed,
            args=ARGUMENTS,
            timeout=LAUNCH_TIMEOUT_MS,
        )
        yield browser
        browser.close()


class Windows:
    """The browser profiles that one test opens. Nothing a page complains about goes unheard:
    uncaught errors, errors on the console, breaches of the Content-Security-Policy."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []
        self._expected: list[str] = []

    def open(self, **options: Any) -> Page:
        """A page in a profile of its own; `options` as for Playwright's `new_context`."""
        context = self._browser.new_context(**{"locale": "en-US", **options})
        context.set_default_timeout(TIMEOUT_MS)
        context.on("weberror", lambda error: self._complaints.append(f"uncaught: {error.error}"))
        context.on("console", self._listen)
        self._contexts.append(context)
        return context.new_page()

    def expect_complaint(self, part: str) -> None:
        """The test provokes an error on the console that contains `part`."""
        self._expected.append(part)

    @property
    def complaints(self) -> list[str]:
        """What was heard and not expected."""
        return [
            heard
            for heard in self._complaints
            if not any(expected in heard for expected in self._expected)
        ]

    def photograph(self, name: str) -> None:
        """Save what every window shows to test-results/."""
        RESULTS.mkdir(exist_ok=True)
        name = re.sub(r"\W+", "-", name)
        pages = [page for context in self._contexts for page in context.pages]
        for number, page in enumerate(pages, 1):
            page.screenshot(path=RESULTS / f"{name}-{number}.png")

    def close(self) -> None:
        """Raises AssertionError with all unexpected complaints."""
        for context in self._contexts:
            context.close()
        assert self.complaints == []

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complaints.append(f"{message.text} ({message.location['url']})")
