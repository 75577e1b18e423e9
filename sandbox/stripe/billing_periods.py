"""When a billing period ends. https://docs.stripe.com/billing/subscriptions/billing-cycle

Every period is counted from the anchor, so that one which began on the 31st comes back to the 31st
after a shorter month.
"""

import calendar
from datetime import UTC, datetime, timedelta

from .store import Object

DAY_SECONDS = 24 * 60 * 60
SECONDS = {"day": DAY_SECONDS, "week": 7 * DAY_SECONDS}
MONTHS = {"month": 1, "year": 12}


def end_after(start: int, recurring: Object, anchor: int) -> int:
    """The first boundary after `start` of the periods that are counted from `anchor`."""
    interval, every = recurring["interval"], recurring["interval_count"]
    if interval in SECONDS:
        step = SECONDS[interval] * every
        return anchor + ((start - anchor) // step + 1) * step
    step = MONTHS[interval] * every
    periods = (_month_number(start) - _month_number(anchor)) // step
    for more in (periods, periods + 1, periods + 2):
        end = months_after(anchor, more * step)
        if end > start:
            return end
    raise AssertionError("a month is never longer than two")


def months_after(anchor: int, months: int) -> int:
    day = datetime.fromtimestamp(anchor, UTC)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    first = day.replace(year=year, month=month + 1, day=1)
    return int((first + timedelta(days=min(day.day, length) - 1)).timestamp())


def _month_number(moment: int) -> int:
    day = datetime.fromtimestamp(moment, UTC)
    return day.year * 12 + day.month
