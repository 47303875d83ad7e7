"""What a policy refuses it refuses in every spelling: each mutant goes through the engine and is judged alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.examples import REFERENCE
from policies.registry import RULES
from tests.policies import mutants
from tests.policies.judging import Judged, Stack
from tests.policies.mutants import Mutant

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
REFUSED = {rule.name for rule in RULES if rule.level == "mandatory"}
"""An advisory policy refuses nothing."""
CASES = HERE / "data" / "bypasses"
LEAST = 200


def every() -> list[Mutant]:
    """The mutants of each policy's documented violation, and programs that once passed."""
    made = [mutant for rule in RULES if rule.name in REFUSED for mutant in mutants.of(rule)]
    return made + [bypass(file) for file in sorted(CASES.glob("*.yaml"))]


def bypass(file: Path) -> Mutant:
    """A program as it was; the policies that have to refuse it stand in its first line."""
    first, _, text = file.read_text().partition("\n")
    return Mutant(file.stem, yaml.safe_load(text), tuple(first.removeprefix("# refused by: ").split(", ")))


MUTANTS = {f"m{number}": mutant for number, mutant in enumerate(every())}
COMPLIANT = {f"c{number}": rule for number, rule in enumerate(RULES)}
KNOWN_LATER = {name for name, mutant in MUTANTS.items() if mutants.LATER in str(mutant.document)}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(tmp_path_factory.mktemp("mutants"), HERE / "alone", as_declared=True)


@pytest.fixture(scope="module")
def previewed(stack: Stack) -> Judged:
    programs = {name: mutant.document for name, mutant in MUTANTS.items()}
    compliant = {name: yaml.safe_load(rule.compliance) for name, rule in COMPLIANT.items()}
    return stack.judge(merged(programs | compliant), "preview")


@pytest.fixture(scope="module")
def updated(stack: Stack) -> Judged:
    """Those that a preview can't judge, with every level advisory: the engine would stop at the first."""
    levels = dict.fromkeys((rule.name for rule in RULES), "advisory")
    programs = {name: MUTANTS[name].document for name in sorted(KNOWN_LATER)}
    return stack.judge(merged(programs), "up", levels)


def merged(programs: Mapping[str, Any]) -> dict[str, Any]:
    """One program; each resource has its program's name before its own, each output its program's."""
    whole: dict[str, Any] = {"resources": {}, "outputs": {}}
    for program, document in programs.items():
        for name, resource in document["resources"].items():
            whole["resources"][f"{program}--{name}"] = _referring(resource, program)
        if outputs := document.get("outputs"):
            whole["outputs"][program] = _referring(outputs, program)
    return whole


def _referring(value: Any, program: str) -> Any:
    if isinstance(value, str):
        return REFERENCE.sub(rf"${{{program}--\1.\2}}", value)
    if isinstance(value, dict):
        return {key: _referring(item, program) for key, item in value.items()}
    return [_referring(item, program) for item in value] if isinstance(value, list) else value


def passes(name: str, mutant: Mutant, judged: Judged) -> bool:
    return not any(policy in mutant.by for policy in judged.of(name))


def test_there_are_enough() -> None:
    assert len(MUTANTS) >= LEAST
    assert {mutant.by[0] for mutant in MUTANTS.values()} >= REFUSED
    assert len(KNOWN_LATER) > 30


def test_every_mutant_is_refused(previewed: Judged) -> None:
    shown = {name: mutant for name, mutant in MUTANTS.items() if name not in KNOWN_LATER}
    assert [mutant.name for name, mutant in shown.items() if passes(name, mutant, previewed)] == []
    assert previewed.code != 0


def test_what_only_the_update_knows_is_refused_there(updated: Judged) -> None:
    later = {name: MUTANTS[name] for name in KNOWN_LATER}
    assert [mutant.name for name, mutant in later.items() if passes(name, mutant, updated)] == []


def test_a_finding_names_a_resource_of_the_program(previewed: Judged) -> None:
    assert all(urn.rpartition("::")[2].startswith((f"{name}--", "somebody-elses")) for name, urn in previewed.blamed)


def test_what_a_policy_asks_for_passes_it(previewed: Judged) -> None:
    assert [rule.name for name, rule in COMPLIANT.items() if rule.name in previewed.of(name)] == []
