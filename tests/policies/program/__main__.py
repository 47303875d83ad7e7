"""Declares what the Pulumi YAML file named by POLICY_EXAMPLE says, as any team's own program would."""

import os
from pathlib import Path
from typing import Any

import pulumi
import yaml

from policies.examples import REFERENCE

VERSIONS = {"azuread": os.environ["AZUREAD_VERSION"], "azure-native": os.environ["AZURE_NATIVE_VERSION"]}


def token(type_: str) -> str:
    package, _, name = type_.partition(":")
    return f"azuread:index/{name[0].lower()}{name[1:]}:{name}" if package == "azuread" else type_


def referenced(document: Any) -> dict[str, set[str]]:
    """Resource -> the outputs that others refer to; the SDK has to know them to give them out."""
    wanted: dict[str, set[str]] = {}
    if isinstance(document, str) and (match := REFERENCE.match(document)):
        wanted.setdefault(match[1], set()).add(match[2])
    children = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for child in children:
        for name, outputs in referenced(child).items():
            wanted.setdefault(name, set()).update(outputs)
    return wanted


def resolve(value: Any, declared: dict[str, pulumi.CustomResource]) -> Any:
    if isinstance(value, str) and (match := REFERENCE.match(value)):
        return getattr(declared[match[1]], match[2])
    if isinstance(value, dict):
        return {key: resolve(item, declared) for key, item in value.items()}
    return [resolve(item, declared) for item in value] if isinstance(value, list) else value


def declare(document: dict[str, Any]) -> None:
    declared: dict[str, pulumi.CustomResource] = {}
    outputs = referenced(document)
    for name, resource in document["resources"].items():
        asked = dict.fromkeys(outputs.get(name, set()) - {"id"})
        options = pulumi.ResourceOptions(version=VERSIONS[resource["type"].partition(":")[0]])
        props = asked | resolve(resource.get("properties", {}), declared)
        declared[name] = pulumi.CustomResource(token(resource["type"]), name, props, options)
    for name, value in document.get("outputs", {}).items():
        pulumi.export(name, resolve(value, declared))


declare(yaml.safe_load(Path(os.environ["POLICY_EXAMPLE"]).read_text()))
