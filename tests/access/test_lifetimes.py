from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_entra.access.lifetimes import policy_clock, sign_in_frequency, warnings
from tests.access.test_plan import TWO_ROLES, settings


def test_each_lifetime_below_the_longest_run_is_told_and_none_is_lengthened() -> None:
    stack = settings(TWO_ROLES, tokenLifetime="8h", airflowSession="10h", longestDagRun="12h")
    session, token = warnings(stack)
    assert session.startswith("signIn.airflowSession 10h is shorter than signIn.longestDagRun 12h")
    assert token.startswith("signIn.tokenLifetime 8h is shorter than signIn.longestDagRun 12h")
    assert stack.sign_in.token_lifetime == timedelta(hours=8)


@pytest.mark.parametrize("longest", [None, "8h", "1h"])
def test_a_run_within_every_lifetime_is_no_warning(longest: str | None) -> None:
    assert warnings(settings(TWO_ROLES, tokenLifetime="8h", airflowSession="8h", longestDagRun=longest)) == ()


def test_lifetimes_are_written_as_policies_write_them() -> None:
    assert policy_clock(timedelta(minutes=10)) == "00:10:00"
    assert policy_clock(timedelta(hours=23, minutes=59, seconds=59)) == "23:59:59"
    assert sign_in_frequency(timedelta(hours=8)) == (8, "hours")
    assert sign_in_frequency(timedelta(days=7)) == (7, "days")
