"""Azure Policy as far as landing zones judge vaults with it: three built-in definitions that deny, assigned at a scope.

They are obeyed when a vault is put, and asked beforehand by checkPolicyRestrictions.
"""

from collections.abc import Callable, Iterator

from entra_local import azure_roles
from entra_local.arm.exceptions import InvalidRequestContent, NotServed, RequestDisallowedByPolicy
from entra_local.store import Directory
from entra_local.wire import JsonObject

_KIND = "policyAssignment"
_TAG = "871b6d14-10aa-478d-b590-94f262ecfa99"
_FIELDS: dict[str, str] = {
    # https://learn.microsoft.com/azure/governance/policy/samples/built-in-policies
    "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53": "properties.enablePurgeProtection",
    "405c5871-3e91-4644-8a63-58e19d68ff5b": "properties.publicNetworkAccess",
    _TAG: "tags",
}
_WANTED: dict[str, Callable[[JsonObject], bool]] = {
    "properties.enablePurgeProtection": lambda vault: vault["properties"].get("enablePurgeProtection") is True,
    "properties.publicNetworkAccess": lambda vault: (
        str(vault["properties"].get("publicNetworkAccess", "enabled")).lower() == "disabled"
    ),
}


def assign(everywhere: Directory, id_: str, scope: str, body: JsonObject) -> JsonObject:
    """Assign a built-in definition at a scope. Raises InvalidRequestContent or NotServed."""
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise InvalidRequestContent("properties are missing")
    definition = str(properties.get("policyDefinitionId", "")).rpartition("/")[2].lower()
    if definition not in _FIELDS:
        raise NotServed(f"The local tenant knows the policy definitions {', '.join(_FIELDS)}.")
    parameters = properties.get("parameters") or {}
    tag = str((parameters.get("tagName") or {}).get("value") or "")
    if definition == _TAG and not tag:
        raise InvalidRequestContent("the parameter tagName is missing")
    assignment: JsonObject = {"id": id_, "scope": scope, "definition": definition, "tag": tag, "properties": properties}
    everywhere.put(_KIND, id_, assignment)
    return assignment


def denied(everywhere: Directory, scope: str, vault: JsonObject) -> Iterator[tuple[JsonObject, str]]:
    """The assignments that deny a vault in a resource group, each with the field that is wrong."""
    whole = {"properties": vault.get("properties") or {}, "tags": vault.get("tags") or {}}
    for found in everywhere.scan(_KIND):
        assignment = found.body
        field = _FIELDS[assignment["definition"]]
        complies = assignment["tag"] in whole["tags"] if field == "tags" else _WANTED[field](whole)
        if azure_roles.covers(assignment["scope"], scope) and not complies:
            yield assignment, f"tags['{assignment['tag']}']" if field == "tags" else field


def check(everywhere: Directory, scope: str, name: str, vault: JsonObject) -> None:
    """Raises RequestDisallowedByPolicy."""
    for assignment, _ in denied(everywhere, scope, vault):
        raise RequestDisallowedByPolicy(name, str(assignment["id"]))


def restrictions(everywhere: Directory, scope: str, vault: JsonObject) -> JsonObject:
    """What would be denied, as checkPolicyRestrictions says it."""
    evaluations = [
        {
            "policyInfo": {"policyAssignmentId": assignment["id"]},
            "evaluationResult": "NonCompliant",
            "evaluationDetails": {"evaluatedExpressions": [{"result": "True", "path": field}]},
            "effectDetails": {"policyEffect": "Deny"},
        }
        for assignment, field in denied(everywhere, scope, vault)
    ]
    return {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": evaluations}}
