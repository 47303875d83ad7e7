"""How a policy knows that a stack is production: told, or written on what the stack declares."""

from __future__ import annotations

from collections.abc import Sequence

from policies.resource_types import APPLICATIONS, STACK, VAULT
from policies.resources import Resource, of_type
from policies.rules import Setting, Settings

SAYS_ENVIRONMENT = (*APPLICATIONS, VAULT, STACK)
"""The types that `in_production` reads."""

ENVIRONMENT = Setting(
    name="environment",
    schema={
        "type": "string",
        "default": "",
        "description": "The stack's environment. Empty: what the stack's `environment` output says, else whether an "
        "application has the tag `production` or `environment:production`, or a vault the tag `environment: "
        "production`.",
    },
)


def in_production(resources: Sequence[Resource], settings: Settings) -> bool:
    told = settings.get("environment") or next(
        (said for stack in of_type(resources, STACK) if isinstance(said := stack.get("environment"), str)), None
    )
    if told:
        return told == "production"
    return any(
        tag in ("production", "environment:production")
        for application in of_type(resources, *APPLICATIONS)
        for tag in application.items("tags")
    ) or any(vault.get("tags", "environment") == "production" for vault in of_type(resources, VAULT))
