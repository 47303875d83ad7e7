"""The two kinds of resource that a stack has by the thousand, without what the SDK's own classes cost for each.

azuread's class for a group makes an output (four futures and a task) for each of its 27 properties, whoever reads them,
and Pulumi waits for every one: 0.7 s more than the 6.5 s of processor time of a `pulumi preview` with 1,000 resources.
Here the type, the inputs and the one output that is read are the same; only what nobody asks for is not made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from airflow_entra.pulumi.resource_types import ASSIGNMENT, GROUP


class Group(pulumi.CustomResource):
    """azuread.GroupWithoutMembers; `inputs` by the provider's own names, without those that are None."""

    objectId: pulumi.Output[str]  # noqa: N815 -- Pulumi names it as the provider does

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        given = {key: value for key, value in inputs.items() if value is not None}
        super().__init__(GROUP, name, {**given, "objectId": None}, opts)


class AppRoleAssignment(pulumi.CustomResource):
    """azuread.AppRoleAssignment; `inputs` by the provider's own names."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(ASSIGNMENT, name, dict(inputs), opts)
