"""An audit to be kept: a folder of files with their hashes, each manifest naming the one before. Never overwritten.

Files are only ever made, and the manifest last, so that it goes onto immutable storage as well: a folder without one
was interrupted, and proves nothing. People's names lie in one file, of which the others keep a salted hash for each
person: a name, or all of them, can be erased and the rest still proves what it did; a name that was changed is found.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow_entra.errors import UserError, shown

MANIFEST = "manifest.json"
NAMES = "names.json"
"""The one file that may be erased, whole or person by person."""
_SEALED = "people.json"
POPULATION = "population.json"
"""What happened in the time of an audit, for those who ask about a longer one later."""
SCHEMA = 2
_KNOWN_SCHEMAS = (1, SCHEMA)
"""Release 0.1.0 wrote 1, without a file of names."""
_FOLDER = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z")


class ChangedError(UserError):
    """The evidence in a folder is no longer as it was written; `audit --verify` tells it as a finding."""

    exit_code = 1


@dataclass(frozen=True)
class Kept:
    """One audit in a folder of evidence."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The hash of its manifest, which vouches for all that was kept until then."""
        return _hash(self.folder / MANIFEST)

    @property
    def names(self) -> Mapping[str, Mapping[str, str]]:
        """The names that weren't erased, by what stands in their place."""
        found = _names(self.folder / NAMES) if (self.folder / NAMES).exists() else {}
        return {key: {what: name for what, name in said.items() if what != "salt"} for key, said in found.items()}


