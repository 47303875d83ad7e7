"""The pack in the real engine, on a program that isn't ours: what it blocks, what passes, how it is configured."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.obtain import engine_folder
from engine.plugins import install_stand_ins
from policies.registry import RULES
from policies.rules import Rule
from policies.session import SIGN_IN_BOUNDED

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

pytestmark = pytest.mark.engine


@dataclass(frozen=True)
class Previewed:
    code: int
    said: str
    violations: dict[str, list[str]]
    """Policy -> the messages of its violations."""
    levels: dict[str, str]
    remediated: dict[str, dict[str, Any]]
    """Policy -> the properties that it put in place."""


Preview = Callable[..., Previewed]


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Preview:
    """Runs `pulumi preview` with the pack on an example, in a stack of its own; needs no network and no tenant."""
    folder = tmp_path_factory.mktemp("stack")
    engine = engine_folder(progress=lambda _line: None)
    project = {
        "name": "somebody-elses",
        "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
        "main": str(HERE / "program"),
    }
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (folder / "state").mkdir()
    install_stand_ins(folder / "home", Path(sys.executable))
    for launcher in (folder / "home" / "plugins").glob("*/pulumi-resource-azure*"):
        name = launcher.name.removeprefix("pulumi-resource-")
        started = f"{shlex.quote(sys.executable)} {shlex.quote(str(HERE / 'provider.py'))} {name}"
        launcher.write_text(f'#!/bin/sh\nexec env PYTHONPATH={shlex.quote(str(ROOT))} {started} "$@"\n')
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "ARM_", "AZURE_"))}
    environment = own | {
        "PATH": os.pathsep.join((str(engine), os.environ["PATH"])),
        "AIRFLOW_ENTRA_PYTHON": sys.executable,
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "only for this test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DEBUG_COMMANDS": "true",  # for --event-log
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AZUREAD_VERSION": version("pulumi-azuread"),
        "AZURE_NATIVE_VERSION": version("pulumi-azure-native"),
        "ARM_TENANT_ID": "7a0c5d0e-5d3c-4f0a-9d8e-0f3a6f1b2c3d",
        "ARM_CLIENT_ID": "0d1f7a52-8a4e-4a3e-9a51-1b7a2d3c4e5f",
        "ARM_CLIENT_SECRET": "never sent anywhere",
        "ARM_USE_CLI": "false",
        "HTTPS_PROXY": "http://localhost:1",  # whatever reaches for the network fails at once
        "NO_PROXY": "localhost,127.0.0.1",
    }

    def pulumi(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [str(engine / "pulumi"), *arguments, "--non-interactive"]
        return subprocess.run(
            command, cwd=folder, env=environment | more, capture_output=True, text=True, timeout=120, check=False
        )

    made = pulumi("stack", "init", "test")
    assert made.returncode == 0, made.stderr

    def run(example: Path, *arguments: str) -> Previewed:
        events = folder / f"{example.stem}.events"
        events.unlink(missing_ok=True)
        arguments = ("--policy-pack", str(ROOT / "policies"), "--event-log", str(events), *arguments)
        done = pulumi("preview", *arguments, POLICY_EXAMPLE=str(example))
        assert events.exists(), done.stderr
        violations: dict[str, list[str]] = {}
        levels, remediated = {}, {}
        for event in map(json.loads, events.read_text().splitlines()):
            if found := event.get("policyEvent"):
                violations.setdefault(found["policyName"], []).append(found["message"])
                levels[found["policyName"]] = found["enforcementLevel"]
            if repaired := event.get("policyRemediationEvent"):
                remediated[repaired["policyName"]] = repaired["after"]
        return Previewed(done.returncode, done.stdout + done.stderr, violations, levels, remediated)

    return run


def merged(rules: Sequence[Rule], file: Path) -> Path:
    """The documented violations in one program, each with names of its own."""
    document: dict[str, Any] = {"resources": {}}
    for rule in rules:
        example = yaml.safe_load(rule.violation.replace("${", f"${{{rule.name}-"))
        document["resources"] |= {f"{rule.name}-{name}": each for name, each in example["resources"].items()}
        document.setdefault("outputs", {}).update(example.get("outputs", {}))
    file.write_text(yaml.safe_dump(document))
    return file


@pytest.fixture(scope="module")
def violated(preview: Preview, tmp_path_factory: pytest.TempPathFactory) -> Previewed:
    folder = tmp_path_factory.mktemp("violations")
    return preview(merged([rule for rule in RULES if rule is not SIGN_IN_BOUNDED], folder / "violations.yaml"))


@pytest.fixture(scope="module")
def unbounded(preview: Preview, tmp_path_factory: pytest.TempPathFactory) -> Previewed:
    """By itself: another example's Conditional Access policy would bound the sign-in."""
    return preview(merged([SIGN_IN_BOUNDED], tmp_path_factory.mktemp("unbounded") / "unbounded.yaml"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_engine_reports_the_documented_violation(rule: Rule, violated: Previewed, unbounded: Previewed) -> None:
    violated = unbounded if rule is SIGN_IN_BOUNDED else violated
    assert violated.levels[rule.name] == rule.level, violated.said
    assert any(f"{rule.name}: " in message for message in violated.violations[rule.name])


def test_a_mandatory_violation_blocks(violated: Previewed) -> None:
    assert violated.code != 0
    assert "single-tenant" in violated.said
    assert "Set signInAudience to AzureADMyOrg" in violated.said


def test_a_program_that_satisfies_all_passes(preview: Preview) -> None:
    passed = preview(HERE / "data" / "satisfies_all.yaml")
    assert passed.violations == {}, passed.said
    assert passed.code == 0, passed.said


def test_levels_and_settings_are_configurable(preview: Preview, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"secrets-expire": {"maxDays": 90, "enforcementLevel": "advisory"}}))
    passed = preview(HERE / "data" / "satisfies_all.yaml", "--policy-pack-config", str(config))
    assert passed.code == 0, passed.said
    assert passed.levels == {"secrets-expire": "advisory"}, passed.said
    assert "endDate allows 180 days. Set endDate to at most 90 days" in passed.violations["secrets-expire"][0]


def test_what_can_be_repaired_is_repaired_where_asked_for(preview: Preview, tmp_path: Path) -> None:
    repairable = [rule for rule in RULES if rule.repair]
    config = tmp_path / "config.json"
    config.write_text(json.dumps({rule.name: {"enforcementLevel": "remediate"} for rule in repairable}))
    passed = preview(merged(repairable, tmp_path / "repairable.yaml"), "--policy-pack-config", str(config))
    assert set(passed.remediated) == {rule.name for rule in repairable}, passed.said
    assert not {rule.name for rule in repairable} & set(passed.violations), passed.said
    assert passed.remediated["no-public-client"]["fallbackPublicClientEnabled"] is False
    assert passed.remediated["no-public-client"]["displayName"] == "Airflow"
