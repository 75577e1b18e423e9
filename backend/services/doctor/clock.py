"""Clocks that disagree make good tokens and signatures look too old or too new."""

from datetime import datetime

from backend.services.doctor.finding import Finding

SKEW_SECONDS_MAX = 5


def judge(
    area: str, there: datetime, asked_at: float, answered_at: float, precision_seconds: float = 0
) -> Finding:
    """Compare their clock with ours; what the question's way took is no difference."""
    seconds = there.timestamp() + precision_seconds / 2 - (asked_at + answered_at) / 2
    uncertain = (answered_at - asked_at + precision_seconds) / 2
    if abs(seconds) - uncertain <= SKEW_SECONDS_MAX:
        return Finding.ok(area, "clock", "It agrees with ours.")
    direction = "ahead of" if seconds > 0 else "behind"
    return Finding.problem(
        area,
        "clock",
        f"It is {abs(seconds):.0f} seconds {direction} this machine's.",
        "Let this machine set its clock from the network (NTP).",
    )
