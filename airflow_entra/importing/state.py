"""What `pulumi import` can't do, done to the stack's exported state. Pure.

A dynamic resource can't be imported: it is written as the program would have left it. Azure's provider imports what
Azure fills in as if the program had said it: taken out again, so that the next preview shows no change there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_entra.directory.registered import LifetimePolicy, Secret
from airflow_entra.importing.ids import Resource
from airflow_entra.pulumi.resource_types import LIFETIME, LIFETIME_ASSIGNMENT, PASSWORD
from airflow_entra.pulumi.urn import in_the_same_stack, resource_name

Json = dict[str, Any]
_DYNAMIC = (LIFETIME, LIFETIME_ASSIGNMENT)
_PROVIDER = "pulumi:providers:pulumi-python"
_FILLED_IN = ("principalType",)
"""Inputs of azure-native resources that the program leaves to Azure, which answers with a value."""


def importable(listed: Mapping[str, Any], ids: Mapping[Resource, str]) -> Json | None:
    """The import file that `preview --import-file` wrote, with ids and without what isn't there; None where no
    resource is left to import."""
    kept = []
    listed_resources = listed.get("resources") or []  # Pulumi leaves an empty list away
    names = {str(one["name"]) for one in listed_resources} | set(listed.get("nameTable") or {})
    found = 0
    for one in listed_resources:
        if one.get("component"):
            kept.append(one)
            continue
        id_ = ids.get((one["type"], one["name"]))
        if id_ is None or one["type"] in _DYNAMIC or one.get("provider", "") not in {"", *names}:
            continue
        found += 1
        kept.append({**one, "id": id_})
    return {**listed, "resources": kept} if found else None


def settled(
    export: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    ids: Mapping[Resource, str],
    policy: LifetimePolicy | None,
) -> Json | None:
    """The export with the dynamic resources that are there and without what Azure filled in; None where it is right.

    `steps` are a preview's; `policy` is the application's token lifetime policy as it is today.
    """
    deployment = dict(export["deployment"])
    resources = [dict(one) for one in deployment.get("resources") or []]
    before = list(resources)
    said = {step["urn"]: (step.get("newState") or {}).get("inputs") for step in steps}
    resources = [_as_said(one, said.get(one["urn"])) for one in resources]
    there = {one["urn"] for one in resources}
    wanted = [step["newState"] for step in steps if step["urn"] not in there and _is_dynamic(step)]
    for state in sorted(wanted, key=lambda state: _DYNAMIC.index(state["type"])):
        id_ = ids.get((state["type"], resource_name(state["urn"])))
        if id_ is not None and state.get("parent") in there:
            resources += _with_provider(state, id_, policy, resources)
    return {**export, "deployment": {**deployment, "resources": resources}} if resources != before else None


def dynamic_resources(export: Mapping[str, Any]) -> int:
    return sum(one["type"] in _DYNAMIC for one in export["deployment"].get("resources") or ())


def held(secrets: Iterable[Secret], export: Mapping[str, Any]) -> list[Secret]:
    """Those of an application's secrets that are in the stack's state."""
    resources = export["deployment"].get("resources") or ()
    keys = {str((one.get("outputs") or {}).get("keyId")).lower() for one in resources if one["type"] == PASSWORD}
    return [secret for secret in secrets if secret.key_id.lower() in keys]


def _is_dynamic(step: Mapping[str, Any]) -> bool:
    return bool(step["op"] == "create" and step["newState"]["type"] in _DYNAMIC)


def _as_said(resource: Json, said: Mapping[str, Any] | None) -> Json:
    inputs = resource.get("inputs")
    if said is None or not inputs or not resource["type"].startswith("azure-native:"):
        return resource
    return {**resource, "inputs": _without_filled_in(inputs, said)}


def _without_filled_in(inputs: Mapping[str, Any], said: Mapping[str, Any]) -> Json:
    kept: Json = {}
    for key, value in inputs.items():
        if key not in said and (value in ({}, [], None) or key in _FILLED_IN):
            continue
        inner = said.get(key)
        kept[key] = _without_filled_in(value, inner) if isinstance(value, dict) and isinstance(inner, dict) else value
    return kept


def _with_provider(
    state: Mapping[str, Any], id_: str, policy: LifetimePolicy | None, there: Iterable[Mapping[str, Any]]
) -> list[Json]:
    """The resource as the program would have left it, after its provider where that isn't in the state yet."""
    urn = in_the_same_stack(state["urn"], _PROVIDER, "default")
    made: list[Json] = []
    provider = next((one["id"] for one in there if one["urn"] == urn), None)
    if provider is None:
        provider = str(uuid.uuid4())
        made.append({"urn": urn, "custom": True, "id": provider, "type": _PROVIDER, "inputs": {}, "outputs": {}})
    inputs = dict(state["inputs"])
    outputs = inputs
    if state["type"] == LIFETIME_ASSIGNMENT:
        inputs["application"], _, inputs["policy"] = id_.partition("/")
    elif policy:
        inputs |= {"displayName": policy.name, "lifetime": policy.lifetime}
        outputs = inputs | {"organizationDefault": ""}
    kept = ("urn", "custom", "type", "parent", "dependencies", "propertyDependencies")
    made.append(
        {key: state[key] for key in kept if key in state}
        | {"id": id_, "inputs": inputs, "outputs": outputs, "provider": f"{urn}::{provider}"}
    )
    return made
