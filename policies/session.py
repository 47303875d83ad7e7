"""How long a sign-in lasts: the token, the sign-in frequency, and Airflow's own session."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from policies.durations import duration
from policies.normal import number
from policies.production import ENVIRONMENT, SAYS_ENVIRONMENT, in_production
from policies.resource_types import APPLICATION, CONDITIONAL_ACCESS, STACK
from policies.resources import UNKNOWN, Resource, Value, of_type
from policies.rules import Finding, Rule, Setting, Settings

_LIFETIMES = "https://learn.microsoft.com/en-us/entra/identity-platform/configurable-token-lifetimes"
_SESSIONS = "https://learn.microsoft.com/en-us/entra/identity/conditional-access/concept-session-lifetime"
_CLIENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|None")
_APPLICATION = """\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
"""


def policy_example(controls: str, applications: str = '["${airflow.clientId}"]') -> str:
    """An application and a Conditional Access policy with these session controls."""
    return f"""{_APPLICATION}\
  sign-in-frequency:
    type: azuread:ConditionalAccessPolicy
    properties:
      displayName: Airflow sign-in
      state: enabled
      conditions:
        clientAppTypes: [all]
        applications: {{includedApplications: {applications}}}
        users: {{includedUsers: [All]}}
      sessionControls: {controls}
