"""How long tokens, sessions and DAG runs last, beside each other."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_entra.finding import At, Finding
from airflow_entra.settings import durations
from airflow_entra.settings.checks.rule import Rule, at
from airflow_entra.settings.model import StackSettings


def one_of_two_lifetimes(settings: StackSettings) -> Iterator[Finding]:
    if settings.sign_in.token_lifetime is not None and settings.sign_in.sign_in_frequency is not None:
        yield Finding(
            At(at("sign_in", "signInFrequency"), key=True, first=at("sign_in", "tokenLifetime")),
            "signInFrequency and tokenLifetime ({first}) are both set",
            "Entra does not support both for one application",
            "keep tokenLifetime to bound tokens, or signInFrequency to bound the sign-in",
        )


def longest_run_outlasts(settings: StackSettings) -> Iterator[Finding]:
    """Never an error: DAG runs don't use people's tokens, so only watching a run is interrupted."""
    sign_in = settings.sign_in
    if sign_in.longest_dag_run is None:
        return
    run = durations.format(sign_in.longest_dag_run)
    lifetimes = (
        ("airflowSession", sign_in.airflow_session),
        ("tokenLifetime", sign_in.token_lifetime),
        ("signInFrequency", sign_in.sign_in_frequency),
    )
    for key, lifetime in lifetimes:
        if lifetime is not None and lifetime < sign_in.longest_dag_run:
            yield Finding(
                At(at("sign_in", key)),
                f"{key} is {durations.format(lifetime)}, shorter than the longest DAG run of {run}",
                "the run goes on, as DAG runs don't use people's tokens, but whoever watches it signs in again",
                f"leave it, or write {key} of {run} or more where that is allowed: nothing is lengthened by itself",
                severity="warning",
            )


def session_outlasts_frequency(settings: StackSettings) -> Iterator[Finding]:
    sign_in = settings.sign_in
    if sign_in.sign_in_frequency is not None and sign_in.airflow_session > sign_in.sign_in_frequency:
        often = durations.format(sign_in.sign_in_frequency)
        yield Finding(
            At(at("sign_in", "airflowSession")),
            f"airflowSession {durations.format(sign_in.airflow_session)} outlasts signInFrequency {often}",
            "Airflow asks Entra only when its own session ends, so people sign in less often than that",
            f"write airflowSession: {often} or less",
            severity="warning",
        )


def external_session_is_shorter(settings: StackSettings) -> Iterator[Finding]:
    sign_in = settings.sign_in
    external = sign_in.external_session
    if external is None:
        return
    if sign_in.guests == "refuse":
        yield Finding(
            At(at("sign_in", "externalSession")),
            "externalSession bounds the sessions of people of other tenants, and guests is refuse",
            "nobody of another tenant has a session then",
            "delete externalSession, or write guests: {tenants: [<tenant id>]} or allow",
        )
    elif external > sign_in.airflow_session:
        session = durations.format(sign_in.airflow_session)
        yield Finding(
            At(at("sign_in", "externalSession")),
            f"externalSession {durations.format(external)} is longer than airflowSession {session}",
            "people of other tenants are in for no longer than this tenant's own",
            f"write externalSession: {session} or less",
        )


def refresh_is_judged_by_address(settings: StackSettings) -> Iterator[Finding]:
    """Where Conditional Access is to be expected: in production, and where others have a policy for this application.
    The one that a stack makes judges no address."""
    tenant = settings.tenant
    judged = settings.environment == "production" or tenant.manage.conditional_access == "existing"
    if settings.sign_in.revocation == "refresh" and tenant.licence != "none" and judged:
        yield Finding(
            At(at("sign_in", "revocation")),
            "revocation is refresh, so that Conditional Access judges the address of Airflow's own server",
            "a policy about places, devices or a second factor may refuse it (AADSTS53003, 50076): then nobody "
            "can sign in, and the page of the sign-in says so",
            "have the tenant's policies allow the addresses by which Airflow reaches Entra, or write revocation: watch",
            severity="warning",
        )


RULES = (
    Rule(("sign_in",), one_of_two_lifetimes),
    Rule(("sign_in",), longest_run_outlasts),
    Rule(("sign_in",), session_outlasts_frequency),
    Rule(("sign_in",), external_session_is_shorter),
    Rule(("sign_in", "tenant", "environment"), refresh_is_judged_by_address),
)
