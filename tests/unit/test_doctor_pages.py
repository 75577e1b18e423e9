"""What an answer means for the page that buyers come back to."""

import pytest

from backend.gateways import pages as gateway
from backend.services.doctor import pages
from tests import shop

OURS = "<main><payment-result></payment-result></main>"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ((200, OURS), "ok"),
        ((200, "<h1>Any page of an app that answers everything</h1>"), "problem"),
        ((404, ""), "problem"),
        ((401, "A preview that asks who is there"), "warning"),
        ((502, "A proxy before the first start"), "warning"),
        (None, "warning"),
    ],
)
def test_an_answer_is_judged_by_what_the_deployer_can_do(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str] | None, status: str
) -> None:
    settings = shop.settings()
    monkeypatch.setattr(gateway, "load", lambda url: answer)
    [finding] = pages.examine(settings)
    assert (finding.status, settings.frontend_url in finding.says) == (status, True)
