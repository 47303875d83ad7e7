"""A hint that names a deployment or a preview names the policy pack with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_entra import next_step

PRODUCT = Path(__file__).parents[1] / "airflow_entra"
_A_COMMAND = re.compile(r"pulumi (?:up|preview)(?: --[\w-]+)* --(?:stack|refresh|diff)\b[^\n`]*")


def test_the_commands() -> None:
    assert next_step.up("prod", "--refresh") == "pulumi up --refresh --stack prod --policy-pack policies"
    assert next_step.preview() == "pulumi preview --policy-pack policies"


@pytest.mark.parametrize("file", sorted(PRODUCT.rglob("*.py")), ids=lambda file: str(file.relative_to(PRODUCT)))
def test_no_module_spells_one_out_without_it(file: Path) -> None:
    text = file.read_text("utf-8")
    bare = [found[0] for found in _A_COMMAND.finditer(text) if "--policy-pack" not in found[0]]
    assert bare == []
