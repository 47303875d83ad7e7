"""Read a stack file into settings, or say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from airflow_entra.escape.terminal import visible
from airflow_entra.finding import At, Finding, InFile, Loc
from airflow_entra.settings import checks, outline
from airflow_entra.settings.document import Document, Mapping, NotYaml, plain
from airflow_entra.settings.explain import explain, in_file
from airflow_entra.settings.mistakes import SettingsError
from airflow_entra.settings.model import StackSettings, config_key
from airflow_entra.settings.secrets import LEAKED, plain_secrets, without_secrets
from airflow_entra.settings.source import read_text

_ROLES = config_key("roles")
# What is put in the place of a wrong field while the rules look at the others.
_ID = "00000000-0000-0000-0000-000000000001"
_STAND_INS: dict[str, object] = {
    "tenant_id": _ID,
    "environment": "local",
    "tenant": {"licence": "none"},
    "airflow": [{"version": "3.3", "url": "http://localhost"}],
    "sign_in": {},
    "owners": {"application": []},
    "credential": {"mode": "certificate", "file": "none"},
    "roles": {"Admin": {"groups": [{"id": _ID, "name": "none"}]}},
}


def load(path: Path) -> StackSettings:
    """The settings in the stack file at `path`; SettingsError with every mistake in it."""
    return load_with_warnings(path)[0]


def warnings(path: Path) -> tuple[Finding, ...]:
    """What is allowed in the stack file at `path` but probably not meant; SettingsError where it can't be used."""
    return load_with_warnings(path)[1]


def load_with_warnings(path: Path) -> tuple[StackSettings, tuple[Finding, ...]]:
    """`load` and `warnings` in one reading."""
    return read(path)[1:]


def read(path: Path) -> tuple[str, StackSettings, tuple[Finding, ...]]:
    """The text of the stack file at `path`, its settings and its warnings. A pipe can be read only once."""
    try:
        text = read_text(path)
    except NotYaml as error:
        raise SettingsError([not_yaml(error, path)]) from None
    return text, *_load(text, path, path.parent)


def load_text(text: str, path: Path) -> StackSettings:
    """The settings in the text of a stack file, which may be in no working tree: files that it names are not read.

    `path` names it in mistakes. Raises SettingsError.
    """
    return _load(text, path, None)[0]


def in_stack_file(findings: Iterable[Finding], path: Path) -> tuple[Finding, ...]:
    """Findings about a usable stack file, each with its line."""
    found = tuple(findings)
    document = Document(read_text(path)) if found else None
    return tuple(_located(finding, path, document) for finding in found)


def not_yaml(error: NotYaml, path: Path) -> Finding:
    """Why the file at `path` can't be read at all."""
    return _located(error.finding, path, None)


def _load(text: str, path: Path, folder: Path | None) -> tuple[StackSettings, tuple[Finding, ...]]:
    try:
        document = Document(text)
    except NotYaml as error:
        raise SettingsError([not_yaml(error, path)]) from None
    findings = [*document.findings, *outline.top_level(document.root)]
    if isinstance(document.node(("config",)), Mapping):
        settings, more = _settings(document, folder)
        findings += more
    else:
        settings = None
    located = [_located(finding, path, document) for finding in _one_per_cause(findings)]
    if settings is None or any(finding.unusable for finding in located):
        raise SettingsError(finding for finding in located if finding.unusable)
    return settings, tuple(sorted(located, key=lambda finding: finding.position))


def _settings(document: Document, folder: Path | None) -> tuple[StackSettings | None, list[Finding]]:
    """The settings below `config`, None where they are wrong, and what is to be said about them."""
    config = plain(document.node(("config",)))
    assert isinstance(config, dict)  # noqa: S101 -- the caller looked
    misspelt, encrypted = outline.misspelt(config), outline.encrypted(config)
    findings = [*plain_secrets(document)]
    findings += outline.other_clouds(config)
    findings += [outline.misspelt_finding(key, meant) for key, meant in misspelt.items()]
    findings += [outline.encrypted_finding(key) for key in encrypted]
    told = {*misspelt.values(), *encrypted, *(loc[1] for loc in map(_loc, findings) if len(loc) == 2)}
    ours = {key: value for key, value in config.items() if key in outline.KNOWN or key.startswith(outline.OURS)}
    try:
        settings = _model(ours)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    else:
        return settings, [*findings, *checks.findings(settings, folder)]
    part, broken = _readable_part(ours, errors)
    findings += explain([one for one in errors if one["loc"][0] not in told], document)
    return None, [*findings, *checks.findings(part, folder, broken)]


def _model(config: dict[str, object]) -> StackSettings:
    return StackSettings.model_validate(config, by_alias=True, by_name=False)


def _readable_part(config: dict[str, object], errors: list[ErrorDetails]) -> tuple[StackSettings, frozenset[str]]:
    """Settings whose wrong fields are stood in for, and the names of those fields.

    So the rules about everything else still speak. Of the roles only the wrong ones are left out.
    """
    wrong = {in_file(error["loc"])[0][1:3] for error in errors}
    roles = config.get(_ROLES)
    right = {} if (_ROLES,) in wrong or not isinstance(roles, dict) else dict(roles)
    for name in [name for name in right if (_ROLES, name) in wrong]:
        del right[name]
    kept = {config_key(name): config.get(config_key(name)) for name in StackSettings.model_fields}
    broken = {name for name in StackSettings.model_fields if config_key(name) in {loc[0] for loc in wrong}}
    if right:
        broken.discard("roles")
        kept[_ROLES] = right
    kept |= {config_key(name): _STAND_INS.get(name) for name in broken}
    present = {key: value for key, value in kept.items() if value is not None}
    return _model(present), frozenset(broken)


def _one_per_cause(findings: list[Finding]) -> list[Finding]:
    """Without what else was found at the very place of a secret: it would repeat the value."""
    secret = {_loc(finding) for finding in findings if finding.id == LEAKED}
    return [one for one in dict.fromkeys(findings) if one.id == LEAKED or _loc(one) not in secret]


def _loc(finding: Finding) -> Loc:
    return finding.where.loc if isinstance(finding.where, At) else ()


def _located(finding: Finding, path: Path, document: Document | None) -> Finding:
    """With its line, in words that repeat no secret. An error makes the file unusable."""
    at = finding.where
    assert isinstance(at, At)  # noqa: S101 -- as every rule and every part of the reading says it
    what = finding.what
    if at.first is not None and document is not None:
        what = what.replace("{first}", f"line {document.place(at.first, key=True)[0]}")
    line, column = at.position or (document.place(at.loc, key=at.key) if document else (1, 1))
    what, right, fix = (visible(without_secrets(text)) for text in (what, finding.right, finding.fix))
    unusable = finding.severity == "error"
    return replace(finding, where=InFile(path, line, column), what=what, right=right, fix=fix, unusable=unusable)