def keep(
    place: Path,
    at: datetime,
    facts: Mapping[str, Any],
    files: Mapping[str, str],
    names: Mapping[str, Mapping[str, str]] | None = None,
) -> Kept:
    """Write `files` (name -> text) into a new folder below `place`. `facts` go into the manifest.

    `names` are those of people, by what stands in their place in the files. Raises UserError where what is there
    already was changed, and OSError.
    """
    try:
        before = _chain(place) if place.exists() else []
    except ChangedError as changed:
        raise UserError(str(changed)) from changed
    place.mkdir(parents=True, exist_ok=True)
    folder = place / f"{at:%Y-%m-%dT%H%M%SZ}"
    try:
        folder.mkdir()
    except FileExistsError:
        raise UserError(
            f"{shown(folder)} is there already: evidence is never overwritten; run the audit again"
        ) from None
    salted = {key: {"salt": secrets.token_hex(16), **said} for key, said in (names or {}).items()}
    sealed = {key: _sealed(said) for key, said in salted.items()}
    files = {**files, _SEALED: json.dumps(sealed, indent=2, ensure_ascii=False) + "\n"}
    for name, text in files.items():
        _make(folder / name, text)
    _make(folder / NAMES, json.dumps(salted, indent=2, ensure_ascii=False) + "\n", mode=0o600)
    last = before[-1] if before else None
    manifest = {
        "schema": SCHEMA,
        "at": at.isoformat(timespec="milliseconds"),
        **facts,
        "previous": last and {"folder": last.folder.name, "sha256": _hash(last.folder / MANIFEST)},
        "files": [{"name": name, "sha256": _hash(folder / name)} for name in sorted(files)],
        "erasable": [NAMES],
    }
    _make(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return Kept(folder, manifest)


def vouched_until(kept: Sequence[Kept], expected: str) -> Kept:
    """The audit whose manifest has the hash `expected`, which was kept elsewhere: it and those before are vouched for.

    Raises ChangedError where none has it.
    """
    for audit in kept:
        if audit.digest == expected.strip().lower():
            return audit
    newest = kept[-1]
    raise ChangedError(
        f"no manifest has the hash {expected.strip()}: the evidence was changed as a whole, or the hash is of other "
        f"evidence; the newest manifest, {newest.folder.name}, has {newest.digest}"
    )


def verify(place: Path) -> list[Kept]:
    """Every audit that is kept there, oldest first, after its files and the chain were checked.

    Raises ChangedError with the first thing that isn't as it was written, or where no audit is kept, and OSError.
    """
    kept = _chain(place)
    if not kept:
        if (place / MANIFEST).is_file():
            raise ChangedError(
                f"{place} is one audit, and nobody vouches for one alone: name {place.absolute().parent}"
            )
        raise ChangedError(
            f"{place} holds no evidence: name the folder that --evidence named, which holds a folder for each audit"
        )
    for entry in sorted(place.iterdir()):
        if entry.is_symlink() or not (entry.is_dir() and _FOLDER.fullmatch(entry.name)):
            raise ChangedError(_changed(entry, "is no audit's folder"))
        if entry.name > kept[-1].folder.name:
            raise ChangedError(_changed(entry, f"is the newest audit and has no {MANIFEST}"))
    return kept


def _chain(place: Path) -> list[Kept]:
    """The audits with a manifest, as `verify` says; none where there are none."""
    newest_first = sorted(place.glob(f"*/{MANIFEST}"), reverse=True)
    vouched: Mapping[str, Any] | None = None  # what a manifest says of the one before; nobody vouches for the newest
    found: list[Kept] = []
    for file in newest_first:
        if found and (vouched or {}).get("folder") != file.parent.name:
            follows = (vouched or {}).get("folder") or "nothing"
            raise ChangedError(_changed(found[-1].folder, f"follows {follows}, which is not before it"))
        if vouched is not None and vouched.get("sha256") != _hash(file):
            raise ChangedError(_changed(file, "was changed"))
        found.append(_read(file))
        vouched = found[-1].manifest["previous"]
    if vouched:
        raise ChangedError(_changed(found[-1].folder, f"follows {vouched.get('folder')}, which is not before it"))
    return found[::-1]


def _read(file: Path) -> Kept:
    """A manifest whose files are as it says."""
    try:
        manifest = json.loads(file.read_text("utf-8"))
        if manifest["schema"] not in _KNOWN_SCHEMAS:
            raise ValueError
        told = [(str(one["name"]), str(one["sha256"])) for one in manifest["files"]]
        kept = Kept(file.parent, manifest | {"previous": manifest["previous"] and dict(manifest["previous"])})
    except (ValueError, KeyError, TypeError, RecursionError):
        how = "is no manifest: it was cut or changed, or a newer release wrote it"
        raise ChangedError(_changed(file, how)) from None
    erasable = {NAMES} & set(manifest.get("erasable") or ())
    names = {MANIFEST, *erasable, *(name for name, _ in told)}
    for entry in sorted(file.parent.iterdir()):
        if entry.name not in names:
            raise ChangedError(_changed(entry, f"is not in {MANIFEST}"))
    if link := next((path for path in (file.parent, *file.parent.iterdir()) if path.is_symlink()), None):
        raise ChangedError(_changed(link, "is a symbolic link"))
    for name, digest in told:
        if not (file.parent / name).is_file() or _hash(file.parent / name) != digest:
            raise ChangedError(_changed(file.parent / name, "was changed or is gone"))
    if erasable and (file.parent / NAMES).exists():
        _check_names(file.parent)
    return kept


def _check_names(folder: Path) -> None:
    """Names may be gone; those that are there are as they were written."""
    try:
        names, sealed = _names(folder / NAMES), json.loads((folder / _SEALED).read_text("utf-8"))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ChangedError(_changed(folder / NAMES, "can't be read: erase names from it, or the whole file")) from None
    for key, said in names.items():
        if sealed.get(key) != _sealed(said):
            raise ChangedError(_changed(folder / NAMES, f"says another name for {key} than was written"))


def _names(file: Path) -> Mapping[str, Mapping[str, str]]:
    return {str(key): dict(said) for key, said in dict(json.loads(file.read_text("utf-8"))).items()}


def _sealed(said: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(sorted(said.items())), ensure_ascii=False).encode()).hexdigest()


def _changed(file: Path, how: str) -> str:
    return f"{file} {how}: compare with the copy on immutable storage, or begin another folder and say why"


def _make(file: Path, text: str, mode: int = 0o444) -> None:
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(opened, "w", encoding="utf-8", newline="") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
