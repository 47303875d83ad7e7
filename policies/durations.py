"""How long something lasts, as programs write it in their outputs."""

from __future__ import annotations

import re
from datetime import timedelta

from policies.resources import Value

_UNITS = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_CLOCK = re.compile(r"(?:(\d{1,6})\.)?(\d{1,6}):(\d{1,2}):(\d{1,2})")


def duration(value: Value) -> timedelta | None:
    """`8h`, `1d12h`, `08:00:00`, `1.00:00:00` or seconds as a number; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return timedelta(seconds=value)
        except OverflowError:
            return timedelta.max if value > 0 else None
    match = (_UNITS.fullmatch(value) or _CLOCK.fullmatch(value)) if isinstance(value, str) and value else None
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
