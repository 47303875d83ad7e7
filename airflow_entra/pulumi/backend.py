"""Where Pulumi keeps its stacks and what opens their secrets; what is in it, where that is a folder."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from airflow_entra.errors import UserError, shown
from airflow_entra.files import read_text
from airflow_entra.pulumi.resource_types import STACK
from airflow_entra.pulumi.trouble import PulumiError

OF_THE_KEY = ("secretsprovider", "encryptedkey", "encryptionsalt")
"""What a stack file says of the key of its secrets. `pulumi stack init` writes it anew, and drops a vault's without a
word: where the CLI is to use another backend, it sees a copy without them."""
_ELSEWHERE = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_ACCESS_TOKEN", "PULUMI_STACK")


def backend_url(folder: Path, environment: Mapping[str, str]) -> str:
    """The backend of a project in `folder`: what the environment says, else Pulumi.yaml, else the last login.

    In Pulumi's own order (3.256); empty where none says anything.
    """
    if said := environment.get("PULUMI_BACKEND_URL"):
        return said
    declared = _mapping(_mapping(_read_yaml(folder / "Pulumi.yaml")).get("backend")).get("url")
    home = environment.get("PULUMI_HOME") or Path(environment.get("HOME") or Path.home()) / ".pulumi"
    return str(declared or _mapping(_read_yaml(Path(home) / "credentials.json")).get("current") or "")


def with_backend(environment: Mapping[str, str], folder: Path, passphrase: str | Path) -> dict[str, str]:
    """An environment in which stacks are kept in a folder, and opened by a passphrase or the file that holds one."""
    others = {name: value for name, value in environment.items() if name not in _ELSEWHERE}
    key = "PULUMI_CONFIG_PASSPHRASE_FILE" if isinstance(passphrase, Path) else "PULUMI_CONFIG_PASSPHRASE"
    return others | {"PULUMI_BACKEND_URL": f"file://{folder.absolute()}", key: str(passphrase)}


def without_key(stack_file: Mapping[str, Any]) -> dict[str, Any]:
    """A stack file's content without what ties it to the key of its secrets."""
    return {name: value for name, value in stack_file.items() if name not in OF_THE_KEY}


def salt(stack_file: Path) -> dict[str, str]:
    """What Pulumi wrote into a stack file for its passphrase, to be kept where the file is written anew."""
    found = _mapping(_read_yaml(stack_file)).get("encryptionsalt")
    return {"encryptionsalt": found} if found else {}


@dataclass(frozen=True)
class Lock:
    """One lock file of the backend: who holds the stack, and since when."""

    pid: int
    hostname: str
    taken: datetime

    @classmethod
    def of(cls, content: Any) -> Lock:
        """From what Pulumi writes. Raises ValueError, KeyError or TypeError for anything else."""
        if not isinstance(content["hostname"], str) or not 0 < content["pid"] < 2**31:
            raise ValueError
        return cls(int(content["pid"]), content["hostname"], datetime.fromisoformat(content["timestamp"]))

    @property
    def stale(self) -> bool:
        """True where its process ran on this machine and is gone, even if its number was given to another."""
        import psutil  # most commands only ask where the stacks are

        if self.hostname != socket.gethostname():
            return False
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            return process.create_time() > self.taken.timestamp() + 1
        except psutil.NoSuchProcess:
            return True


