"""Lifetimes: how policies write them, and whether anybody is thrown out while the longest DAG run is on."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from airflow_entra.settings import durations
from airflow_entra.settings.model import SignIn, StackSettings


def warnings(settings: StackSettings) -> tuple[str, ...]:
    """One sentence for each lifetime that is shorter than the longest DAG run; nothing is lengthened by it."""
    sign_in = settings.sign_in
    longest = sign_in.longest_dag_run
    if longest is None:
        return ()
    limits = {
        "signIn.airflowSession": (sign_in.airflow_session, "is asked to sign in to Airflow again"),
        "signIn.tokenLifetime": (sign_in.token_lifetime, "holds a token that has expired; Airflow's session goes on"),
        "signIn.signInFrequency": (sign_in.sign_in_frequency, "has to prove who they are to Entra at the next sign-in"),
    }
    return tuple(
        f"{key} {durations.format(limit)} is shorter than signIn.longestDagRun {durations.format(longest)}: "
        f"who watches that run {effect} after {durations.format(limit)}. The run itself goes on: DAG runs don't use "
        f"people's tokens."
        for key, (limit, effect) in limits.items()
        if limit is not None and limit < longest
    )


def taken_away(sign_in: SignIn) -> str:
    """How soon what is taken away in Entra ends in Airflow, while its watcher runs; with the clock that it goes by."""
    if sign_in.revocation == "watch":
        return "within 3 s after Graph shows it; Entra adds minutes"
    return "within five minutes after Entra refuses it"


def policy_clock(lifetime: timedelta) -> str:
    """The duration as a token lifetime policy writes it, "hh:mm:ss"; at most 23:59:59."""
    minutes, seconds = divmod(int(lifetime.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def sign_in_frequency(frequency: timedelta) -> tuple[int, Literal["hours", "days"]]:
    """The frequency as Conditional Access takes it: whole days where it is that, else whole hours."""
    days, rest = divmod(frequency, timedelta(days=1))
    return (days, "days") if not rest else (frequency // timedelta(hours=1), "hours")
