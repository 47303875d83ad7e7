from importlib.metadata import version
from pathlib import Path

import pytest

from engine.official import PluginsMissingError, link_official


def folder(name: str) -> str:
    return f"resource-{name}-v{version(f'pulumi-{name}')}"


def test_missing_plugins_are_named_with_the_command_that_installs_them(tmp_path: Path) -> None:
    (tmp_path / "user" / "plugins" / folder("azuread")).mkdir(parents=True)
    with pytest.raises(PluginsMissingError, match=r"azure-native; install with: pulumi plugin install resource azure"):
        link_official(tmp_path / "home", tmp_path / "user")
    assert not (tmp_path / "home").exists()


def test_the_users_plugins_answer_in_the_private_home(tmp_path: Path) -> None:
    for name in ("azuread", "azure-native"):
        (tmp_path / "user" / "plugins" / folder(name)).mkdir(parents=True)
    link_official(tmp_path / "home", tmp_path / "user")
    link_official(tmp_path / "home", tmp_path / "user")
    assert (tmp_path / "home" / "plugins" / folder("azuread")).resolve().is_relative_to(tmp_path / "user")
