"""The GitHub workflows, read for what the tests ask of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / ".github" / "workflows"


@dataclass(frozen=True)
class Job:
    workflow: str
    name: str
    content: dict[str, Any]

    @property
    def steps(self) -> list[dict[str, Any]]:
        return list(self.content.get("steps", []))

    @property
    def permissions(self) -> dict[str, str]:
        return dict(self.content.get("permissions", {}))

    @property
    def text(self) -> str:
        return yaml.safe_dump(self.content, width=10_000)

    @property
    def checks_out(self) -> bool:
        return any("actions/checkout" in step.get("uses", "") for step in self.steps)

    def step(self, name: str) -> dict[str, Any]:
        (found,) = (step for step in self.steps if step.get("name") == name)
        return found

    def __str__(self) -> str:
        return f"{self.workflow}: {self.name}"


def env_of(step: dict[str, Any], values: dict[str, str]) -> dict[str, str]:
    """A step's own variables, with what its expressions stand for: `vars.X`, `inputs.X`, `github.X`, ..."""
    return {
        name: values[value.removeprefix("${{ ").removesuffix(" }}")] if value.startswith("${{") else value
        for name, value in step.get("env", {}).items()
    }


def workflow(name: str) -> dict[str, Any]:
    """One file; YAML 1.1 reads the key `on` as true."""
    content = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return {"on" if key is True else key: value for key, value in content.items()}


def names() -> list[str]:
    return sorted(file.name for file in FOLDER.glob("*.yml"))


def jobs() -> Iterator[Job]:
    for file in names():
        for name, content in workflow(file)["jobs"].items():
            yield Job(file, name, content)


def job(file: str, name: str) -> Job:
    return Job(file, name, workflow(file)["jobs"][name])
