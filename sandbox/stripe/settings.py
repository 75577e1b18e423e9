"""What the process is told from outside: one frozen value, read once."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

WEBHOOK_PATH = "/api/stripe/webhook"


@dataclass(frozen=True)
class Settings:
    api_base: str
    secret_key: str
    publishable_key: str
    webhook_secret: str
    backend_url: str
    data_folder: Path
    async_settlement_seconds: float = 3.0

    @classmethod
    def from_environment(cls) -> "Settings":
        """Raises SystemExit that names the variable when one is missing."""

        def required(name: str) -> str:
            if not os.environ.get(name):
                raise SystemExit(f"sandbox.stripe: set {name} (`python -m sandbox env` prints it)")
            return os.environ[name]

        return cls(
            api_base=required("STRIPE_API_BASE").rstrip("/"),
            secret_key=required("STRIPE_SECRET_KEY"),
            publishable_key=required("STRIPE_PUBLISHABLE_KEY"),
            webhook_secret=required("STRIPE_WEBHOOK_SECRET"),
            backend_url=required("BACKEND_URL").rstrip("/"),
            data_folder=Path(required("SANDBOX_DATA")),
            async_settlement_seconds=float(os.environ.get("STRIPE_ASYNC_SECONDS", "3")),
        )

    @property
    def port(self) -> int:
        port = urlsplit(self.api_base).port
        if port is None:
            raise SystemExit("sandbox.stripe: STRIPE_API_BASE needs a port")
        return port

    @property
    def webhook_url(self) -> str:
        return self.backend_url + WEBHOOK_PATH
