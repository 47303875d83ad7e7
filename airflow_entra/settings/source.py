"""The text of a stack file, before anything is read from it."""

from __future__ import annotations

import errno
from pathlib import Path

from airflow_entra.files import read_bytes
from airflow_entra.finding import At, Finding
from airflow_entra.settings import limits
from airflow_entra.settings.document import Document, NotYaml, plain
from airflow_entra.settings.stack_file import FOLDER, stack_file, stack_files


def read_text(path: Path) -> str:
    """The file's text; NotYaml for what is no readable UTF-8 file of a sensible size."""
    try:
        found = read_bytes(path, limits.FILE_BYTES)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise NotYaml(
                _whole("the file is larger than 1 MiB", "a stack file has a few hundred lines", "name the right file")
            ) from None
        meant = stack_file(Path(FOLDER), str(path))  # somebody named the stack in place of its file
        fix = f"{meant}?" if meant in stack_files(Path(FOLDER)) else "check the name and its rights"
        raise NotYaml(_whole(f"the file can't be read: {error.strerror}", "an existing stack file", fix)) from None
    try:
        text = found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = found[: error.start].decode("utf-8-sig", "replace")
        place = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        raise NotYaml(
            Finding(
                At(position=place),
                "the file is not UTF-8 from here on",
                "stack files are UTF-8 text",
                "save the file as UTF-8",
                id="file/unreadable",
            )
        ) from None
    if not text.strip():
        raise NotYaml(
            _whole("the file is empty", "it has the section config", "start from one of the files in stacks/")
        )
    return text


def content(path: Path) -> object:
    """What the file says, as dicts, lists and scalars, within the limits of a stack file; NotYaml where it can't be
    read."""
    return plain(Document(read_text(path)).root)


def _whole(what: str, right: str, fix: str) -> Finding:
    return Finding(At(position=(1, 1)), what, right, fix, id="file/unreadable")
