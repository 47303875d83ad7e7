from pathlib import Path

from airflow_entra.pulumi.torn import remove_torn_files


def test_only_what_cannot_be_read_is_removed(tmp_path: Path) -> None:
    stacks = tmp_path / ".pulumi" / "stacks" / "airflow-entra"
    stacks.mkdir(parents=True)
    kept = {"local.json": "{}", "local.json.bak": "{}", "local.json.bak.attrs": '{"md5": ""}'}
    for name, text in {**kept, "local.json.attrs": "", "local.json.18ea.tmp": "{", "a.attrs": '{"md'}.items():
        (stacks / name).write_text(text)
    assert remove_torn_files(tmp_path) == 2
    assert {file.name: file.read_text() for file in stacks.iterdir()} == kept
    assert remove_torn_files(tmp_path) == 0


def test_an_empty_backend(tmp_path: Path) -> None:
    assert remove_torn_files(tmp_path) == 0
