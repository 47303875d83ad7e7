"""What a deployed stack amounts to, for the person who has just deployed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_entra.escape.terminal import line, table


def summary(stack: str, outputs: Mapping[str, Any], changes: Mapping[str, int], width: int | None = None) -> str:
    """The readable end of a deployment. `outputs` are the program's, `changes` counts resources by what happened."""
    parts = [line(_changes(stack, changes)), table((), _facts(outputs)), _roles(outputs.get("roles", {}), width)]
    hand_over = outputs.get("handOver")
    if hand_over and hand_over.get("open"):
        asked = [f"Still to be done by the identity team ({hand_over['file']}):", *hand_over["open"]]
        parts.append("\n  - ".join(map(line, asked)))
    parts += [line(f"Warning: {warning}") for warning in outputs.get("warnings") or []]
    return "\n" + "\n\n".join(parts) + "\n"


def _changes(stack: str, changes: Mapping[str, int]) -> str:
    done = {kind: count for kind, count in changes.items() if kind != "same" and count}
    if not done:
        return f"No changes: the {changes.get('same', 0)} resources of stack {stack} are as declared."
    verbs = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}
    listed = ", ".join(f"{count} {verbs.get(kind, kind)}" for kind, count in sorted(done.items()))
    unchanged = f", {changes['same']} unchanged" if changes.get("same") else ""
    return f"Stack {stack} is deployed: {listed}{unchanged}."


def _facts(outputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = [
        ("Tenant ID", str(outputs.get("tenantId", ""))),
        ("Client ID", str(outputs.get("clientId", ""))),
    ]
    for airflow in outputs.get("airflow", []):
        rows += [
            (f"Airflow {airflow['version']}", airflow["url"]),
            ("  redirect URL", airflow["redirectUri"]),
            ("  logout URL", airflow["logoutUrl"]),
        ]
    rows += _lifetimes(outputs)
    return rows + _credential(outputs.get("credential") or {})


def _lifetimes(outputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [("Token lifetime", outputs.get("tokenLifetime") or "Entra's own default: 60 to 90 minutes")]
    if outputs.get("signInFrequency"):
        rows.append(("Sign-in frequency", outputs["signInFrequency"]))
    rows.append(("Airflow session", str(outputs.get("airflowSession", ""))))
    if outputs.get("longestDagRun"):
        rows.append(("Longest DAG run", f"{outputs['longestDagRun']} (goes on whoever signs out)"))
    return rows


def _credential(credential: Mapping[str, Any]) -> list[tuple[str, str]]:
    match credential.get("mode"):
        case "vaultSecret":
            return [
                ("Client secret", f"in Key Vault, {credential['secretUri']}"),
                ("  expires", f"{credential['expires']} (current slot: {credential['slot']})"),
            ]
        case "certificate":
            return [("Certificate", f"{credential['thumbprint']}, expires {credential['expires']}")]
        case "federated":
            return [
                ("" if number else "No secret", f"federated with {trust['issuer']} as {trust['subject']}")
                for number, trust in enumerate(credential.get("trusts") or [credential])
            ]
        case _:
            return []


def _roles(roles: Mapping[str, Sequence[Mapping[str, str]]], width: int | None) -> str:
    rows = [
        ("" if index else role, group["group"], group.get("id") or "not made yet", group["source"])
        for role, groups in roles.items()
        for index, group in enumerate(groups)
    ]
    return table(("Airflow role", "Group in Entra", "Object ID", ""), rows, width)
