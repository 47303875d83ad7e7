"""What holds for every stack of a repository: policies/configuration.json, which is reviewed as the programs are.

The same form as Pulumi's `--policy-pack-config`, which comes before it:
`{"known-types-only": {"allowed": {"random:RandomId": "part of the vault's name"}}, "tags": "disabled"}`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("configuration.json")


class ConfigurationError(Exception):
    """The file can't be used: the message says what is wrong with it."""


def configuration(policies: Collection[str], file: Path = FILE) -> dict[str, dict[str, Any]]:
    """Policy -> its settings, with its level as `enforcementLevel`; empty where there is no file."""
    try:
        said = json.loads(file.read_text("utf-8")) if file.exists() else {}
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: it is no JSON that can be read: {error}") from None
    if not isinstance(said, Mapping):
        raise ConfigurationError(f"{file}: it is no object of policies; write {{}} where nothing is to be said")
    for name, value in said.items():
        if name not in policies:
            raise ConfigurationError(f"{file}: no policy is called {name!r}; docs/policies.md lists them")
        if not isinstance(value, str | dict):
            raise ConfigurationError(f"{file}: {name} is neither a level nor an object of settings")
    return {name: {"enforcementLevel": value} if isinstance(value, str) else value for name, value in said.items()}
