"""What counts as a rotation in a preview, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_entra.rotation.slots import Held, Slot
from airflow_entra.rotation.steps import others, refusal

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IN_USE = Slot("slot-a", "urn::slot-a", "key-a", NOW, NOW + timedelta(days=97))
OLDER = Slot("slot-b", "urn::slot-b", "key-b", NOW, NOW + timedelta(days=96))
HELD = Held(IN_USE, OLDER, "urn::client-secret", "/applications/1", finished=True)
MASKED = "[secret]"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi writes in a preview for what isn't known yet."""


def step(op: str, name: str, old: Any = None, new: Any = None) -> dict[str, Any]:
    return {"op": op, "urn": f"urn::{name}", "oldState": {"inputs": old or {}}, "newState": {"inputs": new or {}}}


def password(end: str, **more: Any) -> dict[str, Any]:
    return {"__defaults": [], "applicationId": "/applications/1", "displayName": "slot-b", "endDate": end, **more}


def vault(expires: Any, value: str = MASKED, **more: Any) -> dict[str, Any]:
    return {"vaultName": "kv", "properties": {"value": value, "attributes": {"expires": expires, **more}}}


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [step("same", "application"), step("read", "graph")],
        [step("replace", "slot-b", password("2026"), password("2027"))],
        [
            step("create-replacement", "slot-b", password("2026"), password("2027")),
            step("replace", "slot-b", password("2026"), password("2027")),
            step("update", "client-secret", vault(1), vault(UNKNOWN, UNKNOWN)),
            step("delete-replaced", "slot-b", password("2026")),
        ],
        [step("delete-replaced", "slot-a", password("2026"))],
    ],
    ids=["nothing", "what stays", "the slot", "the slot and the vault", "what an earlier run left"],
)
def test_a_rotation(steps: list[dict[str, Any]]) -> None:
    assert others(steps, HELD, [OLDER]) == []


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([step("update", "application")], ["update application"]),
        (
            [step("delete", "group/admins"), step("create", "group/chiefs")],
            ["delete group/admins", "create group/chiefs"],
        ),
        ([step("replace", "slot-a", password("2026"), password("2027"))], ["replace slot-a"]),
        ([step("replace", "slot-b", password("1"), password("2", displayName="x"))], ["replace slot-b"]),
        ([step("create", "slot-b", None, password("2027"))], ["create slot-b"]),
        ([step("update", "client-secret", vault(1), vault(2, enabled=False))], ["update client-secret"]),
        ([step("replace", "client-secret", vault(1), vault(2))], ["replace client-secret"]),
        ([step("delete", "client-secret", vault(1))], ["delete client-secret"]),
    ],
)
def test_anything_else_is_named(steps: list[dict[str, Any]], said: list[str]) -> None:
    assert others([*steps, step("replace", "slot-b", password("1"), password("2"))], HELD, [OLDER]) == said


def test_a_refusal_has_four_parts_and_stays_short() -> None:
    finding = refusal("prod", [f"update group/{number}" for number in range(40)])
    assert finding.what.endswith("and 35 more")
    assert all((finding.where, finding.right, finding.fix))
