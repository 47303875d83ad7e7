"""How long tokens live and how often people sign in, as the policies on the application say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from airflow_entra.access import names
from airflow_entra.directory.registered import FrequencyPolicy, LifetimePolicy, Registered
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding
from airflow_entra.settings import durations, limits


@dataclass
class Lifetimes:
    """Parts of the stack file: of signIn, of tenant.manage and of tenant.existing."""

    sign_in: dict[str, str] = field(default_factory=dict)
    manage: dict[str, str] = field(default_factory=dict)
    existing: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def lifetimes(application: Registered, stack: str) -> Lifetimes:
    found = Lifetimes()
    frequency = _frequency(application, stack, found)
    if application.lifetime_policy:
        _token_lifetime(application.lifetime_policy, stack, frequency, found)
    return found


def _token_lifetime(policy: LifetimePolicy, stack: str, frequency: FrequencyPolicy | None, found: Lifetimes) -> None:
    where = f"token lifetime policy {line(policy.name)} ({policy.id})"
    lifetime = _duration(policy.lifetime)
    if lifetime is None:
        found.findings.append(_not_kept(where, "it says no lifetime of access tokens that Entra allows"))
    elif frequency is not None:
        found.findings.append(
            Finding(
                where,
                f"is there beside the sign-in frequency of {line(frequency.name)}",
                "Entra supports one of the two for an application; the stack file names the sign-in frequency",
                "take the policy off the application, or write tokenLifetime in place of signInFrequency",
                severity="warning",
                id="import/lifetime-and-frequency",
            )
        )
    elif policy.others or policy.others is None or policy.says_more:
        found.sign_in["tokenLifetime"] = durations.format(lifetime)
        found.manage["tokenLifetime"] = "existing"
        found.existing["tokenLifetimePolicy"] = policy.id
        found.findings.append(_shared(where, policy))
    else:
        found.sign_in["tokenLifetime"] = durations.format(lifetime)
        if policy.name != names.token_lifetime_policy(stack):
            # Adopted: said the same from now on, and left in place by a destroy.
            found.existing["tokenLifetimePolicy"] = policy.id


def _duration(clock: str) -> timedelta | None:
    try:
        lifetime = durations.parse(clock)
    except ValueError:
        return None
    least, most = limits.TOKEN_LIFETIME
    return lifetime if least <= lifetime <= most else None


def _shared(where: str, policy: LifetimePolicy) -> Finding:
    if policy.says_more:
        what = "says more than how long access tokens live"
    elif policy.others is None:
        what = "may apply to other applications as well: that can't be read"
    else:
        what = f"applies to {policy.others} others as well, or to the whole tenant"
    return Finding(
        where,
        what,
        "a stack changes only what is its own; tenant.manage.tokenLifetime is existing: checked, not touched",
        "leave it so, or give Airflow a policy of its own: take this one off the application, delete "
        "tenant.existing.tokenLifetimePolicy and write tokenLifetime: managed",
        severity="warning",
        id="import/shared-lifetime-policy",
    )


def _not_kept(where: str, what: str) -> Finding:
    least, most = (durations.format(limit) for limit in limits.TOKEN_LIFETIME)
    return Finding(
        where,
        what,
        f"{least} to {most} in AccessTokenLifetime; other settings of such policies are retired",
        "it is left out of the stack file and stays where it is; write signIn.tokenLifetime to have one",
        severity="warning",
        id="import/lifetime-not-kept",
    )


def _frequency(application: Registered, stack: str, found: Lifetimes) -> FrequencyPolicy | None:
    """The policy that the stack file names; all others are told."""
    usable = [policy for policy in application.frequency_policies if policy.enabled and _span(policy)]
    ours = next(iter(sorted(usable, key=lambda policy: not policy.ours_alone)), None)
    for policy in application.frequency_policies:
        if policy is not ours:
            found.findings.append(_other(policy))
    if ours is None:
        return None
    found.sign_in["signInFrequency"] = str(_span(ours))
    made_by_us = ours.name == names.sign_in_policy(stack) and ours.ours_alone and not ours.says_more
    found.manage["conditionalAccess"] = "managed" if made_by_us else "existing"
    if not made_by_us:
        found.existing["conditionalAccessPolicy"] = ours.id
        found.findings.append(_not_touched(ours))
    return ours


def _span(policy: FrequencyPolicy) -> str | None:
    most = {"hours": limits.SIGN_IN_FREQUENCY_HOURS, "days": limits.SIGN_IN_FREQUENCY_DAYS}.get(policy.period, 0)
    return f"{policy.value}{policy.period[0]}" if 1 <= policy.value <= most else None


def _where(policy: FrequencyPolicy) -> str:
    return f"Conditional Access policy {line(policy.name)} ({policy.id})"


def _not_touched(policy: FrequencyPolicy) -> Finding:
    more = "; it says more than that, such as who is excepted" if policy.says_more else ""
    return Finding(
        _where(policy),
        f"asks people to sign in every {policy.value} {policy.period}{more}",
        "a Conditional Access policy that others made is theirs: tenant.manage.conditionalAccess is existing",
        "leave it so: it is checked at each deployment, and never touched",
        severity="note",
        id="import/sign-in-policy-of-others",
    )


def _other(policy: FrequencyPolicy) -> Finding:
    what = "is not on" if not policy.enabled else "sets a second sign-in frequency, or one that a stack file can't say"
    return Finding(
        _where(policy),
        what,
        "one policy that is on says how often people sign in to Airflow",
        "leave it to those who made it, or ask them to turn off what is not needed; import leaves it as it is",
        severity="warning",
        id="import/other-sign-in-policy",
    )


def at_least_p1(found: Lifetimes, application: Registered) -> bool:
    """Whether the tenant does something that needs Entra ID P1: a lifetime, a frequency, a rule, an assigned group."""
    assigned = any(one.kind == "Group" for one in application.assigned)
    return bool(found.sign_in) or assigned or any(group.rule for group in (application.groups or {}).values())
