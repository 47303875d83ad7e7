"""Rotations by the real engine on the local tenant."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from contextlib import suppress
from datetime import datetime, timedelta

import psutil
import pytest

from tests.deploy.deployment import processes_of
from tests.rotation.rotating import Rotating
from tests.trouble import in_trouble

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

DUE = timedelta(days=90)
"""`rotateEvery` of the stack."""
KILLS = int(os.environ.get("KILLS", "1"))
PATIENCE = 240.0
LONG = 8.0
"""Seconds in which both rotations are well under way on a quiet machine: the moment to kill them is drawn from them."""


def test_before_it_is_due_nothing_happens_and_the_day_is_said(rotating: Rotating) -> None:
    before, state = rotating.key_ids(), rotating.stack_state()
    said = json.loads(rotating.run("--format", "json"))
    assert (said["outcome"], said["inVault"], said["findings"]) == ("not due", True, [])
    assert {one["slot"]: one["keyId"] for one in said["slots"]} == before
    made = next(one["made"] for one in said["slots"] if one["current"])
    assert said["due"][:10] == f"{_day(made) + DUE:%Y-%m-%d}"
    assert rotating.rotate(DUE - timedelta(hours=1)).outcome == "not due"
    assert (rotating.key_ids(), rotating.stack_state()) == (before, state)


def test_when_it_is_due_the_older_slot_is_replaced_and_the_vault_follows(rotating: Rotating) -> None:
    before, in_use = rotating.key_ids(), rotating.vault_secret()
    assert rotating.rotate(DUE, dry_run=True).to_replace == ("slot-b",)
    assert rotating.key_ids() == before

    done = rotating.rotate(DUE)
    assert (done.outcome, done.findings) == ("rotated", ())
    after = rotating.key_ids()
    assert done.replaced == (("slot-b", before["slot-b"], after["slot-b"]),)
    assert after["slot-a"] == before["slot-a"]
    assert rotating.vault_secret() != in_use
    assert rotating.is_taken(in_use), "the secret of before goes on to work"
    assert rotating.is_taken(rotating.vault_secret())
    assert rotating.rotate().outcome == "not due"


def test_the_watchers_secret_is_replaced_in_the_same_run(rotating: Rotating) -> None:
    before = rotating.vault_secret("watcher")

    said = json.loads(rotating.run("--now", "--format", "json"))
    assert (said["outcome"], said["watcher"]["outcome"]) == ("rotated", "rotated")
    assert {one["slot"] for one in said["watcher"]["replaced"]} == {"watcher-slot-a", "watcher-slot-b"}
    after = rotating.vault_secret("watcher")
    assert after != before
    assert after != rotating.vault_secret()
    assert rotating.is_taken(after, "watcher")
    assert not rotating.is_taken(before, "watcher")
    assert rotating.is_taken(rotating.vault_secret())
    assert "nothing is due" in rotating.run()


def test_other_changes_that_wait_are_not_brought_along(rotating: Rotating) -> None:
    before = rotating.key_ids()
    sign_in = rotating.deployment.read("local", "signIn")
    rotating.deployment.edit("local", "signIn", tokenLifetime="4h")
    try:
        refused = rotating.rotate(DUE)
        assert rotating.rotate().outcome == "not due", "which is all there is to say until then"
    finally:
        rotating.deployment.write("local", "signIn", sign_in)
    assert refused.outcome == "refused"
    (finding,) = refused.findings
    assert "update token-lifetime-policy" in finding.what
    assert all((finding.where, finding.right, finding.fix))
    assert rotating.key_ids() == before


def test_a_program_that_fails_is_told_and_takes_nothing_away(rotating: Rotating) -> None:
    before = rotating.key_ids()
    roles = rotating.deployment.read("local", "roles")
    stranger = {"groups": [{"id": "5f1e0b42-0000-4c96-b1f8-2a9e6d4c8f03", "name": "nobody-has-it"}]}
    rotating.deployment.write("local", "roles", roles | {"Viewer": stranger})
    try:
        refused = rotating.rotate(DUE)
    finally:
        rotating.deployment.write("local", "roles", roles)
    assert refused.outcome == "refused"
    assert "has no group 5f1e0b42-0000-4c96-b1f8-2a9e6d4c8f03" in refused.findings[0].what
    assert rotating.key_ids() == before


def test_in_a_tenant_in_trouble_both_are_replaced_once_and_nothing_is_left_over(rotating: Rotating) -> None:
    before = rotating.key_ids()
    with in_trouble(rotating.deployment.world):
        done = rotating.rotate(at_once=True)
    assert done.findings == ()
    assert done.outcome == "rotated"
    after = rotating.key_ids()
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())
    assert set(after.values()) == rotating.key_ids_in_state()
    assert rotating.is_taken(rotating.vault_secret())
    assert rotating.rotate().outcome == "not due"


def test_a_second_run_is_refused_and_when_the_first_is_killed_the_next_finishes(rotating: Rotating) -> None:
    before, in_use = rotating.key_ids(), rotating.vault_secret()
    first = rotating.start("--now")
    _until_there_is_a_new_secret(rotating, before, first)
    second = json.loads(rotating.run("--now", "--format", "json", code=1))
    assert "another rotation of this stack is running" in second["findings"][0]["what"]

    _kill(first, engine_alone=False)
    _all_end(rotating, first)
    assert len(rotating.all_key_ids()) == 3, "the new one, and both of before"
    assert rotating.vault_secret() == in_use
    assert rotating.is_taken(in_use)

    said = json.loads(rotating.run("--format", "json"))
    assert said["outcome"] == "finished"
    after = rotating.key_ids()
    (new,) = set(after.values()) - set(before.values())
    assert [one["keyId"] for one in said["slots"] if one["current"]] == [new]
    assert rotating.vault_secret() != in_use
    assert rotating.is_taken(rotating.vault_secret())
    assert rotating.rotate().outcome == "not due"
    for secret in (in_use, rotating.vault_secret(), rotating.session.environment["ARM_CLIENT_SECRET"]):
        assert not any(secret in text for text in rotating.deployment.said)


def test_killed_at_random_moments_the_next_run_goes_on(rotating: Rotating) -> None:
    """The engine, or all of it. After each kill what the vault has is taken; at the end nothing is left over."""
    moments = random.SystemRandom()
    for number in range(KILLS):
        command = rotating.start("--now")
        with suppress(subprocess.TimeoutExpired):
            command.wait(moments.uniform(0.5, LONG))
        _kill(command, engine_alone=number % 2 == 0)
        _all_end(rotating, command)
        assert rotating.is_taken(rotating.vault_secret())
    assert json.loads(rotating.run("--format", "json"))["outcome"] in ("finished", "not due")
    assert set(rotating.key_ids()) == {"slot-a", "slot-b"}
    assert rotating.is_taken(rotating.vault_secret())
    assert rotating.deployment.preview() == []
    assert rotating.rotate().outcome == "not due"


def _day(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _until_there_is_a_new_secret(rotating: Rotating, before: dict[str, str], command: subprocess.Popen[str]) -> None:
    """Entra has it and the state knows it; Pulumi waits until Entra takes it."""
    deadline = time.monotonic() + PATIENCE
    while not rotating.key_ids_in_state() - set(before.values()):
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _kill(command: subprocess.Popen[str], *, engine_alone: bool) -> None:
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(command.pid).children()
        if not engine_alone:
            command.kill()
        for child in children:
            child.kill()


def _all_end(rotating: Rotating, command: subprocess.Popen[str]) -> None:
    """Providers and program follow the engine; only the tenant stays."""
    rotating.deployment.said += command.communicate(timeout=PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while not all("entra_local" in line for line in processes_of(rotating.deployment.world)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
