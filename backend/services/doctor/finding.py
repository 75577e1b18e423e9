from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is, and for a warning or problem what to do."""

    area: str
    subject: str
    status: Status
    says: str
    cure: str = ""

    @classmethod
    def ok(cls, area: str, subject: str, says: str) -> "Finding":
        return cls(area, subject, "ok", says)

    @classmethod
    def warning(cls, area: str, subject: str, says: str, cure: str) -> "Finding":
        """The shop works, but not as well or as safely as it could."""
        return cls(area, subject, "warning", says, cure)

    @classmethod
    def problem(cls, area: str, subject: str, says: str, cure: str = "") -> "Finding":
        """Something does not work, or is open that should be closed."""
        return cls(area, subject, "problem", says, cure)

    @classmethod
    def skipped(cls, area: str, why: str) -> "Finding":
        return cls(area, "everything", "skipped", why)
