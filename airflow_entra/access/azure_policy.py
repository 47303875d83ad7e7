"""What Azure Policy would say to the vault that a stack makes, asked before it is made.

https://learn.microsoft.com/rest/api/policy/policy-restrictions/check-at-resource-group-scope
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_entra.access import api_versions
from airflow_entra.access.vault import purge_protected
from airflow_entra.finding import At, Finding, Severity
from airflow_entra.settings.checks.rule import at
from airflow_entra.settings.model import CreatedVault, StackSettings, VaultSecret

Json = Mapping[str, Any]
_PURGE = "purgeprotection"
_NETWORK = "publicnetworkaccess"


def made_vault(stack: StackSettings) -> tuple[VaultSecret, CreatedVault] | None:
    credential = stack.credential
    if isinstance(credential, VaultSecret) and isinstance(credential.vault, CreatedVault):
        return credential, credential.vault
    return None


def question(stack: StackSettings, vault: CreatedVault) -> dict[str, Any]:
    """The vault as it will be made, as far as policies look at vaults."""
    private = vault.private_endpoint_subnet is not None
    properties: dict[str, Any] = {
        "tenantId": stack.tenant_id,
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "publicNetworkAccess": "disabled" if private else "enabled",
        "networkAcls": {"defaultAction": "Deny" if private else "Allow"},
    }
    if purge_protected(stack, vault):
        properties["enablePurgeProtection"] = True
    content = {"type": "Microsoft.KeyVault/vaults", "name": vault.create, "location": stack.location}
    details = {"resourceContent": content | {"tags": dict(vault.tags), "properties": properties}}
    return {"resourceDetails": details | {"apiVersion": api_versions.KEY_VAULT}, "pendingFields": []}


def denials(answer: Json, *, there: bool) -> Iterator[Finding]:
    """An error for each policy that denies the vault, a warning for each that makes it another one.

    `there`: the vault exists already, so that nothing is refused before it is changed.
    """
    severity: Severity = "warning" if there else "error"
    evaluations = (answer.get("contentEvaluationResult") or {}).get("policyEvaluations") or ()
    for evaluation in evaluations:
        effect = str((evaluation.get("effectDetails") or {}).get("policyEffect") or "").lower()
        if evaluation.get("evaluationResult") == "NonCompliant" and effect in ("deny", "modify", "append"):
            found = (evaluation.get("evaluationDetails") or {}).get("evaluatedExpressions") or ()
            fields = [str(one.get("path") or one.get("expression") or "") for one in found]
            yield _finding(_name(evaluation.get("policyInfo")), effect, fields, severity)
    for restricted in answer.get("fieldRestrictions") or ():
        for one in restricted.get("restrictions") or ():
            effect = str(one.get("policyEffect") or "deny").lower()
            if effect == "deny" and one.get("result") in ("Required", "Deny"):
                yield _finding(_name(one.get("policy")), effect, [str(restricted.get("field"))], severity)


def _finding(policy: str, effect: str, fields: list[str], severity: Severity) -> Finding:
    about = " and ".join(dict.fromkeys(filter(None, fields))) or "it"
    what = f"Azure Policy {policy} denies the vault" if effect == "deny" else f"Azure Policy {policy} changes the vault"
    return Finding(
        At(at("credential", "vault", "create")),
        f"{what} ({about})",
        "the vault is made as the stack file says",
        f"{_fix(about)}; or have the policy's owner exempt it, or name a vault that exists",
        severity=severity if effect == "deny" else "warning",
        id="needs/azure-policy",
    )


def _fix(about: str) -> str:
    said = about.lower()
    if "tag" in said:
        return "write the tags that it asks for under credential.vault.tags"
    if _PURGE in said:
        return "write credential.vault.purgeProtection: true"
    if _NETWORK in said or "networkacls" in said:
        return "write credential.vault.privateEndpointSubnet: with it the vault can't be reached from elsewhere"
    return "see what the policy asks for"


def _name(policy: Any) -> str:
    return str((policy or {}).get("policyAssignmentId") or "of unknown name").rpartition("/")[2]
