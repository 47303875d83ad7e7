"""A file that a user names is written whole or not at all, and named where that goes wrong."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from airflow_entra import files
from airflow_entra.errors import UserError
from airflow_entra.files import read_lines, read_text, write_private, write_whole


def test_it_replaces_what_was_there_through_a_link_and_for_others_to_read(tmp_path: Path) -> None:
    target, link = tmp_path / "a.md", tmp_path / "b.md"
    target.write_text("before")
    link.symlink_to(target)
    mask = os.umask(0o022)
    try:
        write_whole(link, "ä\n")
    finally:
        os.umask(mask)
    assert target.read_bytes() == "ä\n".encode()
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o644
    assert {path.name for path in tmp_path.iterdir()} == {"a.md", "b.md"}


def test_what_fails_half_way_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.md"
    target.write_text("before")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_umask", full)
    with pytest.raises(OSError, match="No space") as refused:
        write_whole(target, "after")
    assert refused.value.filename == str(target)
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


def test_a_pipe_gets_it_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "said")
    reader.join()
    assert read == ["said"]
    assert pipe.is_fifo()


def test_a_folder_that_isnt_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "no" / "a.md"
    with pytest.raises(FileNotFoundError) as refused:
        write_whole(file, "x")
    assert refused.value.filename == str(file)


def test_private_files_are_the_owners_alone_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_private(file, "one")
    write_private(file, "two")
    assert file.read_text() == "two"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_device_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR)  # somebody reads
    try:
        write_private(pipe, "said")
        assert os.read(end, 100) == b"said"
    finally:
        os.close(end)
    assert pipe.is_fifo()


def test_what_is_not_utf8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"{\xff")
    with pytest.raises(UserError) as refused:
        read_text(file)
    assert str(refused.value) == f"{file}: it is not UTF-8 from byte 2 on; save it as UTF-8"


def test_lines_that_never_end_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LONGEST_LINE", 10)
    monkeypatch.setattr(files, "_MOST_OF_LINES", 100)
    file = tmp_path / "records"
    file.write_text("0123456789\nä\n")
    with pytest.raises(OSError, match="larger than any"):
        list(read_lines(file))
    file.write_text("ä\n" * 30)
    assert list(read_lines(file)) == ["ä\n"] * 30
    ends = os.pipe()
    endless = Thread(target=_endless, args=(ends[1],))
    endless.start()
    with pytest.raises(OSError, match="larger than any"):
        list(read_lines(Path(f"/dev/fd/{ends[0]}")))
    os.close(ends[0])
    endless.join()


def _endless(pipe: int) -> None:
    with suppress(BrokenPipeError):
        while True:
            os.write(pipe, b"a\n" * 100)
