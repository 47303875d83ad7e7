"""Whether the application's tokens say what Entra says, signed with the keys that Airflow reads."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_entra.audit.checks.check import ROLES, Check, Facts, Skipped
from airflow_entra.finding import Finding

_PLACE = "the enterprise application"


def _mapped(facts: Facts) -> Iterator[Finding | Skipped]:
    mapped = facts.audited.mapped
    if mapped.policies is None:
        yield Skipped("the reading identity may not see claims mapping policies")
    policies = ", ".join(mapped.policies or ())
    if mapped.own_key:
        yield Finding(
            _PLACE,
            "its service principal signs tokens with a key of its own, which Entra lists by appid alone: Airflow reads "
            "the tenant's keys, and lets nobody in",
            "tokens that the tenant's keys sign",
            "take the key with the usage Sign off the service principal, and the claims mapping policy with it",
        )
    elif policies and mapped.accepts:
        yield Finding(
            _PLACE,
            f"a claims mapping policy ({policies}) rewrites its tokens, and it accepts them (acceptMappedClaims): "
            "whoever may change the policy says what a token says of people",
            "tokens that say what Entra says",
            "take the policy off the application, and acceptMappedClaims out of its manifest",
            severity="warning",
        )
    elif policies:
        yield Finding(
            _PLACE,
            f"a claims mapping policy ({policies}) is assigned, and no key of its own: Entra gives no token "
            "(AADSTS50146), so that nobody can sign in",
            "no claims mapping policy",
            "take the policy off the application",
        )


CHECKS = (Check("mapped-claims", "the application's tokens say what Entra says, signed with its keys", _mapped, ROLES),)
