"""What Azure Policy's what-if means for the vault of a stack."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_entra.access.azure_policy import denials, made_vault, question
from airflow_entra.settings.model import StackSettings
from tests.access.pipelines import stack

ASSIGNMENT = "/providers/Microsoft.Management/managementGroups/lz/providers/Microsoft.Authorization/policyAssignments"


def asked(settings: StackSettings) -> dict[str, Any]:
    found = made_vault(settings)
    assert found is not None
    content: dict[str, Any] = question(settings, found[1])["resourceDetails"]["resourceContent"]
    return content


def evaluated(field: str, effect: str = "Deny", result: str = "NonCompliant") -> dict[str, Any]:
    """As https://learn.microsoft.com/rest/api/policy/policy-restrictions shows it."""
    evaluation = {
        "policyInfo": {"policyAssignmentId": f"{ASSIGNMENT}/deny-kv"},
        "evaluationResult": result,
        "evaluationDetails": {"evaluatedExpressions": [{"result": "True", "path": field}]},
        "effectDetails": {"policyEffect": effect},
    }
    return {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": [evaluation]}}


def test_the_vault_is_asked_about_as_it_will_be_made() -> None:
    production, staging = asked(stack()), asked(stack("staging"))
    assert production["properties"]["enablePurgeProtection"] is True
    assert "enablePurgeProtection" not in staging["properties"]
    assert staging["properties"]["publicNetworkAccess"] == "enabled"
    more: dict[str, Any] = {"credential.vault.purgeProtection": True, "credential.vault.tags": {"costCenter": "1"}}
    chosen = asked(stack("staging", **more))
    assert (chosen["properties"]["enablePurgeProtection"], chosen["tags"]) == (True, {"costCenter": "1"})


@pytest.mark.parametrize(
    ("field", "fix"),
    [
        ("properties.enablePurgeProtection", "write credential.vault.purgeProtection: true"),
        ("Microsoft.KeyVault/vaults/enablePurgeProtection", "write credential.vault.purgeProtection: true"),
        ("properties.publicNetworkAccess", "write credential.vault.privateEndpointSubnet"),
        ("tags['costCenter']", "under credential.vault.tags"),
        ("properties.sku.name", "see what the policy asks for"),
    ],
)
def test_a_denial_names_the_policy_and_the_setting(field: str, fix: str) -> None:
    (said,) = denials(evaluated(field), there=False)
    assert (said.severity, said.id) == ("error", "needs/azure-policy")
    assert f"Azure Policy deny-kv denies the vault ({field})" in said.what
    assert fix in said.fix


def test_of_a_vault_that_is_there_nothing_is_refused_yet() -> None:
    (said,) = denials(evaluated("properties.enablePurgeProtection"), there=True)
    assert said.severity == "warning"


def test_what_a_policy_changes_is_a_warning() -> None:
    (said,) = denials(evaluated("properties.publicNetworkAccess", "Modify"), there=False)
    assert said.severity == "warning"
    assert "changes the vault" in said.what


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"contentEvaluationResult": {"policyEvaluations": []}, "fieldRestrictions": []},
        evaluated("tags", "Audit"),
        evaluated("tags", result="Compliant"),
    ],
)
def test_what_denies_nothing_is_not_told(answer: dict[str, Any]) -> None:
    assert list(denials(answer, there=False)) == []


def test_a_field_that_has_to_be_set_is_a_denial() -> None:
    policy = {"policyAssignmentId": f"{ASSIGNMENT}/require-tag"}
    restriction = {"result": "Required", "policy": policy, "policyEffect": "Deny"}
    answer = {"fieldRestrictions": [{"field": "tags.costCenter", "restrictions": [restriction]}]}
    (said,) = denials(answer, there=False)
    assert "Azure Policy require-tag" in said.what
    assert "credential.vault.tags" in said.fix
