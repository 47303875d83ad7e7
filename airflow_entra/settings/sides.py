"""One side of a comparison: all stack files of a git revision, a folder, or one file. Changes no working tree."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_entra.errors import UserError
from airflow_entra.finding import Finding, InFile
from airflow_entra.settings import limits
from airflow_entra.settings.document import NotYaml
from airflow_entra.settings.load import load_text, not_yaml
from airflow_entra.settings.mistakes import SettingsError
from airflow_entra.settings.model import StackSettings
from airflow_entra.settings.source import read_text
from airflow_entra.settings.stack_file import FOLDER, StackFile, name_mistake, stack_files, stack_name

_REGULAR = ("100644", "100755")


@dataclass(frozen=True)
class Side:
    """All stacks of one side, by name. `single` for one file, whose name may differ from the other side's."""

    name: str
    stacks: Mapping[str, StackFile]
    single: bool = False


def sides(*names: str, only: Collection[str] = ()) -> list[Side]:
    """Each side read; what both say in the same words is read once. With `only`, these stacks alone.

    Raises UserError, or SettingsError with every mistake of every file on any side.
    """
    mistakes: list[Finding] = []
    texts = [_texts(name, mistakes) for name in names]
    known = {stack_name(file) for side in texts for file in side}
    for stack in only:
        if stack not in known:
            raise UserError(f"neither side has a stack {stack}; there is one for: {', '.join(sorted(known))}")
    if only and not all(Path(name).is_file() for name in names):
        texts = [{file: text for file, text in side.items() if stack_name(file) in only} for side in texts]
        mistakes = [one for one in mistakes if isinstance(one.where, InFile) and stack_name(one.where.file) in only]
    read = _read({text for side in texts for text in side.values()})
    found = [_side(name, side, read, mistakes) for name, side in zip(names, texts, strict=True)]
    if mistakes:
        raise SettingsError(mistakes)
    return found


def _texts(name: str, mistakes: list[Finding]) -> dict[Path, str]:
    if not name:  # an empty variable in a pipeline; as a path it would be the folder itself, and nothing would differ
        raise UserError("one side is empty: name a git revision, a folder or a file, such as main, HEAD~1 or stacks/")
    path = Path(name)
    if path.is_dir():
        texts = _folder(path, mistakes)
    elif path.exists():
        texts = iter([(path, _text(path, mistakes))])
    else:
        texts = _revision(name, mistakes)
    return {file: text for file, text in texts if text is not None}


def _read(texts: set[str]) -> dict[str, StackSettings]:
    """What each text says, without those that are wrong."""
    read = ((text, _settings(text)) for text in texts)
    return {text: settings for text, settings in read if settings is not None}


def _settings(text: str) -> StackSettings | None:
    try:
        return load_text(text, Path())
    except SettingsError:
        return None


def _side(name: str, texts: Mapping[Path, str], read: Mapping[str, StackSettings], mistakes: list[Finding]) -> Side:
    stacks = {}
    for file, text in texts.items():
        try:
            settings = read[text] if text in read else load_text(text, file)  # once more, for its mistakes
        except SettingsError as error:
            mistakes.extend(error.findings)
            continue
        stacks[stack_name(file)] = StackFile(file, text, settings)
    return Side(name, stacks, single=Path(name).exists() and not Path(name).is_dir())


def _folder(folder: Path, mistakes: list[Finding]) -> Iterator[tuple[Path, str | None]]:
    inner = folder / FOLDER
    where = inner if inner.is_dir() else folder
    files = [file for file in stack_files(where) if name_mistake(stack_name(file)) is None]
    if not files:
        raise UserError(f"{where} has no Pulumi.<stack>.yaml: name the project's folder or its folder {FOLDER}/")
    return ((file, _text(file, mistakes)) for file in files)


def _text(file: Path, mistakes: list[Finding]) -> str | None:
    try:
        return read_text(file)
    except NotYaml as error:
        mistakes.append(not_yaml(error, file))
        return None


def _revision(name: str, mistakes: list[Finding]) -> Iterator[tuple[Path, str | None]]:
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", failure=name).strip()
    listed = _git("ls-tree", "-z", "--long", commit.decode(), "--", f"{FOLDER}/", failure=name)
    blobs = []
    for entry in filter(None, listed.split(b"\0")):
        facts, _, path = entry.partition(b"\t")
        mode, _, blob, size = facts.decode().split()
        file = Path(f"{name}:{path.decode('utf-8', 'replace')}")
        if file.name.startswith("Pulumi.") and file.suffix == ".yaml" and name_mistake(stack_name(file)) is None:
            if mode not in _REGULAR or int(size) > limits.FILE_BYTES:
                what, right = "this is no regular file of at most 1 MiB", "a stack file has a few hundred lines"
                mistakes.append(_odd(file, what, f"{right} and is no link", "commit the file itself"))
            else:
                blobs.append((file, blob))
    if not blobs and not mistakes:
        raise UserError(
            f"revision {name} has no {FOLDER}/Pulumi.<stack>.yaml below this folder: name another revision, and call "
            "this in the project's folder"
        )
    contents = _contents([blob for _, blob in blobs], name)
    return ((file, _decoded(file, content, mistakes)) for (file, _), content in zip(blobs, contents, strict=True))


def _odd(file: Path, what: str, right: str, fix: str) -> Finding:
    return Finding(InFile(file, 1, 1), what, right, fix, id="file/unreadable", unusable=True)


def _decoded(file: Path, content: bytes, mistakes: list[Finding]) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        mistakes.append(_odd(file, "the file is not UTF-8", "stack files are UTF-8 text", "save the file as UTF-8"))
        return None


def _contents(blobs: list[str], name: str) -> list[bytes]:
    answer = _git("cat-file", "--batch", failure=name, said="".join(f"{blob}\n" for blob in blobs).encode())
    found = []
    for _ in blobs:
        header, _, answer = answer.partition(b"\n")
        size = int(header.split()[2])
        found.append(answer[:size])
        answer = answer[size + 1 :]
    return found


def _git(*arguments: str, failure: str, said: bytes = b"") -> bytes:
    try:
        done = subprocess.run(["git", *arguments], input=said, capture_output=True, check=False)
    except FileNotFoundError:
        raise UserError(f"{failure} is no file or folder, and there is no git here to ask for a revision") from None
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip() or "git knows no such revision; a shallow clone has few"
        raise UserError(
            f"{failure} is no file or folder, and no git revision ({why}): name one, such as main, HEAD~1 or stacks/"
        )
    return done.stdout
