"""Telling the host app about account events (a low balance for one), at least once each."""

import time
from typing import Any

from backend.config import BATCH_SECONDS_MAX
from backend.gateways.app_webhook import AppWebhook, NotDelivered
from backend.gateways.supabase import Database

# An app that hangs costs APP_WEBHOOK_TIMEOUT_SECONDS twice, to connect and to answer: a batch ends
# within its minute's lease.
BATCH = 5


class EventDelivery:
    def __init__(self, database: Database, app: AppWebhook) -> None:
        self._database = database
        self._app = app

    def deliver(self) -> dict[str, Any]:
        """Send what is due: {delivered, failed, configured}. A failed one is due again later."""
        counts = {"delivered": 0, "failed": 0, "configured": self._app.is_configured}
        if not self._app.is_configured:
            return counts
        deadline = time.monotonic() + BATCH_SECONDS_MAX
        while time.monotonic() < deadline:
            events = self._database.as_service("claim_account_events", limit=BATCH)
            for event in events:
                error = self._send(event)
                self._database.as_service("finish_account_event", id=event["id"], error=error)
                counts["failed" if error else "delivered"] += 1
            if len(events) < BATCH:
                break
        return counts

    def _send(self, event: dict[str, Any]) -> str | None:
        """None, or why it was not taken."""
        body = {
            "type": event["type"],
            "timestamp": event["created_at"],
            "data": {"user_id": event["user_id"], **event["data"]},
        }
        try:
            self._app.send(event["id"], body)
        except NotDelivered as failure:
            return str(failure)
        return None