@dataclass(frozen=True)
class FolderBackend:
    """A backend in a folder (`file://...`)."""

    folder: Path

    @classmethod
    def of(cls, folder: Path, environment: Mapping[str, str]) -> FolderBackend | None:
        """The backend of a project in `folder`; None where it is no folder, such as a blob container."""
        url = urlsplit(backend_url(folder, environment))
        if url.scheme != "file":
            return None
        return cls(folder / Path(unquote(url.netloc + url.path)).expanduser())

    def checkpoint(self, project: str, stack: str) -> Path:
        """The file that holds a stack's state."""
        return self.folder / ".pulumi" / "stacks" / project / f"{stack}.json"

    def deployment(self, project: str, stack: str) -> dict[str, Any]:
        """A stack's state; empty where there is no such stack, or nothing in it. Raises PulumiError."""
        file = self.checkpoint(project, stack)
        try:
            content = json.loads(read_text(file))
            found: dict[str, Any] = content["checkpoint"].get("latest") or {}
            {resource["type"]: resource.get("outputs") for resource in found.get("resources") or ()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise PulumiError(
                f"{shown(file)} is no state of a stack: restore it from {file.name}.bak beside it"
            ) from None
        return found

    def outputs(self, project: str, stack: str) -> dict[str, Any]:
        """A stack's outputs, of which secret ones stay encrypted; empty where it isn't deployed."""
        resources = self.deployment(project, stack).get("resources") or ()
        return next((found.get("outputs") or {} for found in resources if found["type"] == STACK), {})

    def changes_of_last_update(self, project: str, stack: str) -> dict[str, int]:
        """What the last update did, by kind ("create", "same", ...), as its history says."""
        newest = max((self.folder / ".pulumi" / "history" / project / stack).glob("*.history.json"), default=None)
        try:
            return dict(json.loads(read_text(newest)).get("resourceChanges") or {}) if newest else {}
        except (ValueError, AttributeError, TypeError, RecursionError, UserError):
            return {}

    def interrupted(self, project: str, stack: str) -> bool:
        """Whether an earlier run left a lock, a file that is half written or an unfinished operation."""
        if any(self.locks(project, stack)) or any(self._torn(project, stack)):
            return True
        return bool(self.deployment(project, stack).get("pending_operations"))

    def locks(self, project: str, stack: str) -> Iterator[Lock]:
        """The locks on a stack, in no order. One that is half written counts as this host's. Raises PulumiError."""
        for file in (self.folder / ".pulumi" / "locks" / "organization" / project / stack).glob("*.json"):
            try:
                content = json.loads(read_text(file))
                lock = Lock.of(content)
            except FileNotFoundError:
                continue
            except json.JSONDecodeError:
                yield Lock(0, socket.gethostname(), datetime.fromtimestamp(file.stat().st_mtime).astimezone())
            except (ValueError, KeyError, TypeError, RecursionError):
                raise PulumiError(
                    f"{shown(file)} is no lock of Pulumi's: it has the pid, hostname and timestamp of who works on the "
                    "stack. Where nobody does, delete it"
                ) from None
            else:
                yield lock

    def remove_torn_files(self, project: str, stack: str) -> int:
        """Remove what a killed Pulumi left half written; how much there was. Only where nobody has the stack.

        It replaces a checkpoint in one step, but writes the attributes beside it (`local.json.attrs`) in place: killed
        just then, it leaves them empty, and every later command fails with "failed to load checkpoint: EOF". They say
        nothing that matters (a content type and a hash), and a file without them is read as it is.
        """
        torn = list(self._torn(project, stack))
        for file in (*torn, *self._files(project, stack, "tmp")):
            file.unlink(missing_ok=True)
        return len(torn)

    def _torn(self, project: str, stack: str) -> Iterator[Path]:
        return (file for file in self._files(project, stack, "attrs") if not _is_json(file))

    def _files(self, project: str, stack: str, ending: str) -> Iterator[Path]:
        files = self.folder / ".pulumi"
        yield from (files / "stacks" / project).glob(f"{stack}.json*.{ending}")
        yield from (files / "history" / project / stack).glob(f"*.{ending}")
        yield from (files / "locks" / "organization" / project / stack).glob(f"*.{ending}")


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError):
        return False
    return True


def declaration(folder: Path) -> dict[str, Any]:
    """The Pulumi.yaml of a project. Raises PulumiError where there is none that can be read."""
    found = _read_yaml(folder / "Pulumi.yaml")
    if not isinstance(found, dict):
        raise PulumiError(
            f"{shown(folder / 'Pulumi.yaml')} is no project of Pulumi's: YAML with name and runtime is right"
        )
    return found


def _read_yaml(file: Path) -> Any:
    """What a file holds, JSON being YAML too; None where there is none that can be read."""
    try:
        return yaml.safe_load(read_text(file))
    except (OSError, UserError, ValueError, RecursionError, yaml.YAMLError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
