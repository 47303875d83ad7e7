"""The bare program: as many components and resources as FLOOR_COMPONENTS and FLOOR_RESOURCES say, and nothing else."""

import os

import pulumi

for number in range(int(os.environ["FLOOR_COMPONENTS"])):
    pulumi.ComponentResource("floor:index:Component", f"component-{number}")
for number in range(int(os.environ["FLOOR_RESOURCES"])):
    pulumi.CustomResource("floor:index:Resource", f"resource-{number}", {"number": number})
