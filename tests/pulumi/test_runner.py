"""How Pulumi is run and what is made of its failures: by a stand-in on PATH that says what it is told to."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest

from airflow_entra.pulumi.runner import Pulumi, each
from airflow_entra.pulumi.trouble import LockedError, NoPulumiError, NoSuchStackError, PulumiError
from airflow_entra.variables import PROVE

DEPLOYER = "deployers-own-secret-value"


class StandIn:
    """`pulumi` as a shell script; what it was called with is in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        environment = {"PATH": f"{folder}:{os.defpath}", "ARM_CLIENT_SECRET": DEPLOYER}
        self.pulumi = Pulumi(folder, environment, "prod")

    def says(self, said: str = "", complained: str = "", code: int = 0) -> None:
        (self._folder / "said").write_text(said)
        (self._folder / "complained").write_text(complained)
        script = self._folder / "pulumi"
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > called\necho "${PROVE}" > proofs\n'
            f"cat said\ncat complained >&2\nexit {code}\n"
        )
        script.chmod(0o755)

    def called(self) -> list[str]:
        return (self._folder / "called").read_text().split("\n")[:-1]

    def proofs(self) -> str:
        return (self._folder / "proofs").read_text().strip()


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path)


def test_an_update_touches_its_targets_alone_and_says_how_often_the_secret_is_proven(stand_in: StandIn) -> None:
    stand_in.says()
    stand_in.pulumi.up(
        *each("--replace", ["urn:b"]), *each("--target", ["urn:a", "urn:b", "urn:v"]), environment={PROVE: "3"}
    )
    called = stand_in.called()
    pairs = list(pairwise(called))
    assert [value for name, value in pairs if name == "--replace"] == ["urn:b"]
    assert [value for name, value in pairs if name == "--target"] == ["urn:a", "urn:b", "urn:v"]
    assert ("--stack", "prod") in pairs
    assert stand_in.proofs() == "3"


def test_a_preview_asks_for_nothing_to_be_proven(stand_in: StandIn) -> None:
    stand_in.says(json.dumps({"steps": [{"op": "same", "urn": "urn:a"}]}))
    assert stand_in.pulumi.preview(*each("--replace", ["urn:b"])) == [{"op": "same", "urn": "urn:a"}]
    assert stand_in.proofs() == ""
    stand_in.says("{}")
    assert stand_in.pulumi.preview() == []


def test_the_state_is_read_without_its_secrets(stand_in: StandIn) -> None:
    stand_in.says('{"deployment": {}}')
    assert stand_in.pulumi.export() == {"deployment": {}}
    assert "--show-secrets" not in stand_in.called()


UP = """\
@ updating....
 ~  azure-native:keyvault:Secret client-secret updating (0s) [diff: ~properties]; error: 1 error occurred:
 ~  azure-native:keyvault:Secret client-secret **updating failed** [diff: ~properties]; error: 1 error occurred:
Diagnostics:
  azure-native:keyvault:Secret (client-secret):
    error: 1 error occurred:
    \t* PUT /subscriptions/1/secrets/s: management.azure.com can't be reached: Server disconnected

  pulumi:pulumi:Stack (airflow-entra-local):
    error: update failed

Resources:
    +-1 replaced
"""
"""What `pulumi up` prints when a resource can't be updated."""


@pytest.mark.parametrize(
    ("said", "complained", "reason"),
    [
        (
            json.dumps(
                {"diagnostics": [{"severity": "info", "message": "x"}, {"severity": "error", "message": "y\n"}]}
            ),
            "",
            "y",
        ),
        ("one\n\ntwo\n", "", "one; two"),
        ("one\n", 'error: two \x1b[31m\n  File "x", line 3\nValueError: three\nerror: two', "error: two"),
        ("", "", "exit code 7"),
        (UP, "", "PUT /subscriptions/1/secrets/s: management.azure.com can't be reached: Server disconnected"),
        ('["no object"]', "", '["no object"]'),
        (f"proxy said {DEPLOYER}", "", "proxy said [secret]"),
    ],
)
def test_the_reason_of_a_failure_is_one_line(stand_in: StandIn, said: str, complained: str, reason: str) -> None:
    stand_in.says(said, complained, code=7)
    with pytest.raises(PulumiError) as failed:
        stand_in.pulumi.preview()
    assert str(failed.value).startswith(reason)
    assert "\n" not in str(failed.value)
    assert "\x1b" not in str(failed.value)
    assert not isinstance(failed.value, LockedError)


@pytest.mark.parametrize(
    ("said", "passing"),
    [
        (UP, True),
        ("error: Code=TooManyRequests", True),
        ("error: unexpected status 429 (429 Too Many Requests)", True),
        ("Exception: invoke failed: httpx.ReadError", True),
        ("error: unexpected status 403 (403 Forbidden): Authorization_RequestDenied", False),
        ("error: stacks/Pulumi.prod.yaml:36:18: credential.rotateEvery: 0d is out of range", False),
        ("error: resource application cannot be deleted because it is protected", False),
    ],
)
def test_whether_another_try_may_go_better_is_known(stand_in: StandIn, said: str, passing: bool) -> None:
    stand_in.says(said, code=1)
    with pytest.raises(PulumiError) as failed:
        stand_in.pulumi.up()
    assert failed.value.passing is passing


def test_a_lock_is_told_apart(stand_in: StandIn) -> None:
    stand_in.says(complained="error: the stack is currently locked by 1 lock(s). Either wait", code=1)
    with pytest.raises(LockedError, match="currently locked"):
        stand_in.pulumi.up()


def test_a_killed_engine_is_said_to_be(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.says()
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho @ updating ...\nkill -9 $$\n")
    with pytest.raises(PulumiError, match=r"^it was killed \(signal 9\)$"):
        stand_in.pulumi.export()


def test_without_pulumi_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NoPulumiError, match=r"no pulumi on PATH.*airflow-entra local run"):
        Pulumi(tmp_path, {"PATH": str(tmp_path)}, "prod").export()


def test_an_answer_that_is_no_object_is_refused(stand_in: StandIn) -> None:
    stand_in.says("[]")
    with pytest.raises(PulumiError):
        stand_in.pulumi.export()


@pytest.mark.parametrize(
    "complained",
    ["error: no stack named 'prod' found\n", "warning: old\nerror: no stack named 'organization/airflow/prod' found\n"],
)
def test_a_cli_without_a_code_for_it_says_that_there_is_no_such_stack(stand_in: StandIn, complained: str) -> None:
    stand_in.says(complained=complained, code=255)
    with pytest.raises(NoSuchStackError):
        stand_in.pulumi.outputs()


@pytest.mark.parametrize(
    "complained",
    [
        "error: group \"no stack named 'prod' found\" is odd\n",
        "error: no stack named 'other' found\n",
        "error: it failed\nerror: no stack named 'prod' found\n",
        "no stack named 'prod' found\n",
    ],
)
def test_a_text_within_another_error_says_nothing_about_the_stack(stand_in: StandIn, complained: str) -> None:
    stand_in.says(complained=complained, code=255)
    with pytest.raises(PulumiError) as raised:
        stand_in.pulumi.outputs()
    assert not isinstance(raised.value, NoSuchStackError)


@pytest.mark.parametrize("depth", [600, 100_000])
def test_outputs_that_nest_too_deeply_are_told(stand_in: StandIn, depth: int) -> None:
    stand_in.says('{"a":' * depth + "1" + "}" * depth)
    with pytest.raises(PulumiError, match=r"nest too deeply|did not answer with a JSON object"):
        stand_in.pulumi.outputs()
