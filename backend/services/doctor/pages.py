"""The page that buyers come back to after paying: whether it is where FRONTEND_URL says."""

from collections.abc import Iterator

from backend.config import Settings
from backend.gateways import pages
from backend.services.doctor.finding import Finding

AREA = "pages"
PAGE = "success.html"
ITS_ELEMENT = "<payment-result>"  # which no other site's page has, whatever it answers
CLOSED = (401, 403)  # a preview that asks who is there


def examine(settings: Settings) -> Iterator[Finding]:
    """Asks for it once."""
    url = f"{settings.frontend_url}/{PAGE}"
    status, text = pages.load(url) or (None, "")
    if status is None or status in CLOSED or status >= 500:
        yield Finding.warning(
            AREA,
            PAGE,
            f"Nobody can look at {url} yet.",
            "Once the shop is open there, examine it again; FRONTEND_URL is its own address.",
        )
    elif status != 200 or ITS_ELEMENT not in text:
        yield Finding.problem(
            AREA,
            PAGE,
            f"It is not at {url}, where buyers come to after paying.",
            "Deploy first; FRONTEND_URL is this backend's address, ALLOWED_ORIGINS has your app's.",
        )
    else:
        yield Finding.ok(AREA, PAGE, f"It is at {url}.")
