"""How the shop does, day by day."""

from datetime import date
from typing import Any

from backend.config import Settings
from backend.gateways.supabase import Database


class Metrics:
    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    def daily(self, start: date, end: date, currency: str | None) -> dict[str, Any]:
        """{from, to, currency, totals, days: [{day, …}]}: UTC days, without `end`.

        Payments count in one currency (the shop's own without one) and in the mode of the shop,
        amounts in minor units. get_metrics() in sql/…_metrics.sql defines each member.
        """
        currency = (currency or self._settings.default_currency).lower()
        answer = self._database.as_service(
            "get_metrics",
            **{"from": start.isoformat(), "to": end.isoformat()},
            currency=currency,
            livemode=self._settings.livemode,
        )
        return {
            "from": start.isoformat(),
            "to": end.isoformat(),
            "currency": currency,
            "totals": answer["totals"],
            "days": answer["days"],
        }
