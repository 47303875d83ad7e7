"""How a policy knows that a stack is production: told, or written on what the stack declares."""

from __future__ import annotations

from collections.abc import Sequence

from policies.resource_types import APPLICATION, STACK, VAULT
from policies.resources import Resource, of_type
from policies.rules import Setting, Settings

PRODUCTION = "production"
SAYS_ENVIRONMENT = (APPLICATION, VAULT, STACK)
"""The types that `in_production` reads."""

ENVIRONMENT = Setting(
    name="environment",
    schema={
        "type": "string",
        "default": "",
        "description": "The stack's environment. Empty: production where anything says so: the stack's `environment` "
        "output, the tag `production` or `environment:production` of an application, or `environment: production` of a "
        "vault.",
    },
)


def in_production(resources: Sequence[Resource], settings: Settings) -> bool:
    if told := settings.get("environment"):
        return told == PRODUCTION
    said = [stack.get("environment") for stack in of_type(resources, STACK)]
    said += [tag for application in of_type(resources, APPLICATION) for tag in application.items("tags")]
    said += [vault.get("tags", "environment") for vault in of_type(resources, VAULT)]
    return PRODUCTION in said or f"environment:{PRODUCTION}" in said
