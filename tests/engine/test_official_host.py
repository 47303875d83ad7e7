"""What Pulumi's official Python host asks of the environments that Pulumi.yaml and PulumiPolicy.yaml name.

The commands are those of `pulumi-language-python` 3.256 (its main.go and toolchain/pip.go), in the environment that it
makes for them. Whoever has the official command line runs them with every `pulumi up`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
PLUGIN_FILES = """import importlib.metadata, importlib.util, os, sys, json
result = {}
for pkg_name in sys.argv[1:]:
\ttry:
\t\tdist = importlib.metadata.distribution(pkg_name)
\t\tmodule = dist.metadata['Name'].replace('-', '_')
\t\tspec = importlib.util.find_spec(module)
\t\tlocs = list(spec.submodule_search_locations or []) if spec else []
\t\tfound = [p for l in locs for p in [os.path.join(str(l), 'pulumi-plugin.json')] if os.path.isfile(p)]
\t\tresult[pkg_name] = found[0] if found else ''
\texcept Exception:
\t\tresult[pkg_name] = ''
print(json.dumps(result))"""
"""The host's own script: where each package says which plugin it needs."""


class Host:
    """The official host before a project: it runs the `python` of the virtual environment, activated."""

    def __init__(self, file: Path) -> None:
        self.options = yaml.safe_load(file.read_text())["runtime"]["options"]
        self.virtualenv = Path(os.path.normpath(file.parent / self.options["virtualenv"]))

    def python(self, *arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
        environment["VIRTUAL_ENV"] = str(self.virtualenv)
        environment["PATH"] = os.pathsep.join((str(self.virtualenv / "bin"), environment["PATH"]))
        done = subprocess.run(
            [self.virtualenv / "bin" / "python", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"python {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def packages(self, *arguments: str) -> dict[str, str]:
        listed = json.loads(self.python("-m", "pip", "list", "--format", "json", *arguments))
        return {re.sub(r"[-_.]+", "-", package["name"].lower()): package["version"] for package in listed}


@pytest.fixture(params=["Pulumi.yaml", "policies/PulumiPolicy.yaml"])
def host(request: pytest.FixtureRequest) -> Host:
    return Host(PROJECT / request.param)


def test_it_finds_the_environment(host: Host) -> None:
    assert (host.virtualenv / "bin" / "python").is_file()


def test_it_is_told_the_toolchain(host: Host) -> None:
    """Without, a uv.lock or poetry.lock in any folder above the checkout would choose another one."""
    assert host.options["toolchain"] == "pip"


def test_it_reads_the_version_of_python(host: Host) -> None:
    assert re.fullmatch(r"Python \d+\.\d+\.\d+(rc\d+)?\n", host.python("--version"))


def test_it_lists_the_packages_and_their_plugins(host: Host) -> None:
    """GetRequiredPackages, before every preview and update; `pip` itself has to be there."""
    packages = host.packages()
    names = ("pulumi", "pulumi-azure-native", "pulumi-azuread", "pulumi-policy")
    assert {name: packages[name] for name in names} == {name: version(name) for name in names}

    files = json.loads(host.python("-c", PLUGIN_FILES, *packages))
    plugins = {name: json.loads(Path(file).read_text()) for name, file in files.items() if file}
    assert {plugin["name"] for plugin in plugins.values() if plugin.get("resource")} == {"azuread", "azure-native"}


def test_pulumi_about_is_answered(host: Host) -> None:
    """About and GetProgramDependencies."""
    assert "airflow-entra" in host.packages("--not-required")  # nothing here asks for it
    assert host.python("-c", "import sys; print(sys.executable)").strip() == str(host.virtualenv / "bin" / "python")
    assert re.match(r"pip \d+\.\d+", host.python("-m", "pip", "--version"))


def test_policy_packs_and_dynamic_providers_can_be_started(host: Host) -> None:
    """RunPlugin's look before the start, the module that serves a pack, and that of pulumi-resource-pulumi-python."""
    host.python("-c", "import pulumi.run.plugin")
    for module in ("pulumi.policy", "pulumi.dynamic"):
        host.python(
            "-c", f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{module}.__main__') is None)"
        )
