"""What is measured has this shape: our program on the local tenant (`bench.ours`), and the floor (`bench.floor`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.measure import Measured

ROOT = Path(__file__).parents[1]
WITHOUT_CHECKPOINTS = {"PULUMI_SKIP_CHECKPOINTS": "true"}


@dataclass(frozen=True)
class Size:
    """How many of each kind a stack declares; its own root and the providers are not counted."""

    resources: int
    components: int


class Subject(Protocol):
    def pulumi(self, *arguments: str, checkpoints: bool = True) -> Measured:
        """Run a Pulumi command on the subject's stack. Raises `measure.CommandError`."""
