"""One run, with an engine that fails where the real one seldom does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_entra.access import DeclaredStack
from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.pulumi.resource_types import PASSWORD
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import PAUSES, LockedError, PulumiError
from airflow_entra.rotation.rotate import Rotate, Rotation
from airflow_entra.rotation.unknown import UnreadableError
from airflow_entra.settings import load
from tests.rotation.test_slots import START, Model, credential, password

GOOD = Path(__file__).parents[1] / "settings" / "data" / "good"
STACKS = Path(__file__).parents[2] / "stacks"
LOCKED = LockedError("the stack is currently locked by 1 lock(s)")


class Fake(Pulumi):
    """Rotates a model; `troubles` are raised by the call of that name, one after the other, before it does anything."""

    def __init__(self, **troubles: Sequence[PulumiError | None]) -> None:
        super().__init__(Path(), {}, "prod")
        self.model = Model()
        self.model.deploy(START, credential(90, 7))
        self.now = START
        self.recovered = 0
        self.updates: list[list[str]] = []
        self.steps: list[dict[str, Any]] = []
        self.before_update: Callable[[], object] = lambda: None
        self.pending: list[Any] = []
        self.left: list[dict[str, Any]] = []
        self.after_update: Callable[[], object] = lambda: None
        self._troubles = {name: list(some) for name, some in troubles.items()}

    def export(self) -> dict[str, Any]:
        self._trouble("export")
        found = self.model.export()
        found["deployment"]["resources"] += self.left
        found["deployment"]["pending_operations"] = self.pending
        return found

    def preview(self, *options: str) -> list[dict[str, Any]]:
        self._trouble("preview")
        self.before_update()
        return self.steps

    def up(self, *options: str, **_: object) -> None:
        replace = [urn for option, urn in pairwise(options) if option == "--replace"]
        self.updates.append(replace)
        self._trouble("update")
        self.now += timedelta(seconds=5)
        for urn in replace:
            self.model.make(urn.rpartition("::")[2], self.now, self.now + timedelta(days=97))
        self.model.publish()
        self.after_update()

    def put(self, state: Mapping[str, Any]) -> None:
        raise AssertionError("nothing is to be put back")

    def recover(self) -> None:
        self._trouble("recover")
        self.recovered += 1
        self.pending = []

    def _trouble(self, call: str) -> None:
        troubles = self._troubles.get(call)
        trouble = troubles.pop(0) if troubles else None
        if trouble:
            raise trouble


class FakeEntra:
    """Has what the model has, and `more`; nothing at all where `silent`."""

    def __init__(self, engine: Fake) -> None:
        self._model = engine.model
        self.more: dict[str, datetime] = {}
        self.gone: set[str] = set()
        self.silent = False
        self.others: list[ApplicationCredential] = []
        self.refusal = ""
        self.lagging = 0
        self.seen: set[str] = set()

    def secrets(self, application: str) -> dict[str, datetime] | None:
        assert application == "/applications/1"
        there = {key: made for key, made, _ in self._model.slots.values()} | self.more
        return None if self.silent else {key: made for key, made in there.items() if key not in self.gone}

    def remove(self, application: str, key_id: str) -> bool:
        del self.more[key_id]
        return True

    def credentials(self, application: str) -> tuple[ApplicationCredential, ...]:
        found = self.secrets(application)
        if found is None:
            raise UnreadableError("Authorization_RequestDenied: Insufficient privileges")
        self.lagging -= 1
        late = self.seen if self.lagging >= 0 else set()
        keys = dict.fromkeys([*found, *sorted(late)])
        return (*(secret_of(key) for key in keys), *self.others)

    def take_away(self, credential: ApplicationCredential) -> str:
        if not self.refusal:
            self.others.remove(credential)
        return self.refusal


def secret_of(key: str, name: str = "slot-a") -> ApplicationCredential:
    return ApplicationCredential("secret", name, key, START, "/applications/1", "Airflow (prod)", "abc")


def run(
    engine: Fake,
    folder: Path,
    *,
    at_once: bool = True,
    dry_run: bool = False,
    remove_unknown: bool = False,
    said: list[str] | None = None,
    agreed: bool = True,
    entra: FakeEntra | None = None,
    sleep: Callable[[float], None] = lambda _: None,
) -> Rotation:
    file = folder / "Pulumi.prod.yaml"
    if not file.exists():
        file.write_text((STACKS / "Pulumi.local.yaml").read_text())
    said = [] if said is None else said
    entra = entra or FakeEntra(engine)
    rotate = Rotate(
        *(DeclaredStack("prod", load(file)), file, engine, engine.recover, entra, START, said.append),
        sleep=sleep,
        agreed=lambda _: agreed,
    )
    return rotate.run(at_once=at_once, dry_run=dry_run, remove_unknown=remove_unknown)


def test_after_a_leak_both_are_replaced_the_older_first(tmp_path: Path) -> None:
    engine = Fake()
    done = run(engine, tmp_path)
    assert done.outcome == "rotated"
    assert [slot for slot, _, _ in done.replaced] == ["slot-b", "slot-a"]
    assert {now for _, _, now in done.replaced} == engine.model.keys


@pytest.mark.parametrize("call", ["preview", "update"])
def test_a_stale_lock_is_settled_and_the_run_begins_again(tmp_path: Path, call: str) -> None:
    engine = Fake(**{call: [LOCKED]})
    assert run(engine, tmp_path).outcome == "rotated"
    assert engine.recovered == 1


def test_a_lock_that_lives_is_told_as_a_finding(tmp_path: Path) -> None:
    recover = LockedError("stack prod is locked by process 7 on host since 2026-03-01 12:00")
    done = run(Fake(update=[LOCKED], recover=[recover]), tmp_path)
    assert done.outcome == "refused"
    assert "process 7" in done.findings[0].what
    done = run(Fake(update=[LOCKED, LOCKED]), tmp_path)
    assert "currently locked" in done.findings[0].what


def test_what_keeps_it_from_being_settled_is_not_blamed_on_another_run(tmp_path: Path) -> None:
    engine = Fake(recover=[PulumiError("login.microsoftonline.com did not answer")])
    engine.pending = [{"type": "updating", "resource": {"urn": "urn::x", "type": "x"}}]
    with pytest.raises(PulumiError, match="did not answer"):
        run(engine, tmp_path)


def test_what_an_interrupted_run_left_is_settled_first(tmp_path: Path) -> None:
    engine = Fake()
    engine.pending = [{"type": "updating", "resource": {"urn": "urn::x", "type": "x"}}]
    assert run(engine, tmp_path, at_once=False).outcome == "not due"
    assert engine.recovered == 1


def test_a_state_that_was_being_written_is_mended_and_nothing_else_is(tmp_path: Path) -> None:
    engine = Fake(export=[PulumiError("error: failed to load checkpoint: EOF")])
    assert run(engine, tmp_path).outcome == "rotated"
    assert engine.recovered == 1
    with pytest.raises(PulumiError, match="no stack named"):
        run(Fake(export=[PulumiError("error: no stack named 'prod' found")]), tmp_path)


def test_where_the_second_half_fails_the_first_is_told(tmp_path: Path) -> None:
    done = run(Fake(update=[None, PulumiError("Graph: 403 Forbidden")]), tmp_path)
    assert done.outcome == "refused"
    assert [slot for slot, _, _ in done.replaced] == ["slot-b"]
    assert "Graph: 403 Forbidden" in done.findings[0].what


def test_what_passes_is_tried_again_and_what_was_replaced_is_not_replaced_once_more(
    tmp_path: Path,
) -> None:
    pauses: list[float] = []
    busy, behind = PulumiError("Graph: 503 ServiceUnavailable"), PulumiError("the vault: 504")
    engine = Fake(preview=[busy], update=[busy])
    published = engine.model.publish

    def not_at_first() -> None:
        engine.model.publish = published  # type: ignore[method-assign]
        raise behind

    engine.model.publish = not_at_first  # type: ignore[method-assign]
    done = run(engine, tmp_path, sleep=pauses.append)
    assert done.outcome == "rotated"
    assert engine.updates == [["urn:pulumi:prod::x::" + PASSWORD + "::slot-b"]] * 2 + [
        [],
        ["urn:pulumi:prod::x::" + PASSWORD + "::slot-a"],
    ]
    assert pauses == [2.0, 2.0, 4.0]


def test_what_does_not_pass_is_given_up(tmp_path: Path) -> None:
    engine = Fake(update=[PulumiError("Graph: 503")] * 9)
    done = run(engine, tmp_path)
    assert done.outcome == "refused"
    assert len(engine.updates) == 1 + len(PAUSES)
    assert len(engine.model.keys) == 2


def test_a_secret_whose_value_was_lost_on_the_way_is_removed_and_no_other_is(tmp_path: Path) -> None:
    engine = Fake()
    entra = FakeEntra(engine)
    entra.more = {"of-last-week": START - timedelta(days=7), "of-another-run": START - timedelta(minutes=1)}
    made = engine.model.make

    def lost_at_first(slot: str, now: datetime, end: datetime) -> None:
        engine.model.make = made  # type: ignore[method-assign]
        entra.more["lost"] = now
        raise PulumiError("POST addPassword: graph.microsoft.com can't be reached")

    engine.model.make = lost_at_first  # type: ignore[method-assign]
    assert run(engine, tmp_path, entra=entra).outcome == "rotated"
    assert set(entra.more) == {"of-another-run"}


def test_a_removed_secret_that_pulumi_would_remove_again_leaves_the_state(tmp_path: Path) -> None:
    engine = Fake()
    engine.left = [password("slot-b", key, START, START, delete=True) for key in ("gone", "x")]
    entra = FakeEntra(engine)
    entra.more = {"x": START}
    engine.put = lambda state: engine.left.pop(0)  # type: ignore[method-assign, assignment]
    engine.after_update = engine.left.clear
    assert run(engine, tmp_path, at_once=False, entra=entra).outcome == "finished"


def test_an_entra_that_says_nothing_does_not_stop_a_rotation(tmp_path: Path) -> None:
    engine = Fake()
    entra = FakeEntra(engine)
    entra.silent = True
    assert run(engine, tmp_path, entra=entra).outcome == "rotated"


STRANGER = secret_of("stranger", "backdoor")


def test_after_a_leak_all_credentials_are_the_stacks_own(tmp_path: Path) -> None:
    done = run(Fake(), tmp_path)
    assert (done.outcome, done.looked, done.unknown, done.fine, done.open) == ("rotated", "all", (), True, False)


def test_after_a_leak_a_credential_that_the_stack_does_not_have_is_named_and_no_success(tmp_path: Path) -> None:
    engine = Fake()
    entra = FakeEntra(engine)
    entra.others = [STRANGER]
    done = run(engine, tmp_path, entra=entra)
    assert (done.outcome, done.looked, done.unknown, done.fine) == ("rotated", "all", (STRANGER,), False)
    (finding,) = done.findings
    assert (
        finding.where == "secret backdoor of Airflow (prod) (key stranger, ends 2026-03-01T12:00:00Z, begins with abc)"
    )
    assert "--now --remove-unknown" in finding.fix
    assert run(engine, tmp_path, entra=entra, at_once=False).findings == (), "the audit's, every day"


def test_what_can_t_be_read_is_unknown_and_never_success(tmp_path: Path) -> None:
    engine = Fake()
    entra = FakeEntra(engine)
    entra.silent = True
    done = run(engine, tmp_path, entra=entra, remove_unknown=True)
    assert (done.outcome, done.looked, done.open, done.fine) == ("rotated", "denied", True, False)
    assert "unknown: Authorization_RequestDenied" in done.findings[0].what


def test_what_the_stack_does_not_have_is_taken_away_and_said_when_the_new_secret_works(tmp_path: Path) -> None:
    engine, said = Fake(), list[str]()
    entra = FakeEntra(engine)
    entra.others = [STRANGER]
    done = run(engine, tmp_path, entra=entra, remove_unknown=True, said=said)
    assert (done.outcome, done.removed, done.unknown, done.fine) == ("rotated", (STRANGER,), (), True)
    assert ["replacing" in line for line in said] == [True, True, False]
    assert said[-1].endswith("which the stack doesn't have: removed")


@pytest.mark.parametrize("why", ["dry run", "not agreed", "refused by Graph", "not rotated"])
def test_what_is_not_taken_away_stays_a_finding_that_says_why(tmp_path: Path, why: str) -> None:
    engine = Fake(preview=[PulumiError("no")] if why == "not rotated" else [])
    entra = FakeEntra(engine)
    entra.others = [STRANGER]
    entra.refusal = "Authorization_RequestDenied" if why == "refused by Graph" else ""
    done = run(engine, tmp_path, entra=entra, remove_unknown=True, agreed=why != "not agreed", dry_run=why == "dry run")
    assert (done.unknown, done.removed, done.fine) == ((STRANGER,), (), False)
    expected = {
        "dry run": "signs in as that application",
        "not agreed": "it was not agreed to remove it",
        "refused by Graph": "it could not be removed: Authorization_RequestDenied",
        "not rotated": "until the stack's own secrets are rotated",
    }
    assert done.findings[-1].what.endswith(expected[why])


@pytest.mark.parametrize("ended", [False, True])
def test_what_another_run_makes_meanwhile_is_not_taken_away(tmp_path: Path, ended: bool) -> None:
    """Entra has its new secret before the state does, and the vault is to get it."""
    engine = Fake()

    class Meanwhile(FakeEntra):
        def credentials(self, application: str) -> tuple[ApplicationCredential, ...]:
            if ended:
                engine.left = [password("slot-c", STRANGER.key_id, START, START)]
            else:
                engine.pending = [{"type": "creating", "resource": {"urn": "urn::x", "type": PASSWORD}}]
            return super().credentials(application)

    entra = Meanwhile(engine)
    entra.others = [STRANGER]
    done = run(engine, tmp_path, entra=entra, remove_unknown=True)
    assert (entra.others, done.removed) == ([STRANGER], ())
    if not ended:
        assert done.findings[-1].what.endswith("until another run of Pulumi on this stack has ended")


def test_graph_may_show_for_a_while_what_was_just_removed(tmp_path: Path) -> None:
    engine, pauses = Fake(), list[float]()
    entra = FakeEntra(engine)
    entra.seen, entra.lagging = set(engine.model.keys), 2
    done = run(engine, tmp_path, entra=entra, sleep=pauses.append)
    assert (done.unknown, done.fine) == ((), True)
    assert pauses == [*PAUSES[:2]]


def test_what_stays_after_all_that_time_is_named(tmp_path: Path) -> None:
    engine = Fake()
    entra = FakeEntra(engine)
    entra.seen, entra.lagging = set(engine.model.keys), 99
    assert len(run(engine, tmp_path, entra=entra).unknown) == 2


def test_a_platforms_token_is_nothing_to_rotate_and_a_secret_beside_it_is_found(tmp_path: Path) -> None:
    trust = {"mode": "federated", "federated": {"issuer": "https://issuer.contoso.com/", "subject": "airflow"}}
    _write(tmp_path, trust)
    engine = Fake()
    entra = FakeEntra(engine)
    entra.others = [STRANGER]
    done = run(engine, tmp_path, entra=entra)
    assert (done.outcome, done.unknown, done.fine) == ("nothing to rotate", (STRANGER,), False)
    assert run(engine, tmp_path, entra=entra, remove_unknown=True).fine


def test_a_secret_that_another_run_replaced_meanwhile_is_left_alone(tmp_path: Path) -> None:
    engine = Fake()
    engine.before_update = lambda: engine.up("--replace", "urn::slot-b")
    done = run(engine, tmp_path)
    assert "another run changed the secret meanwhile" in done.findings[0].what
    assert len(engine.model.keys) == 2
    assert done.replaced == ()


def test_an_update_after_which_the_vault_is_behind_is_no_success(tmp_path: Path) -> None:
    engine = Fake()
    engine.model.publish = lambda: None  # type: ignore[method-assign]
    done = run(engine, tmp_path)
    assert done.outcome == "refused"
    assert "the vault does not have the newest secret" in done.findings[0].what


def test_a_dry_run_touches_nothing_and_settles_nothing(tmp_path: Path) -> None:
    engine = Fake()
    engine.pending = [{"type": "updating", "resource": {"urn": "urn::x", "type": "x"}}]
    keys = engine.model.keys
    done = run(engine, tmp_path, dry_run=True)
    assert (done.outcome, done.to_replace) == ("due", ("slot-b", "slot-a"))
    assert (engine.model.keys, engine.recovered) == (keys, 0)


def test_a_platforms_token_is_nothing_to_rotate_and_pulumi_is_not_asked(tmp_path: Path) -> None:
    trust = {"mode": "federated", "federated": {"issuer": "https://issuer.contoso.com/", "subject": "airflow"}}
    _write(tmp_path, trust)
    done = run(Fake(export=[PulumiError("never asked")]), tmp_path, at_once=False)
    assert (done.outcome, done.fine) == ("nothing to rotate", True)


@pytest.mark.parametrize(("days", "fine"), [(31, True), (29, False), (-1, False)])
def test_a_certificate_that_ends_soon_is_a_finding(tmp_path: Path, days: int, fine: bool) -> None:
    (tmp_path / "airflow.pem").write_text((GOOD / "airflow.pem").read_text())
    _write(tmp_path, {"mode": "certificate", "file": "airflow.pem"})
    engine = Fake()
    end = START + timedelta(days=days)
    kind = "azuread:index/applicationCertificate:ApplicationCertificate"
    found = {"deployment": {"resources": [{"type": kind, "outputs": {"endDate": f"{end:%Y-%m-%dT%H:%M:%SZ}"}}]}}
    engine.export = lambda: json.loads(json.dumps(found))  # type: ignore[method-assign]
    done = run(engine, tmp_path, at_once=False)
    assert (done.outcome, done.fine, done.certificate_end) == ("nothing to rotate", fine, end)


def _write(folder: Path, credential: dict[str, Any]) -> None:
    content = yaml.safe_load((STACKS / "Pulumi.local.yaml").read_text())
    content["config"]["airflow-entra:credential"] = credential
    (folder / "Pulumi.prod.yaml").write_text(yaml.safe_dump(content))
