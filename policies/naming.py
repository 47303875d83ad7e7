"""Names and tags: what tells people what a thing is for, and programs whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policies.resource_types import APPLICATION, GROUPS, RESOURCE_GROUP, VAULT
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Finding, Rule, Setting, Settings


def _names(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    pattern = settings.get("pattern")
    wanted = _compiled(pattern)
    seen: dict[tuple[bool, str], Resource] = {}
    for resource in resources:
        name = resource.get("displayName")
        if not isinstance(name, str):
            continue
        first = seen.setdefault((resource.type in GROUPS, name.casefold()), resource)
        if first is not resource:
            yield Finding(
                resource=resource,
                problem=f"the name {name} is {first.name}'s too",
                fix="Choose another: Entra takes both, and nobody can tell them apart",
            )
        if wanted and not wanted.search(name):
            yield Finding(
                resource=resource, problem=f"the name {name} doesn't fit {pattern}", fix="Rename it in the program"
            )


def _compiled(pattern: Value) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern) if isinstance(pattern, str) else None
    except re.error:
        return None


UNIQUE_NAMES = Rule(
    name="names",
    title="Names that tell things apart",
    description="Applications and groups have names of their own, in the form that you say.",
    scope="stack",
    severity="low",
    level="advisory",
    reason="Entra compares ids and takes the same name twice: a person who adds a member picks by name, and picks the "
    "wrong group.",
    remedy="Name the environment and the role, such as `airflow-prod-admins`. `pattern` is a form that all must have.",
    controls=("SOC 2 CC6.1", "NIST 800-53 IA-4", "NIST 800-53 AC-2"),
    source="https://learn.microsoft.com/en-us/graph/api/resources/group",
    types=(APPLICATION, *GROUPS),
    check=_names,
    settings=(
        Setting(
            name="pattern",
            schema={
                "type": "string",
                "default": r"^\S(.*\S)?$",
                "description": "A regular expression (Python's) that every name has to match.",
            },
        ),
    ),
    violation="""\
resources:
  admins:
    type: azuread:GroupWithoutMembers
    properties: {displayName: airflow-users, securityEnabled: true}
  viewers:
    type: azuread:GroupWithoutMembers
    properties: {displayName: Airflow-Users, securityEnabled: true}
""",
    compliance="""\
resources:
  admins:
    type: azuread:GroupWithoutMembers
    properties: {displayName: airflow-admins, securityEnabled: true}
  viewers:
    type: azuread:GroupWithoutMembers
    properties: {displayName: airflow-viewers, securityEnabled: true}
""",
)


def _tags(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    for resource in resources:
        if resource.type == APPLICATION:
            tags = resource.items("tags")
            missing = [tag for tag in _texts(settings.get("applicationTags")) if tag not in tags]
            if UNKNOWN not in tags and (not tags or missing):
                yield Finding(
                    resource=resource,
                    problem=f"the tag {', '.join(missing)} is missing" if missing else "it has no tags",
                    fix="Add to tags what says whose it is",
                )
        else:
            keys = _texts(settings.get("azureTags"))
            if missing := [key for key in keys if resource.get("tags", key) is None]:
                yield Finding(
                    resource=resource,
                    problem=f"the tag {', '.join(missing)} is missing",
                    fix="Add it to tags, with a value",
                )


def _texts(value: Value) -> list[str]:
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else []
    return [item for item in listed if isinstance(item, str)]


def _list_of(name: str, description: str) -> Setting:
    schema = {"type": "array", "items": {"type": "string"}, "default": [], "description": description}
    return Setting(name=name, schema=schema)


TAGS = Rule(
    name="tags",
    title="Tags that say whose it is",
    description="An app registration has tags; a vault and its resource group those that you ask for.",
    scope="resource",
    severity="low",
    level="advisory",
    reason="In a tenant with thousands of applications a tag is what finds those that a program made, after an "
    "interrupted run or when a secret has leaked.",
    remedy="Set `tags` on the application. `applicationTags` and `azureTags` say which have to be there.",
    controls=("SOC 2 CC6.1", "NIST 800-53 CM-8"),
    source="https://learn.microsoft.com/en-us/graph/api/resources/application",
    types=(APPLICATION, VAULT, RESOURCE_GROUP),
    check=_tags,
    settings=(
        _list_of("applicationTags", "Tags that every application has to have."),
        _list_of("azureTags", "Keys of the tags that every vault and resource group has to have."),
    ),
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      tags: [airflow, "airflow:production"]
""",
)
