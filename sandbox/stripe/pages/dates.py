"""Days as people read them, in UTC."""

from datetime import UTC, datetime


def day(moment: int | None, language: str) -> str:
    """`Nov 21, 2026`, `2026年11月21日`; empty for None."""
    if moment is None:
        return ""
    date = datetime.fromtimestamp(moment, UTC)
    if language == "zh":
        return f"{date.year}年{date.month}月{date.day}日"
    return f"{date.strftime('%b')} {date.day}, {date.year}"
