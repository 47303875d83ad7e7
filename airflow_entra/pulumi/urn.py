"""Reads Pulumi's URNs: `urn:pulumi:<stack>::<project>::<parent's type>$<type>::<name>`.

The name alone may hold "::" (https://www.pulumi.com/docs/iac/concepts/resources/names/), so a URN has four parts at
most: one that is read from its end would take a resource for another, which its name chooses.
"""

from __future__ import annotations


def resource_name(urn: str) -> str:
    """The resource's name in its program."""
    return urn.split("::", 3)[-1]


def resource_type(urn: str) -> str:
    """The resource's type, without those of its parents; empty where it isn't a URN."""
    parts = urn.split("::", 3)
    return parts[2].rpartition("$")[2] if len(parts) == 4 else ""


def in_the_same_stack(urn: str, type_: str, name: str) -> str:
    """The URN of another resource, without a parent, of this one's stack."""
    return "::".join([*urn.split("::", 3)[:2], type_, name])
