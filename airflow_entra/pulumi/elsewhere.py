"""A backend of its own for a stack that the real one doesn't have: what it would make can be seen, and nothing is left.

A read-only identity may not create the stack, and a pull request must not. The stack file is copied without what ties
it to its secrets provider: `pulumi stack init` would write into it.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from airflow_entra.pulumi.backend import declaration, with_backend, without_key
from airflow_entra.pulumi.trouble import PulumiError
from airflow_entra.settings.document import NotYaml
from airflow_entra.settings.source import content


@dataclass(frozen=True)
class Elsewhere:
    folder: Path
    environment: Mapping[str, str]

    @classmethod
    @contextmanager
    def made_for(cls, project: Path, stack: str, environment: Mapping[str, str]) -> Iterator[Elsewhere]:
        """A workspace and an empty file backend, removed on leaving. `project` is the folder of Pulumi.yaml."""
        with tempfile.TemporaryDirectory(prefix="airflow-entra-preview-", ignore_cleanup_errors=True) as made:
            folder = Path(made)
            declared = declaration(project)
            config = declared.get("stackConfigDir") or "."
            (folder / "state").mkdir()
            (folder / config).mkdir(exist_ok=True, parents=True)
            (folder / "Pulumi.yaml").write_text(yaml.safe_dump(_moved(declared, project)), "utf-8")
            file = Path(config) / f"Pulumi.{stack}.yaml"
            if (project / file).is_file():
                (folder / file).write_text(yaml.safe_dump(_untied(_said(project / file))), "utf-8")
            yield cls(folder, with_backend(environment, folder / "state", secrets.token_urlsafe(32)))


def _said(stack_file: Path) -> object:
    try:
        return content(stack_file)
    except NotYaml as error:
        raise PulumiError(f"{stack_file} can't be read: {error}") from None


def _moved(declared: dict[str, Any], project: Path) -> dict[str, Any]:
    """The project's declaration as it has to read in another folder."""
    moved = {**declared, "main": str((project / declared.get("main", ".")).absolute())}
    runtime = declared.get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    if isinstance(runtime, dict) and options and options.get("virtualenv"):
        inside = str((project / options["virtualenv"]).absolute())
        moved["runtime"] = {**runtime, "options": {**options, "virtualenv": inside}}
    return moved


def _untied(content: Any) -> Any:
    """Without the keys of the secrets provider, and without values that only it can read."""
    if not isinstance(content, dict):
        return content
    kept = without_key(content)
    if isinstance(kept.get("config"), dict):
        kept["config"] = {key: value for key, value in kept["config"].items() if not _encrypted(value)}
    return kept


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and "secure" in value
