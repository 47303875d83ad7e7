"""Compares what the deploying identity has with what the stack needs, before anything is made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow_entra import variables
from airflow_entra.access import DeclaredStack, names
from airflow_entra.access.azure_needs import deploying_all as azure_needs
from airflow_entra.access.azure_policy import denials, made_vault, question
from airflow_entra.access.held import Held
from airflow_entra.access.lacking import lacks_in_azure, lacks_in_graph
from airflow_entra.access.needed import has_part
from airflow_entra.access.tenant_rules import TenantSays, refusals
from airflow_entra.access.vault import VaultPlace
from airflow_entra.directory.tenant import Denied, LiveTenant
from airflow_entra.finding import Finding, FindingsError
from airflow_entra.settings.checks.credential import validity
from airflow_entra.settings.load import in_stack_file
from airflow_entra.settings.model import Certificate, CreatedVault, Federated, StackSettings, VaultSecret

_AT_ONCE = 6
_UNKNOWN = object()
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
    """`lacking` stops the run; `warnings` stop nothing. `unknown` names what could not be compared."""

    lacking: LackingError | None = None
    warnings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def compared(stack: DeclaredStack, file: Path, tenant: LiveTenant) -> Compared:
    """Asks for a token and reads it, and looks at what the identity may look at. Raises what LiveTenant raises."""
    how = os.environ.get(variables.NEEDS, "")
    if how == "no" or os.environ.get(variables.READ_ONLY) == "true":
        return Compared()
    looks = _Looks(stack, tenant)
    found = in_stack_file(looks.findings(file.parent), file)
    lacking = [finding for finding in found if finding.severity == "error" and how != "tell"]
    warnings = tuple(f"{finding.what}; {finding.fix}" for finding in found if finding not in lacking)
    return Compared(LackingError(*lacking) if lacking else None, warnings, tuple(looks.unknown))


class _Looks:
    """Everything is asked at the same time, while the program imports its SDKs. `unknown`: what wasn't answered."""

    def __init__(self, stack: DeclaredStack, tenant: LiveTenant) -> None:
        self._stack, self._tenant = stack, tenant
        self.unknown: list[str] = []

    def findings(self, folder: Path) -> list[Finding]:
        stack, tenant = self._stack, self._tenant
        scopes = dict.fromkeys(role.scope for role in azure_needs(stack) if role.action)
        vault = made_vault(stack.settings)
        with ThreadPoolExecutor(_AT_ONCE) as beside:
            asked = {scope: beside.submit(self._look, scope, tenant.allowed_at, scope) for scope in scopes}
            judged = beside.submit(self._judged, *vault) if vault else None
            identity = tenant.identity()
            policies = {
                name: beside.submit(self._look, path, tenant.policy, path)
                for name, path in _policies(stack.settings, identity)
            }
            made = beside.submit(tenant.made, names.application_tags(stack.name)[1]) if policies else None
        allowed = {scope: one.result() for scope, one in asked.items() if one.result() is not _UNKNOWN}
        known = {name: one.result() for name, one in policies.items() if one.result() is not _UNKNOWN}
        says = TenantSays(**known, made=made.result() if made else None)
        if identity is None:
            self.unknown.append("what the identity may do in Microsoft Graph (its token doesn't say)")
        return [
            *(lacks_in_graph(stack.settings, identity) if identity else ()),
            *lacks_in_azure(stack, allowed),
            *(judged.result() if judged else ()),
            *refusals(
                stack.settings,
                says,
                datetime.now(UTC),
                _certificate_lives(stack.settings, folder),
                ordinary=_ordinary(identity),
            ),
        ]

    def _judged(self, credential: VaultSecret, vault: CreatedVault) -> tuple[Finding, ...]:
        """What Azure Policy says to the vault; whether it is there matters to what is denied alone."""
        settings, tenant = self._stack.settings, self._tenant
        place = VaultPlace.of(settings, credential)
        answer = self._look("Azure Policy", tenant.azure_policy, place.group_id, question(settings, vault))
        if answer is _UNKNOWN or not tuple(denials(answer, there=False)):
            return ()
        return tuple(denials(answer, there=tenant.vault_is_there(place.id)))

    def _look(self, what: str, ask: Callable[..., Any], *about: Any) -> Any:
        """The answer; _UNKNOWN for any refusal: what is asked here is needed for nothing else."""
        from airflow_entra_auth.graph import GraphError

        try:
            answer = ask(*about)
        except GraphError as error:
            answer = Denied(str(error))
        if isinstance(answer, Denied):
            self.unknown.append(what)
            return _UNKNOWN
        return answer


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
    if settings.tenant.manage.consent == "none" or _ordinary(identity):
        yield "authorization", "authorizationPolicy"


def _ordinary(identity: Held | None) -> bool:
    """Whether a person deploys who has no role in the directory."""
    return identity is not None and identity.person and identity.administers is False


def _certificate_lives(settings: StackSettings, folder: Path) -> timedelta | None:
    if not isinstance(settings.credential, Certificate):
        return None
    start, end = validity((folder / settings.credential.file).read_text("ascii"))
    return end - start
