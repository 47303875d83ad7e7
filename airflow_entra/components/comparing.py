"""Compares what the deploying identity has with what the stack needs, before anything is made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_entra import variables
from airflow_entra.access import DeclaredStack, names
from airflow_entra.access.azure_needs import deploying_all as azure_needs
from airflow_entra.access.held import Held
from airflow_entra.access.lacking import lacks_in_azure, lacks_in_graph
from airflow_entra.access.needed import has_part
from airflow_entra.access.tenant_rules import TenantSays, refusals
from airflow_entra.directory.tenant import Denied, LiveTenant
from airflow_entra.finding import Finding, FindingsError
from airflow_entra.settings.checks.credential import validity
from airflow_entra.settings.load import in_stack_file
from airflow_entra.settings.model import Certificate, Federated, StackSettings

_AT_ONCE = 6

_GOES_ON = (
    "Nothing was made. Look at a preview before you leave a part of a deployed stack to others: what the stack made of "
    f"it is deleted then. With {variables.NEEDS}=tell this is said, and the run goes on"
)


class LackingError(FindingsError):
    """What a stack needs and is proven to lack; nothing was made."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*findings)
        self.args = (f"{self}\n{_GOES_ON}",)


@dataclass(frozen=True)
class Compared:
    """`lacking` stops the run; `warnings` stop nothing."""

    lacking: LackingError | None = None
    warnings: tuple[str, ...] = ()


def compared(stack: DeclaredStack, file: Path, tenant: LiveTenant) -> Compared:
    """Asks for a token and reads it. Raises what LiveTenant raises."""
    how = os.environ.get(variables.NEEDS, "")
    if how == "no" or os.environ.get(variables.READ_ONLY) == "true":
        return Compared()
    found = in_stack_file(_findings(stack, file.parent, tenant), file)
    lacking = [finding for finding in found if finding.severity == "error" and how != "tell"]
    warnings = tuple(f"{finding.what}; {finding.fix}" for finding in found if finding not in lacking)
    return Compared(LackingError(*lacking) if lacking else None, warnings)


def _findings(stack: DeclaredStack, folder: Path, tenant: LiveTenant) -> Iterator[Finding]:
    """Everything is asked at the same time, while the program imports its SDKs."""
    scopes = list(dict.fromkeys(role.scope for role in azure_needs(stack) if role.action))
    with ThreadPoolExecutor(_AT_ONCE) as beside:
        asked = [beside.submit(tenant.allowed_at, scope) for scope in scopes]
        identity = tenant.identity()
        policies = {name: beside.submit(tenant.policy, path) for name, path in _policies(stack.settings, identity)}
        _, own = names.application_tags(stack.name)
        made = beside.submit(tenant.made, own) if "app_management" in policies else None
        answers = {scope: answer.result() for scope, answer in zip(scopes, asked, strict=True)}
        says = TenantSays(
            **{name: policy.result() for name, policy in policies.items()}, made=made.result() if made else None
        )
    if identity is not None:
        yield from lacks_in_graph(stack.settings, identity)
    yield from lacks_in_azure(stack, {scope: one for scope, one in answers.items() if not isinstance(one, Denied)})
    yield from refusals(stack.settings, says, datetime.now(UTC), _certificate_lives(stack.settings, folder))


def _policies(settings: StackSettings, identity: Held | None) -> Iterator[tuple[str, str]]:
    """Those of the tenant's policies that matter to a stack, as TenantSays and Graph name them.

    An identity that may read none by its token isn't sent to ask.
    """
    reading = ("Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration")
    if identity is not None and all(identity.has(permission) is False for permission in reading):
        return
    if not isinstance(settings.credential, Federated):
        yield "app_management", "defaultAppManagementPolicy"
    if has_part(settings, "token_lifetime"):
        yield "lifetime_policies", "tokenLifetimePolicies"
    if has_part(settings, "conditional_access"):
        yield "security_defaults", "identitySecurityDefaultsEnforcementPolicy"
    if settings.tenant.manage.consent == "none":
        yield "authorization", "authorizationPolicy"


def _certificate_lives(settings: StackSettings, folder: Path) -> timedelta | None:
    if not isinstance(settings.credential, Certificate):
        return None
    start, end = validity((folder / settings.credential.file).read_text("ascii"))
    return end - start
