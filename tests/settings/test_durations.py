from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.settings import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600),
        ("8h", 8 * 3600),
        ("90d", 90 * 86400),
        ("1h30m", 5400),
        ("90m", 5400),
        ("1d12h30m15s", 131415),
        ("23:59:59", 86399),
        ("0s", 0),
    ],
)
def test_forms(text: str, seconds: int) -> None:
    assert durations.parse(text) == timedelta(seconds=seconds)
    assert re.match(durations.PATTERN, text)


@pytest.mark.parametrize(
    "text", ["", "8", "h", "8 h", "8hours", "-8h", "1m1h", "8H", "1:2:3", "23:60:00", "8h\n", "٨h", "9999999d", "1.5h"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        durations.parse(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_what_is_formatted_is_read_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert durations.parse(durations.format(duration)) == duration


@given(st.timedeltas(max_value=timedelta(days=999_999)))
def test_a_duration_without_a_form_is_refused(duration: timedelta) -> None:
    if duration < timedelta() or duration.microseconds:
        with pytest.raises(ValueError, match="whole number of seconds"):
            durations.format(duration)
    else:
        assert durations.parse(durations.format(duration)) == duration
