"""Who has which Azure role on the vault and its secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policies.resource_types import ROLE_ASSIGNMENT
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding, Rule, Setting, Settings

# The same in every tenant: https://learn.microsoft.com/en-us/azure/role-based-access-control/built-in-roles
_SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
_SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
_NAMES = {
    _SECRETS_USER: "Key Vault Secrets User",
    _SECRETS_OFFICER: "Key Vault Secrets Officer",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "8b54135c-b56d-4d72-a534-26097cfdc8d8": "Key Vault Data Access Administrator",
}
_IN_VAULT = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.keyvault/vaults/[^/]+(/secrets/[^/]+)?"
)
_WHOLE = "https://learn.microsoft.com/en-us/azure/key-vault/general/rbac-guide"


def _role(assignment: Resource) -> str:
    definition = assignment.get("roleDefinitionId")
    return definition.rstrip("/").rpartition("/")[2].lower() if isinstance(definition, str) else ""


def _narrow(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    for assignment in resources:
        scope, role = assignment.get("scope"), _role(assignment)
        if not role or _listed(role, scope, settings.get("allowed")):
            continue
        if role not in (_SECRETS_USER, _SECRETS_OFFICER):
            yield Finding(
                resource=assignment,
                problem=f"it gives {_NAMES.get(role, f'the role {role}')}, more than reading or writing secrets",
                fix="Give Key Vault Secrets User to who reads, Key Vault Secrets Officer to who deploys",
            )
        elif isinstance(scope, str) and not _IN_VAULT.fullmatch(scope.lower()):
            yield Finding(
                resource=assignment,
                problem=f"its scope {scope} holds more than one vault",
                fix="Use the id of the vault, or of the one secret, as scope",
            )


def _listed(role: str, scope: Value, allowed: Value) -> bool:
    """Whether the role is allowed at this scope, or at one that holds it."""
    listed = allowed if isinstance(allowed, Sequence) and not isinstance(allowed, str) else ()
    for item in listed:
        given, _, holder = item.lower().partition("@") if isinstance(item, str) else ("", "", "")
        inside = isinstance(scope, str) and f"{scope}/".lower().startswith(f"{holder.rstrip('/')}/")
        if given == role and (inside or scope is UNKNOWN):
            return True
    return False


_SCOPE = (
    "/subscriptions/1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21/resourceGroups/rg-airflow"
    "/providers/Microsoft.KeyVault/vaults/kv-airflow"
)


def _given(name: str, role: str, principal: str, scope: str = _SCOPE) -> str:
    return f"""\
  {name}:
    type: azure-native:authorization:RoleAssignment
    properties:
      scope: {scope}
      principalId: {principal}
      principalType: ServicePrincipal
      roleDefinitionId: /providers/Microsoft.Authorization/roleDefinitions/{role}
"""


VAULT_ROLES_NARROW = Rule(
    name="vault-roles-narrow",
    title="Narrow roles on the vault",
    description="Who needs a secret may read secrets in its vault, and no more. No other Azure role is given.",
    scope="resource",
    severity="high",
    level="mandatory",
    reason="An owner or administrator of the vault reads the client secret and lets others read it; a role on a "
    "resource group reaches the vaults that are made in it later.",
    remedy="Assign Key Vault Secrets User or Secrets Officer, on the vault or on the one secret.",
    controls=("SOC 2 CC6.3", "NIST 800-53 AC-3", "NIST 800-53 AC-6"),
    source=_WHOLE,
    types=(ROLE_ASSIGNMENT,),
    check=_narrow,
    settings=(
        Setting(
            name="allowed",
            schema={
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "Other roles that the program may give, each as `ROLE@SCOPE`: the id of the role's "
                "definition, and the id of what holds everything that it may be given on.",
            },
        ),
    ),
    violation="resources:\n"
    + _given("administrator", "00482a5a-887f-4fb3-b363-3b7fe8e74483", "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"),
    compliance="resources:\n" + _given("reader", _SECRETS_USER, "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"),
)


def _few(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    most = settings.get("maxReaders")
    by_scope: dict[str, list[Resource]] = {}
    for assignment in resources:
        scope = assignment.get("scope")
        if isinstance(scope, str) and _role(assignment) == _SECRETS_USER:
            if assignment.get("principalType") == "User":
                yield Finding(
                    resource=assignment,
                    problem="a person may read the secret",
                    fix="Give it to the identity that Airflow runs as; people need the secret never",
                )
            by_scope.setdefault(scope.lower(), []).append(assignment)
    for readers in by_scope.values():
        if isinstance(most, int) and len(readers) > most:
            yield Finding(
                resource=readers[-1],
                problem=f"{len(readers)} identities may read {readers[0].get('scope')}, where {most} are allowed",
                fix="Let the identities that Airflow runs as read it, and nobody else",
            )


VAULT_READERS_FEW = Rule(
    name="vault-readers-few",
    title="Few readers, no people",
    description="Few identities read the client secret, and no person does.",
    scope="stack",
    severity="medium",
    level="mandatory",
    reason="Each reader is one more place that the secret leaks from, and it signs in as Airflow from anywhere.",
    remedy="Name the identities of the API server and the scheduler; raise `maxReaders` where there are more.",
    controls=("SOC 2 CC6.3", "NIST 800-53 AC-6", "NIST 800-53 IA-5"),
    source=_WHOLE,
    types=(ROLE_ASSIGNMENT,),
    check=_few,
    settings=(
        Setting(
            name="maxReaders",
            schema={
                "type": "integer",
                "minimum": 1,
                "default": 5,
                "description": "The most identities that may read at one scope.",
            },
        ),
    ),
    violation="resources:\n"
    + "".join(
        _given(f"reader-{number}", _SECRETS_USER, f"4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b0{number}")
        for number in range(1, 7)
    ),
    compliance="resources:\n" + _given("reader", _SECRETS_USER, "4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"),
)
