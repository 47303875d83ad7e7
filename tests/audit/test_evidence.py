from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_entra.audit.evidence import MANIFEST, NAMES, ChangedError, keep, verify, vouched_until
from airflow_entra.cli import main
from airflow_entra.errors import UserError
from tests.audit.stack import NOW

PEOPLE = {"a1": {"name": "Ada Okafor", "signInName": "ada@contoso.com"}, "d2": {"name": "Dan"}}
FILES = {"audit.json": "{}\n", "access.csv": "Person\nAda\n"}


def kept(place: Path, audits: int = 3) -> list[Path]:
    return [keep(place, NOW + timedelta(days=day), {"stack": "prod"}, FILES, PEOPLE).folder for day in range(audits)]


def test_what_was_kept_is_found_again_in_order(tmp_path: Path) -> None:
    folders = kept(tmp_path / "evidence")
    assert [one.folder for one in verify(tmp_path / "evidence")] == folders
    assert all((folder / "audit.json").stat().st_mode & 0o222 == 0 for folder in folders)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_change_to_any_file_but_the_last_manifest_is_found(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folders = kept(Path(name))
        # Nothing follows the last manifest yet: what vouches for it is its hash, kept elsewhere.
        files = [file for folder in folders for file in folder.iterdir()]
        expected = verify(Path(name))[-1].digest
        file = data.draw(st.sampled_from(sorted(files)))
        content = file.read_bytes()
        place = data.draw(st.integers(0, len(content) - 1))
        other = data.draw(st.integers(1, 255))
        file.chmod(0o644)
        file.write_bytes(content[:place] + bytes([content[place] ^ other]) + content[place + 1 :])
        with pytest.raises(UserError):
            vouched_until(verify(Path(name)), expected)


def test_a_missing_file_or_audit_is_found(tmp_path: Path) -> None:
    first, second, _ = kept(tmp_path)
    (second / "access.csv").unlink()
    with pytest.raises(UserError, match=r"access\.csv was changed or is gone"):
        verify(tmp_path)
    for file in second.iterdir():
        file.unlink()
    with pytest.raises(UserError, match=f"follows {second.name}"):
        verify(tmp_path)
    assert first.exists()


def test_nothing_is_overwritten_and_nothing_is_added_to_what_was_changed(tmp_path: Path) -> None:
    (folder,) = kept(tmp_path, 1)
    with pytest.raises(UserError, match="never overwritten"):
        keep(tmp_path, NOW, {}, FILES)
    (folder / "audit.json").chmod(0o644)
    (folder / "audit.json").write_text("[]")
    with pytest.raises(UserError, match="was changed"):
        keep(tmp_path, NOW + timedelta(days=1), {}, FILES)


def test_an_audit_that_was_interrupted_proves_nothing_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "2026-11-23T120000Z").mkdir()
    (tmp_path / "2026-11-23T120000Z" / "audit.json").write_text("{")
    (folder,) = kept(tmp_path, 1)
    assert [one.folder for one in verify(tmp_path)] == [folder]


def found(place: Path) -> str:
    """What is wrong with the evidence: a finding, so exit code 1."""
    with pytest.raises(ChangedError) as changed:
        verify(place)
    assert changed.value.exit_code == 1
    return str(changed.value)


def test_a_folder_without_evidence_is_a_finding_that_says_which_is_meant(tmp_path: Path) -> None:
    assert "holds no evidence" in found(tmp_path)
    (tmp_path / "Pulumi.local.yaml").write_text("config: {}")
    assert "holds no evidence" in found(tmp_path)
    (audit,) = kept(tmp_path / "evidence", 1)
    assert found(audit).endswith(f"name {tmp_path / 'evidence'}")


def test_what_no_manifest_lists_is_found(tmp_path: Path) -> None:
    *_, last = kept(tmp_path)
    (last / "more.csv").write_text("Person")
    assert "more.csv is not in manifest.json" in found(tmp_path)
    (last / "more.csv").unlink()
    (tmp_path / "more.csv").write_text("Person")
    assert "more.csv is no audit's folder" in found(tmp_path)
    (tmp_path / "more.csv").unlink()
    (tmp_path / "2026").mkdir()
    assert "2026 is no audit's folder" in found(tmp_path)


def test_the_newest_audit_without_its_manifest_is_found_and_the_next_audit_goes_on(tmp_path: Path) -> None:
    *_, second, last = kept(tmp_path)
    (last / MANIFEST).unlink()
    assert f"{last.name} is the newest audit and has no manifest.json" in found(tmp_path)
    following = keep(tmp_path, NOW + timedelta(days=9), {}, FILES).folder
    assert [audit.folder for audit in verify(tmp_path)][-2:] == [second, following]


