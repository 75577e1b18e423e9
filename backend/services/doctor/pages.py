"""The page that buyers come back to after paying: whether it is where FRONTEND_URL says."""

from collections.abc import Iterator

from backend.config import Settings
from backend.gateways import pages
from backend.services.doctor.finding import Finding

AREA = "pages"
PAGE = "success.html"
ITS_ELEMENT = "<payment-result>"  # which no other site's page has, whatever it answers


def examine(settings: Settings) -> Iterator[Finding]:
    """Asks for it once."""
    url = f"{settings.frontend_url}/{PAGE}"
    answer = pages.load(url)
    if answer is None:
        yield Finding.warning(
            AREA,
            PAGE,
            f"Nobody answers at {url}.",
            "Once the shop is deployed, examine it again; FRONTEND_URL is its own address.",
        )
    elif answer[0] != 200 or ITS_ELEMENT not in answer[1]:
        yield Finding.problem(
            AREA,
            PAGE,
            f"It is not at {url}, where buyers come to after paying.",
            "Set FRONTEND_URL to this backend's address; your app's belongs into ALLOWED_ORIGINS.",
        )
    else:
        yield Finding.ok(AREA, PAGE, f"It is at {url}.")
