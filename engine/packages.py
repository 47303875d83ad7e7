"""Which Python packages an interpreter has, and which Pulumi plugins they ask for. Standard library only.

Run as a script it describes the Python that runs it, as JSON on standard output.
"""

import json
import platform
import re
import sys
from importlib.metadata import Distribution, distributions
from typing import TypedDict


class Plugin(TypedDict):
    name: str
    version: str
    server: str


class Description(TypedDict):
    executable: str
    version: str
    packages: dict[str, str]
    """Installed distributions: normalised name -> version."""
    plugins: list[Plugin]


def describe() -> Description:
    return {
        "executable": sys.executable,
        "version": platform.python_version(),
        "packages": {name: one.version for name, one in _installed().items()},
        "plugins": plugins(),
    }


def plugins() -> list[Plugin]:
    return [plugin for name, one in _installed().items() if (plugin := _plugin(name, one))]


def _installed() -> dict[str, Distribution]:
    """Normalised name -> distribution, by name; of two with one name the first on sys.path counts."""
    found = {re.sub(r"[-_.]+", "-", one.name).lower(): one for one in reversed(list(distributions()))}
    return dict(sorted(found.items()))


def _plugin(name: str, distribution: Distribution) -> Plugin | None:
    """The resource plugin behind a package: what its pulumi-plugin.json says, by the rules of Pulumi's own host."""
    if not name.startswith("pulumi-"):
        return None  # third parties' packages follow the same naming
    stated = distribution.read_text(f"../{name.replace('-', '_')}/pulumi-plugin.json")
    asked = json.loads(stated) if stated else {}
    if asked.get("resource") is False:
        return None
    return {
        "name": asked.get("name") or name.removeprefix("pulumi-"),
        "version": asked.get("version") or distribution.version,
        "server": asked.get("server") or "",
    }


if __name__ == "__main__":
    json.dump(describe(), sys.stdout)