def test_a_symbolic_link_is_no_evidence(tmp_path: Path) -> None:
    first, *_, last = kept(tmp_path / "evidence")
    (last / "audit.json").unlink()
    (last / "audit.json").symlink_to(first / "audit.json")
    assert "audit.json is a symbolic link" in found(tmp_path / "evidence")
    (last / "audit.json").unlink()
    (last / "audit.json").write_text(FILES["audit.json"])
    last.rename(tmp_path / "elsewhere")
    last.symlink_to(tmp_path / "elsewhere")
    assert f"{last.name} is a symbolic link" in found(tmp_path / "evidence")


@pytest.mark.parametrize(("audits", "said"), [(1, "1 audit, as"), (2, "2 audits, each as")])
def test_the_command_counts_the_audits(tmp_path: Path, audits: int, said: str) -> None:
    kept(tmp_path, audits)
    result = CliRunner().invoke(main, ["audit", "--verify", str(tmp_path)])
    assert (result.exit_code, result.stderr.startswith(said)) == (0, True)


def test_names_lie_in_one_file_that_may_be_erased_whole_or_in_part(tmp_path: Path) -> None:
    first, second, _ = kept(tmp_path)
    for folder in (first, second):
        sealed = "".join(file.read_text() for file in folder.iterdir() if file.name != NAMES)
        assert not any(name in sealed for said in PEOPLE.values() for name in said.values() if name != "Ada")
    (first / NAMES).unlink()
    left = {key: said for key, said in json.loads((second / NAMES).read_text()).items() if key != "a1"}
    (second / NAMES).write_text(json.dumps(left))
    audits = verify(tmp_path)
    assert [sorted(audit.names) for audit in audits] == [[], ["d2"], ["a1", "d2"]]
    assert audits[1].names["d2"] == {"name": "Dan"}
    assert audits[2].digest == audits[2].digest.lower()


@pytest.mark.parametrize(
    "names", ['{"a1": {"salt": "0", "name": "Eve"}}', '{"e5": {"name": "Eve"}}', "[]x", "[1]", '{"a1": 1}'],
    ids=["another name", "another person", "no JSON", "no object", "no names"],
)  # fmt: skip
def test_a_name_that_was_changed_is_found(tmp_path: Path, names: str) -> None:
    (folder,) = kept(tmp_path, 1)
    (folder / NAMES).write_text(names)
    assert NAMES in found(tmp_path)


def test_a_hash_that_was_kept_elsewhere_vouches_for_all_until_then(tmp_path: Path) -> None:
    first, *_, last = kept(tmp_path)
    audits = verify(tmp_path)
    assert vouched_until(audits, audits[0].digest.upper()).folder == first
    assert vouched_until(audits, f" {audits[-1].digest}\n").folder == last
    with pytest.raises(ChangedError, match="no manifest has the hash") as missing:
        vouched_until(audits, 64 * "0")
    assert missing.value.exit_code == 1


def test_a_newest_audit_that_is_gone_is_told_by_its_hash_alone(tmp_path: Path) -> None:
    *_, last = kept(tmp_path)
    expected = verify(tmp_path)[-1].digest
    for file in last.iterdir():
        file.unlink()
    last.rmdir()
    result = CliRunner().invoke(main, ["audit", "--verify", str(tmp_path)])
    assert result.exit_code == 0
    result = CliRunner().invoke(main, ["audit", "--verify", str(tmp_path), "--expect", expected])
    assert (result.exit_code, "no manifest has the hash" in result.stderr) == (1, True)


@pytest.mark.parametrize("left", ["", "{", '{"schema": 2', '{"schema": 9}'])
def test_a_manifest_that_was_cut_is_found(tmp_path: Path, left: str) -> None:
    *_, last = kept(tmp_path)
    (last / MANIFEST).chmod(0o644)
    (last / MANIFEST).write_text(left)
    assert "is no manifest: it was cut or changed" in found(tmp_path)


def test_what_an_older_release_kept_verifies_and_is_followed(tmp_path: Path) -> None:
    """Schema 1: names in every file, and none beside."""
    older = tmp_path / "2026-11-01T031700Z"
    older.mkdir()
    (older / "access.csv").write_text("Person\nAda\n")
    files = [{"name": "access.csv", "sha256": hashlib.sha256(b"Person\nAda\n").hexdigest()}]
    manifest = {"schema": 1, "at": "2026-11-01T03:17:00+00:00", "stack": "prod", "previous": None, "files": files}
    (older / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    (newer,) = kept(tmp_path, 1)
    assert [audit.folder for audit in verify(tmp_path)] == [older, newer]
    (older / NAMES).write_text("{}")
    assert f"{NAMES} is not in {MANIFEST}" in found(tmp_path)
