"""The shop's own pages, asked for as a browser asks."""

from backend.config import PAGES_TIMEOUT_SECONDS


def load(url: str) -> tuple[int, str] | None:
    """The status and the text of a page, redirects followed; None: nobody answers."""
    import urllib3

    try:
        with urllib3.PoolManager() as pool:
            answer = pool.request("GET", url, timeout=PAGES_TIMEOUT_SECONDS, retries=2)
    except urllib3.exceptions.HTTPError:
        return None
    return answer.status, answer.data.decode(errors="replace")
