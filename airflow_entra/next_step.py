"""The commands of Pulumi that a hint names: always with the policy pack, which no deployment leaves out."""

from __future__ import annotations

POLICIES = "policies"
"""The policy pack's folder, from the project's."""


def up(stack: str, *options: str) -> str:
    return _command("up", stack, options)


def preview(stack: str = "", *options: str) -> str:
    """Of the stack that Pulumi has selected, where none is named."""
    return _command("preview", stack, options)


def _command(command: str, stack: str, options: tuple[str, ...]) -> str:
    named = ("--stack", stack) if stack else ()
    return " ".join(("pulumi", command, *options, *named, "--policy-pack", POLICIES))
