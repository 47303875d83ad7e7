"""Durations as people write them: 10m, 8h, 90d, 1h30m, 23:59:59."""

from __future__ import annotations

import re
from datetime import timedelta

FORMS = "such as 10m, 8h, 90d, 1h30m or 23:59:59"
# For editors, which know no verbose patterns.
PATTERN = r"^(?=.)(?:[0-9]{1,6}d)?(?:[0-9]{1,6}h)?(?:[0-9]{1,6}m)?(?:[0-9]{1,6}s)?$|^[0-9]{1,6}:[0-5]\d:[0-5]\d$"

_UNITS = re.compile(
    r"(?:(?P<days>[0-9]{1,6})d)?(?:(?P<hours>[0-9]{1,6})h)?(?:(?P<minutes>[0-9]{1,6})m)?(?:(?P<seconds>[0-9]{1,6})s)?"
)
_CLOCK = re.compile(r"(?P<hours>[0-9]{1,6}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)")


def parse(text: str) -> timedelta:
    """The duration that `text` says; ValueError when it says none."""
    match = (_UNITS.fullmatch(text) if text else None) or _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration {FORMS}")
    return timedelta(**{unit: int(number) for unit, number in match.groupdict().items() if number})


def format(duration: timedelta) -> str:
    """The shortest form with units, largest first: `parse(format(d)) == d` for whole seconds from 0."""
    seconds = duration // timedelta(seconds=1)
    if seconds < 0 or duration != timedelta(seconds=seconds):
        raise ValueError(f"a duration is a whole number of seconds from 0, not {duration!r}")
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