"""


def frequency(policy: Resource) -> timedelta | None:
    """How often the policy asks people to sign in again; None where it doesn't say so or isn't known yet."""
    asked = number(policy.get("sessionControls", "signInFrequency"))
    unit = {"hours": 3600, "days": 86400}.get(str(policy.get("sessionControls", "signInFrequencyPeriod")))
    return duration(asked * unit) if asked is not None and unit else None


def _bounded(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    applications = of_type(resources, APPLICATION)
    if not applications or not in_production(resources, settings):
        return
    stacks = of_type(resources, STACK)
    if any(stack.get(name) for stack in stacks for name in ("tokenLifetime", "signInFrequency")):
        return
    ids = {"All", UNKNOWN, *_texts([application.get("clientId") for application in applications])}
    if any(
        policy.get("state") in ("enabled", UNKNOWN)
        and policy.get("sessionControls", "signInFrequency")
        and not ids.isdisjoint(_texts(policy.items("conditions", "applications", "includedApplications")))
        for policy in of_type(resources, CONDITIONAL_ACCESS)
    ):
        return
    yield Finding(
        resource=applications[0],
        problem="in production nothing bounds how long a sign-in lasts",
        fix="Declare a token lifetime policy and say so in the stack's `tokenLifetime` output, or a Conditional Access "
        "policy with a sign-in frequency",
    )


def _texts(values: Sequence[Value]) -> list[Value]:
    return [value for value in values if isinstance(value, str) or value is UNKNOWN]


SIGN_IN_BOUNDED = Rule(
    name="sign-in-bounded",
    title="Sign-ins end in production",
    description="In production a token lifetime or a sign-in frequency bounds every sign-in.",
    scope="stack",
    severity="high",
    level="mandatory",
    reason="Without either Entra's defaults hold: a browser stays signed in for as long as it is used at least every "
    "90 days, so a stolen one does too.",
    remedy="Assign a token lifetime policy to the application, or declare a Conditional Access policy with "
    "`sessionControls.signInFrequency`. azuread has no resource for the first: a stack says in its output "
    "`tokenLifetime` (or `signInFrequency`) what was declared elsewhere.",
    controls=("CIS Microsoft 365 4.0 5.2.2.4", "SOC 2 CC6.1", "NIST 800-53 AC-12", "NIST 800-53 IA-11"),
    source=_LIFETIMES,
    types=(*SAYS_ENVIRONMENT, CONDITIONAL_ACCESS),
    check=_bounded,
    settings=(ENVIRONMENT,),
    violation=f"{_APPLICATION}outputs:\n  environment: production\n",
    compliance=f"{_APPLICATION}outputs:\n  environment: production\n  tokenLifetime: 8h\n",
)


def _hours(default: int, what: str) -> tuple[Setting, ...]:
    schema = {"type": "integer", "minimum": 1, "default": default, "description": f"The longest {what}, in hours."}
    return (Setting(name="maxHours", schema=schema),)


def _too_long(value: Value | timedelta, settings: Settings) -> bool:
    most = settings.get("maxHours")
    lasts = value if isinstance(value, timedelta) else duration(value)
    return isinstance(most, int) and lasts is not None and lasts.total_seconds() > most * 3600


def _output(resources: Sequence[Resource], name: str, settings: Settings) -> Iterator[Finding]:
    for stack in resources:
        said = stack.get(name)
        if said is None or said is UNKNOWN:
            continue
        if duration(said) is None:
            yield Finding(
                resource=stack, problem=f"the output {name} is {said!r}, which is no duration", fix="Write such as 8h"
            )
        elif _too_long(said, settings):
            yield Finding(
                resource=stack, problem=f"{name} is {said}", fix=f"Set it to at most {settings.get('maxHours')}h"
            )


def _token(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    yield from _output(resources, "tokenLifetime", settings)


TOKEN_LIFETIME_LIMIT = Rule(
    name="token-lifetime-limit",
    title="Tokens live at most 12 hours",
    description="The application's tokens live no longer than 12 hours.",
    scope="stack",
    severity="medium",
    level="mandatory",
    reason="A token can't be taken back: what it says about a person's roles is believed until it ends. DAG runs don't "
    "use people's tokens, so a long run is no reason for a long token.",
    remedy="Shorten the token lifetime policy; the stack says it in its output `tokenLifetime`, such as `8h`.",
    controls=("SOC 2 CC6.1", "NIST 800-53 AC-12", "NIST 800-53 IA-5"),
    source=_LIFETIMES,
    types=(STACK,),
    check=_token,
    settings=_hours(12, "token lifetime"),
    violation=f"{_APPLICATION}outputs:\n  tokenLifetime: 23h59m59s\n",
    compliance=f"{_APPLICATION}outputs:\n  tokenLifetime: 8h\n",
)


def _session(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    yield from _output(resources, "airflowSession", settings)


SESSION_LIMIT = Rule(
    name="session-limit",
    title="Airflow's session lasts at most 12 hours",
    description="Airflow's own session ends within 12 hours.",
    scope="stack",
    severity="medium",
    level="mandatory",
    reason="Airflow reads roles at sign-in: its session, not the token, bounds how long somebody keeps a role that was "
    "taken away.",
    remedy="Shorten Airflow's session; the stack says it in its output `airflowSession`, such as `8h`.",
    controls=("SOC 2 CC6.1", "NIST 800-53 AC-12", "NIST 800-53 AC-11"),
    source=_SESSIONS,
    types=(STACK,),
    check=_session,
    settings=_hours(12, "session"),
    violation=f"{_APPLICATION}outputs:\n  airflowSession: 7d\n",
    compliance=f"{_APPLICATION}outputs:\n  airflowSession: 8h\n",
)


def _frequency(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    for policy in resources:
        if _too_long(frequency(policy), settings):
            every, period = (policy.get("sessionControls", f"signInFrequency{part}") for part in ("", "Period"))
            yield Finding(
                resource=policy,
                problem=f"it asks people to sign in again every {every} {period} only",
                fix=f"Ask at least every {settings.get('maxHours')} hours",
            )
        if policy.get("sessionControls", "persistentBrowserMode") == "always":
            yield Finding(
                resource=policy,
                problem="persistentBrowserMode is always: a closed browser stays signed in",
                fix="Set it to never or leave it out",
            )


SIGN_IN_FREQUENCY_LIMIT = Rule(
    name="sign-in-frequency-limit",
    title="People sign in daily",
    description="A sign-in frequency is at most 24 hours, and closing the browser ends the sign-in.",
    scope="resource",
    severity="medium",
    level="mandatory",
    reason="A frequency of days leaves a lost or shared browser signed in for days.",
    remedy="Set `signInFrequency` to 24 hours or less and leave `persistentBrowserMode` out.",
    controls=("CIS Microsoft 365 4.0 5.2.2.4", "SOC 2 CC6.1", "NIST 800-53 AC-12", "NIST 800-53 IA-11"),
    source=_SESSIONS,
    types=(CONDITIONAL_ACCESS,),
    check=_frequency,
    settings=_hours(24, "time between two sign-ins"),
    violation=policy_example("{signInFrequency: 30, signInFrequencyPeriod: days}"),
    compliance=policy_example("{signInFrequency: 8, signInFrequencyPeriod: hours}"),
)


def _narrow(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    for policy in resources:
        if policy.get("state") == "disabled":
            continue
        conditions = ("conditions", "users")
        excluded = [*policy.items(*conditions, "excludedUsers"), *policy.items(*conditions, "excludedGroups")]
        included = _texts(policy.items("conditions", "applications", "includedApplications"))
        # One application is named by its id; whatever is named otherwise is many, the admin centres among them.
        wide = any(isinstance(name, str) and not _CLIENT_ID.fullmatch(name) for name in included)
        wide = wide or bool(policy.items("conditions", "applications", "includedUserActions"))
        if wide and "All" in policy.items(*conditions, "includedUsers") and not excluded:
            yield Finding(
                resource=policy,
                problem="it holds for all people in more than one application, emergency accounts included",
                fix="Name Airflow's application under includedApplications",
            )


CONDITIONAL_ACCESS_NARROW = Rule(
    name="conditional-access-narrow",
    title="Conditional Access for Airflow alone",
    description="A Conditional Access policy of the program can't lock out the whole tenant.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="A mistake in a policy for everybody and everything locks out those who could undo it.",
    remedy="Limit it to the application with `includedApplications`, or leave out the emergency accounts with "
    "`excludedUsers` or `excludedGroups`.",
    controls=("CIS Microsoft 365 3.1 1.1.2", "SOC 2 CC6.1", "NIST 800-53 AC-2"),
    source="https://learn.microsoft.com/en-us/entra/identity/role-based-access-control/security-emergency-access",
    types=(CONDITIONAL_ACCESS,),
    check=_narrow,
    violation=policy_example("{signInFrequency: 8, signInFrequencyPeriod: hours}", "[All]"),
    compliance=policy_example("{signInFrequency: 8, signInFrequencyPeriod: hours}"),
)
