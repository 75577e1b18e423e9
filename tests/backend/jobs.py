"""The scheduler: it calls jobs with their own secret."""

from typing import Any

import httpx

from tests.http import HTTP

CALLS_MAX = 50


class Jobs:
    def __init__(self, env: dict[str, str]) -> None:
        self._url = f"{env['BACKEND_URL']}/api/jobs"
        self._headers = {"Authorization": f"Bearer {env['CRON_SECRET']}"}

    def ask(self, name: str) -> httpx.Response:
        return HTTP.post(f"{self._url}/{name}", headers=self._headers)

    def run(self, name: str) -> dict[str, Any]:
        """What was done, in counts."""
        answer = self.ask(name)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reconcile(self) -> dict[str, Any]:
        """Until it is done: the last report, which counts all of it."""
        for _ in range(CALLS_MAX):
            report = self.run("reconcile")
            if report["done"]:
                return report
        raise AssertionError(report)

    def cleanup(self) -> dict[str, Any]:
        return self.run("cleanup")

    def recharge(self) -> dict[str, int]:
        """The counts of auto-recharge that are not zero."""
        counts = self.run("auto-recharge")
        assert counts.pop("done") is True
        return {outcome: count for outcome, count in counts.items() if count}
