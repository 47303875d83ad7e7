"""Where a local world keeps its things, and the environment in which a command sees Azure's names answered on loopback.

One folder holds everything: the tenant's state, the Pulumi home with its plugins, the backend and the workspace.
Nothing of it reaches the user's own Pulumi home or a real stack.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_entra import variables
from airflow_entra.errors import UserError, on_disk, shown
from airflow_entra.files import write_private
from airflow_entra.pulumi import PROJECT
from airflow_entra.pulumi.backend import FolderBackend

if TYPE_CHECKING:
    from airflow_entra.access import DeclaredStack

# The settings are imported where they are read: they take longer than all else that `airflow-entra --help` needs.

NO_PROXY = "localhost,127.0.0.1,::1"
_FOREIGN_PREFIXES = ("PULUMI_", "ARM_", "AZURE_", "MSI_", "IDENTITY_", "AIRFLOW_ENTRA_")
_FOREIGN_NAMES = frozenset({"HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_DIR"})
_KEPT = frozenset({"PULUMI_SKIP_CHECKPOINTS", "PULUMI_OPTION_COLOR", variables.LOCAL_PORT, variables.DEBUG})


@dataclass(frozen=True)
class World:
    """A project (the folder of Pulumi.yaml) and the folder that holds its local world."""

    project: Path
    home: Path
    stacks: Path = field(default=Path())
    python: Path = field(default_factory=lambda: Path(sys.executable))

    def __post_init__(self) -> None:
        from airflow_entra.settings.stack_file import FOLDER

        if self.stacks == Path():
            object.__setattr__(self, "stacks", self.project / FOLDER)

    @property
    def tenant(self) -> Path:
        return self.home / "tenant"

    @property
    def pulumi_home(self) -> Path:
        return self.home / "pulumi-home"

    @property
    def backend(self) -> Path:
        return self.home / "state"

    @property
    def workspace(self) -> Path:
        return self.home / "workspace"

    @property
    def passphrase_file(self) -> Path:
        return self.home / "passphrase"

    def stack_file(self, stack: str) -> Path:
        """The tracked stack file: read and cited, never written."""
        from airflow_entra.settings.stack_file import stack_file

        return stack_file(self.stacks, stack)

    def existing_stack_file(self, stack: str) -> Path:
        """The tracked stack file. Raises UserError where there is none, with those that there are."""
        from airflow_entra.settings.stack_file import name_mistake

        if mistake := name_mistake(stack):
            raise UserError(mistake)
        file = self.stack_file(stack)
        if not file.exists():
            raise UserError(
                f"no stack file {shown(file)}; there is one for: {', '.join(self.stack_names()) or 'no stack'}"
            )
        return file

    def declared(self, stack: str) -> DeclaredStack:
        """The stack as its file declares it. Raises UserError."""
        from airflow_entra.access import DeclaredStack
        from airflow_entra.settings import load

        return DeclaredStack(stack, load(self.existing_stack_file(stack)))

    def stack_names(self) -> list[str]:
        """The stacks that have a file, right or wrong."""
        from airflow_entra.settings.stack_file import stack_files, stack_name

        return [stack_name(file) for file in stack_files(self.stacks)]

    @property
    def state(self) -> FolderBackend:
        """What Pulumi keeps of the local stacks."""
        return FolderBackend(self.backend)

    def checkpoint(self, stack: str) -> Path:
        return self.state.checkpoint(PROJECT, stack)

    def outputs(self, stack: str) -> dict[str, Any]:
        """The outputs of a local stack, of which none is a secret; empty where it isn't deployed."""
        return self.state.outputs(PROJECT, stack)

    def prepare(self) -> None:
        """Make the folders, for the owner's eyes only, and the passphrase of the local backend.

        Raises `UserError` where the disk refuses.
        """
        with on_disk("prepare the local world", self.home):
            for folder in (self.home, self.tenant, self.pulumi_home, self.backend, self.workspace):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.passphrase_file.exists():
                write_private(self.passphrase_file, secrets.token_urlsafe(32))

    def remove(self) -> None:
        """Delete the whole world. Its processes must be stopped before."""
        with on_disk("remove the local world", self.home), suppress(FileNotFoundError):
            shutil.rmtree(self.home)


def project_world() -> World:
    """The world of the project that the caller stands in: the one of `local run`, else in .local/, or where
    AIRFLOW_ENTRA_LOCAL says.

    Raises `UserError` outside of a project.
    """
    from airflow_entra.settings.stack_file import FOLDER

    here, inside = Path.cwd(), workspace()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file() and (folder / "__main__.py").is_file():
            usual = inside.parent if inside else folder / ".local"
            home = Path(os.environ.get(variables.LOCAL) or usual).absolute()
            stacks = Path(os.environ.get(variables.STACKS) or folder / FOLDER).absolute()
            return World(folder, home, stacks)
    raise UserError(f"{here} is in no airflow-entra project: no folder from here up has Pulumi.yaml and __main__.py")


def workspace() -> Path | None:
    """Where Pulumi runs for a command that `airflow-entra local run` started; None outside of the local world."""
    folder = os.environ.get(variables.WORKSPACE)
    return Path(folder) if folder else None


def own_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """What of the caller's environment may enter a local world: no proxy, credential or Pulumi setting of theirs."""
    return {
        name: value
        for name, value in inherited.items()
        if name in _KEPT or not (name.upper() in _FOREIGN_NAMES or name.upper().startswith(_FOREIGN_PREFIXES))
    }
