from __future__ import annotations

import re
from pathlib import Path

from airflow_entra.pulumi.pending import PendingCreate
from airflow_entra.pulumi.urn import in_the_same_stack, resource_name, resource_type

PRODUCT = Path(__file__).parents[2] / "airflow_entra"
URN = "urn:pulumi:prod::airflow-entra::a:index:Parent$azuread:index/group:Group::x::airflow-local-viewers"


def test_a_name_may_hold_what_parts_a_urn() -> None:
    assert resource_name(URN) == PendingCreate(URN, "", {}).name == "x::airflow-local-viewers"
    assert resource_type(URN) == "azuread:index/group:Group"
    assert resource_type("no urn::x") == ""
    assert in_the_same_stack(URN, "a:b:C", "d") == "urn:pulumi:prod::airflow-entra::a:b:C::d"


def test_no_other_module_takes_a_urn_to_pieces() -> None:
    splits = re.compile(r"""(split|partition|index|find)\(["']::["']""")
    found = [file.name for file in PRODUCT.rglob("*.py") if splits.search(file.read_text("utf-8"))]
    assert found == ["urn.py"]
