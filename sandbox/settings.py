"""Where the sandbox is: its folder and its addresses, all derived from PORT and SANDBOX_DATA."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"


class SandboxError(Exception):
    """Something a person can put right; the message names the cure."""


@dataclass(frozen=True)
class Settings:
    """`port` is the backend's; the other parts take the six ports after it."""

    port: int
    data: Path

    @property
    def ports(self) -> dict[str, int]:
        """What each port is for, in the words an error message uses."""
        return {
            "backend": self.port,
            "gateway": self.port + 1,
            "stripe": self.port + 2,
            "postgres": self.port + 3,
            "postgrest": self.port + 4,
            "auth": self.port + 5,
            "postgrest-admin": self.port + 6,
        }

    def address(self, part: str) -> str:
        return f"http://{HOST}:{self.ports[part]}"

    def database_url(self, role: str) -> str:
        return f"postgresql://{role}@{HOST}:{self.ports['postgres']}/postgres"

    @property
    def logs(self) -> Path:
        return self.data / "logs"


def read_settings(port: int | None = None) -> Settings:
    """Settings from the environment; `port` overrides PORT. Raises SandboxError on a bad PORT."""
    text = os.environ.get("PORT") or "8000"
    if port is None:
        if not text.isdecimal() or not 1024 <= int(text) <= 65529:
            raise SandboxError(f"PORT={text} is no port; choose a number from 1024 to 65529.")
        port = int(text)
    data = Path(os.environ.get("SANDBOX_DATA") or ROOT / ".data").resolve()
    return Settings(port=port, data=data)
